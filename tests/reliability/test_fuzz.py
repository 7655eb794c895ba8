"""A small part of the fuzzer; ``make fuzz`` runs the whole."""

from pathlib import Path

import pytest
from command_runs import REPOSITORY, run_python, succeed

pytestmark = pytest.mark.process


def test_damaged_files_of_every_kind_end_with_a_line_and_a_documented_code(tmp_path):
    fuzzer = Path(__file__).with_name("fuzz.py")
    cases = ("--readers", 20, "--commands", 1, "--workers", 2)
    succeed(run_python(fuzzer, *cases, cwd=tmp_path, PYTHONPATH=REPOSITORY))
