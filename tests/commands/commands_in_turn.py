"""Runs many commands in one process, so that Keras is imported once; each is a whole script with its own exit code and stderr.

python commands_in_turn.py '[["/path/of/train.py", "--epochs", "0"], ...]' prints [[exit code, stderr], ...] as its last line.
"""

from __future__ import annotations

import json
import os
import runpy
import sys
import tempfile


def run(command):
    """Returns exit code and stderr of one command; stderr is caught where libraries in C write to it, too."""
    sys.argv = command
    terminal = os.dup(2)
    with tempfile.TemporaryFile("w+") as stderr:
        os.dup2(stderr.fileno(), 2)
        try:
            runpy.run_path(command[0], run_name="__main__")
            code = 0
        except SystemExit as end:
            code = end.code
        finally:
            sys.stderr.flush()
            os.dup2(terminal, 2)
            os.close(terminal)
        stderr.seek(0)
        return code, stderr.read()


if __name__ == "__main__":
    outcomes = [run(command) for command in json.loads(sys.argv[1])]
    sys.stdout.write("\n" + json.dumps(outcomes))
