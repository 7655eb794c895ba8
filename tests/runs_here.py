"""Runs a command in this process, which has Keras loaded: the same words, files and exit code, seconds sooner.

What is about the process itself (signals, variables that are read on import, what is loaded) needs one: see command_runs.py.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import tempfile
from contextlib import chdir, contextmanager

from command_runs import REPOSITORY, environment

from shapeseg.__main__ import main

PROGRAM = str(REPOSITORY / "shapeseg" / "__main__.py")  # what a card's command line is made of
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def run_here(*words, cwd, **changes):
    """Runs ``python -m shapeseg WORDS`` in this process, as if started in ``cwd``; keywords change its environment."""
    arguments = [str(word) for word in words]
    with _process_as_before(), chdir(cwd), _caught(1, "stdout") as stdout, _caught(2, "stderr") as stderr:
        _set_environment(environment(changes))
        sys.argv = [PROGRAM, *arguments]
        code = _exit_code(arguments)
    return subprocess.CompletedProcess(sys.argv[:1] + arguments, code, stdout.text, stderr.text)


def _exit_code(arguments):
    try:
        return main(arguments)
    except SystemExit as end:  # of --help, and of a flag that cannot be read
        return end.code or 0


class _Caught:
    text = ""


@contextmanager
def _caught(descriptor, name):
    """Catches what is written to a standard stream, where libraries in C write to it, too."""
    caught, stream, place = _Caught(), getattr(sys, name), os.dup(descriptor)
    stream.flush()
    with tempfile.TemporaryFile("w+b") as file:
        os.dup2(file.fileno(), descriptor)
        setattr(sys, name, os.fdopen(descriptor, "w", encoding="utf-8", closefd=False))
        try:
            yield caught
        finally:
            getattr(sys, name).flush()
            setattr(sys, name, stream)
            os.dup2(place, descriptor)
            os.close(place)
            file.seek(0)
            caught.text = file.read().decode()


@contextmanager
def _process_as_before():
    """Puts back what a command may change of its process: a test that follows must not notice that there was one."""
    import keras  # not above: tests that run no command start without it
    import numpy as np
    import torch

    handlers = {number: signal.getsignal(number) for number in SIGNALS}
    variables, argv = dict(os.environ), sys.argv
    drawn = random.getstate(), np.random.get_state(), torch.get_rng_state()  # noqa: NPY002 (Keras seeds it, too)
    precision, deterministic = keras.config.dtype_policy(), torch.are_deterministic_algorithms_enabled()
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        _set_environment(variables)
        sys.argv = argv
        random.setstate(drawn[0])
        np.random.set_state(drawn[1])  # noqa: NPY002
        torch.set_rng_state(drawn[2])
        keras.config.set_dtype_policy(precision)
        torch.use_deterministic_algorithms(deterministic)


def _set_environment(variables):
    os.environ.clear()
    os.environ.update(variables)
