"""A few random kills of each command that writes; ``make kill-test`` does many."""

import pytest
from kill_commands import Killer
from writing_commands import COMMANDS

pytestmark = pytest.mark.process

SLOW = ("preview", "stats", "predict", "evaluate", "train")  # a second or more; an export takes ten
KILLS = {name: 2 if name in SLOW else 5 for name in COMMANDS if name != "export"}


@pytest.fixture(scope="module")
def killer(tmp_path_factory):
    return Killer(tmp_path_factory.mktemp("kills"), seed=7)


@pytest.mark.parametrize("name", KILLS)
def test_a_killed_command_leaves_the_old_result_or_the_new_one(name, killer):
    tally = killer.kill(name, KILLS[name])
    assert tally.told == []
    assert tally.kills == KILLS[name] == tally.old + tally.new
