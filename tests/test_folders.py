import pytest
from command_runs import folder_names

from shapeseg.errors import BusyError
from shapeseg.folders import staged_folder, writer_lock


def test_a_lock_has_one_holder_until_its_block_ends(tmp_path):
    with writer_lock(tmp_path), pytest.raises(BusyError, match="locked by process"), writer_lock(tmp_path):
        pass
    with writer_lock(tmp_path):
        pass


def test_a_staged_folder_is_there_when_it_is_complete(tmp_path):
    out = tmp_path / "out"
    with staged_folder(out) as staging:
        (staging / "half").write_text("")
        assert not out.exists()
        with pytest.raises(BusyError), staged_folder(out):
            pass
    assert folder_names(tmp_path) == {"out"}
    assert folder_names(out) == {"half"}


def test_a_staged_folder_that_fails_leaves_nothing(tmp_path):
    def fail_half_way():
        with staged_folder(tmp_path / "out") as staging:
            (staging / "half").write_text("")
            raise RuntimeError("power cut")

    with pytest.raises(RuntimeError, match="power cut"):
        fail_half_way()
    assert folder_names(tmp_path) == set()
