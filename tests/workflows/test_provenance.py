import pytest

from shapeseg.workflows.provenance import command_line


@pytest.mark.parametrize(
    ("program", "start"),
    [
        ("/x/train.py", "python train.py"),
        ("/x/shapeseg/__main__.py", "python -m shapeseg"),
        ("/x/theirs/__main__.py", "python -m theirs"),
        ("/x/bin/shapeseg", "shapeseg"),
    ],
)
def test_the_command_of_a_card_can_be_pasted(program, start, monkeypatch):
    monkeypatch.setattr("sys.argv", [program, "--out", "a b"])
    assert command_line() == f"{start} --out 'a b'"


@pytest.mark.parametrize("program", ["", "-c", "-"])
def test_a_session_has_no_command(program, monkeypatch):
    monkeypatch.setattr("sys.argv", [program])
    assert command_line() == "a Python session"
