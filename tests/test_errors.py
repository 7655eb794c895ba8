import copy

import pytest

from shapeseg import errors

CODES = {
    errors.ShapesegError: 70,
    errors.UsageError: 2,
    errors.InputError: 3,
    errors.StorageError: 4,
    errors.BusyError: 5,
    errors.ModelRefusedError: 6,
    errors.DivergedError: 7,
    errors.ResourcesError: 8,
}


@pytest.mark.parametrize("kind", CODES, ids=lambda kind: kind.__name__)
def test_an_error_is_one_line_with_value_and_fix_and_its_own_exit_code(kind):
    error = kind("size must be even", received="size=3", fix="Use 4")
    assert str(error) == "size must be even. Received: size=3. Use 4."
    assert error.exit_code == CODES[kind]
    assert isinstance(error, errors.ShapesegError)


@pytest.mark.parametrize("kind", CODES, ids=lambda kind: kind.__name__)
def test_an_error_survives_the_way_out_of_a_worker_process(kind):
    error = kind("size must be even", received="size=3", fix="Use 4")
    twin = copy.copy(error)  # by __reduce__, as pickling does
    assert type(twin) is kind
    assert str(twin) == str(error)


def test_errors_are_also_the_built_in_kinds_that_callers_expect():
    assert issubclass(errors.UsageError, ValueError)
    assert issubclass(errors.InputError, ValueError)
    assert issubclass(errors.ModelRefusedError, ValueError)
    assert issubclass(errors.StorageError, OSError)
