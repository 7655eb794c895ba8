"""A few random kills of each command that writes a dataset; ``make kill-test`` does many."""

import pytest
from kill_commands import COMMANDS, Killer

pytestmark = pytest.mark.process


@pytest.fixture(scope="module")
def killer(tmp_path_factory):
    return Killer(tmp_path_factory.mktemp("kills"), seed=7)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_killed_command_leaves_the_old_dataset_or_the_new_one(name, killer):
    tally = killer.kill(name, 10)
    assert tally.kills == 10 == tally.old + tally.new
    assert (tally.lost, tally.torn, tally.stuck) == (0, 0, 0)
