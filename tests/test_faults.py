"""The table of faults fits the source: each can be planted, and is to be found where the tests of its room are."""

import ast
from dataclasses import replace

import plant_faults
import pytest
from command_runs import error_line
from faults import FAULTS
from plant_faults import PACKAGE, REPOSITORY, main, why_not_plantable


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.breaks)
def test_a_fault_can_be_planted_and_is_to_be_found_in_its_room(fault):
    assert why_not_plantable(fault) is None
    room, *inside = fault.file.split("/")
    assert fault.tests.split("/")[0] == (room if inside else f"test_{room}")
    source = (REPOSITORY / PACKAGE / fault.file).read_text()
    faulty = source.replace(fault.sound, fault.faulty)
    assert ast.dump(ast.parse(faulty)) != ast.dump(ast.parse(source))  # another program, and still one


def test_every_fault_has_a_name_of_its_own():
    assert len({fault.breaks for fault in FAULTS}) == len(FAULTS)


@pytest.mark.parametrize(
    "changes", [{"sound": "no such text"}, {"sound": "return"}, {"file": "nowhere.py"}, {"tests": "nowhere"}], ids=str
)
def test_a_fault_that_fits_no_longer_is_refused_in_one_line(changes, monkeypatch, capsys):
    fault = next(each for each in FAULTS if each.file == "settings.py")
    monkeypatch.setattr(plant_faults, "FAULTS", (replace(fault, **changes),))
    assert main([]) == 2
    assert fault.breaks in error_line(capsys.readouterr().err)
