import os

import pytest
from command_runs import COMPILE_QUICKLY, REPOSITORY, run_python
from keras_layer_cases import CASES, POLICIES, check_by_keras, check_frozen, check_policy


# Keras's checks fit a generator, and a layer that learns nothing; of both its own fit warns.
@pytest.mark.filterwarnings("ignore:`shuffle=True` was passed", "ignore:The model does not have any trainable weights")
@pytest.mark.parametrize("name", CASES)
class TestAsKerasAsks:
    def test_all_that_keras_checks_of_its_own_layers(self, name):
        check_by_keras(name)

    @pytest.mark.parametrize("policy", POLICIES)
    def test_a_policy_is_obeyed(self, name, policy):
        check_policy(name, policy)

    def test_what_is_frozen_stays(self, name):
        check_frozen(name)


@pytest.mark.process
def test_the_same_on_jax(tmp_path):
    pytest.importorskip("jax")
    script = REPOSITORY / "tests" / "models" / "keras_layer_cases.py"
    paths = os.pathsep.join(map(str, (REPOSITORY, script.parent)))
    result = run_python(script, cwd=tmp_path, KERAS_BACKEND="jax", XLA_FLAGS=COMPILE_QUICKLY, PYTHONPATH=paths)
    assert result.stderr.splitlines()[-1:] == ["as Keras asks, on jax"], result.stderr
