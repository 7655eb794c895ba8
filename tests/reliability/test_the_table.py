"""Every fault has a test that exists, or a sentence; and the page is what the table says."""

import ast
import re

import pytest
from command_runs import REPOSITORY


@pytest.fixture
def script(monkeypatch):
    monkeypatch.syspath_prepend(str(REPOSITORY / "docs"))
    import make_reliability

    return make_reliability


def test_every_fault_has_a_test_or_a_sentence(script):
    faults = script.faults()
    assert list(faults) == list(range(1, 103))
    assert all(fault["fault"] and (fault.get("tests") or fault.get("note")) for fault in faults.values())
    assert all(set(fault) <= {"fault", "tests", "note"} for fault in faults.values())


def test_every_test_that_is_named_exists(script):
    for fault in script.faults().values():
        for test in fault.get("tests", []):
            path, *names = test.split("::")
            body = ast.parse((REPOSITORY / "tests" / path).read_text(encoding="utf-8")).body
            for name in names:
                (found,) = [node for node in body if getattr(node, "name", None) == name]
                body = found.body


def test_the_page_is_what_the_table_says(script):
    """But for the results, which a test run gives."""
    results = re.compile(r"\| [^|]*\|$", re.M)
    assert results.sub("", script.PAGE.read_text()) == results.sub("", script.page(None)), "run: make reliability"
    assert "not run" not in script.PAGE.read_text()


def test_outcomes_are_counted_over_parameters(script, tmp_path):
    (tmp_path / "results.xml").write_text(
        '<testsuites><testsuite><testcase classname="tests.a.test_b.TestC" name="test_d[1]"/>'
        '<testcase classname="tests.a.test_b.TestC" name="test_d[2]"><failure/></testcase>'
        '<testcase classname="tests.a.test_b" name="test_e"><skipped/></testcase></testsuite></testsuites>'
    )
    found = script.outcomes([tmp_path / "results.xml"])
    assert found == {"tests.a.test_b.TestC.test_d": {"passed": 1, "failed": 1}, "tests.a.test_b.test_e": {"skipped": 1}}
