"""What only the environment of ``make test-keras-cv`` holds: marks for tests that need it, and are skipped without."""

from importlib.util import find_spec

import pytest

from shapeseg.models import ARCHITECTURES


def _needs(module):
    absent = find_spec(module) is None
    return [pytest.mark.keras_cv, pytest.mark.skipif(absent, reason=f"{module} is not installed: make test-keras-cv")]


needs_keras_cv = _needs("keras_cv")
needs_tensorflow = _needs("tensorflow")


def marks_of(architecture):
    """Returns the marks of a test of one architecture."""
    return needs_keras_cv if architecture.startswith("keras_cv") else []


every_architecture = pytest.mark.parametrize("name", [pytest.param(name, marks=marks_of(name)) for name in ARCHITECTURES])
other_backends = [pytest.param("jax"), pytest.param("tensorflow", marks=needs_tensorflow)]
