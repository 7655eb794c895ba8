import re
from dataclasses import FrozenInstanceError

import pytest

from shapeseg.errors import UsageError
from shapeseg.scenes import SceneSettings


def test_the_defaults_are_those_of_the_design():
    settings = SceneSettings()
    assert (settings.width, settings.height) == (224, 224)
    assert settings.background == (255, 255, 255)
    assert (settings.min_instances, settings.max_instances) == (5, 10)
    assert (settings.min_size, settings.max_size) == (20, 40)
    assert set(settings.kinds) == {"rectangle", "ellipse"}
    assert set(settings.colors) == {(255, 0, 0), (0, 255, 0), (0, 0, 255)}


@pytest.mark.parametrize(
    ("changes", "received"),
    [
        ({"width": 0}, "width=0"),
        ({"height": -5}, "height=-5"),
        ({"width": 10**9}, "width=1000000000"),
        ({"min_instances": 0}, "min_instances=0"),
        ({"min_instances": -1}, "min_instances=-1"),
        ({"min_instances": 0, "max_instances": 0}, "max_instances=0"),
        ({"max_instances": 256}, "max_instances=256"),
        ({"min_instances": 11}, "min_instances=11"),
        ({"min_size": 0}, "min_size=0"),
        ({"min_size": -3}, "min_size=-3"),
        ({"max_size": 225}, "max_size=225"),
        ({"height": 30}, "max_size=40"),
        ({"min_size": 41}, "min_size=41"),
        ({"background": (255, 256, 255)}, "256"),
        ({"colors": ((0, 0, -1),)}, "-1"),
        ({"colors": ()}, "none"),
        ({"kinds": ()}, "none"),
    ],
    ids=str,
)
def test_a_setting_that_cannot_be_meant_is_refused_with_its_value(changes, received):
    with pytest.raises(UsageError, match=r"Received: [^.]*" + re.escape(received)):
        SceneSettings(**changes)


def test_the_limits_themselves_are_allowed():
    settings = SceneSettings(width=7, height=9, min_size=7, max_size=7, min_instances=255, max_instances=255)
    assert settings.max_size == 7


def test_settings_cannot_change():
    with pytest.raises(FrozenInstanceError):
        SceneSettings().width = 3
