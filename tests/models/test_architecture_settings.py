"""Settings of architectures: what they take, what they refuse, and that they survive JSON."""

import json
from dataclasses import asdict

import pytest
from extras import every_architecture
from variants import typed

from shapeseg.errors import UsageError

REFUSED = [
    ("unet_plus_plus", {"widths": []}, "widths"),
    ("unet_plus_plus", {"widths": [4]}, "widths"),
    ("unet_plus_plus", {"widths": [4, 0]}, "widths"),
    ("unet_plus_plus", {"deep_supervision": "yes"}, "deep_supervision"),
    ("deeplab_v3_plus", {"widths": [4]}, "widths"),
    ("deeplab_v3_plus", {"widths": [-4, 4]}, "widths"),
    ("deeplab_v3_plus", {"dilations": []}, "dilations"),
    ("deeplab_v3_plus", {"dilations": [0, 1]}, "dilations"),
    ("deeplab_v3_plus", {"dilations": [2, 2]}, "dilations"),
    ("deeplab_v3_plus", {"pyramid_width": 0}, "pyramid_width"),
    ("deeplab_v3_plus", {"skip_width": 0}, "skip_width"),
    ("segformer", {"widths": []}, "widths"),
    ("segformer", {"widths": [0, 32]}, "widths"),
    ("segformer", {"widths": [32, 48]}, "widths"),
    ("segformer", {"widths": [6], "head_width": 4}, "widths"),
    ("segformer", {"head_width": 0}, "head_width"),
    ("segformer", {"depth": 0}, "depth"),
    ("segformer", {"expansion": 0}, "expansion"),
    ("segformer", {"decoder_width": 0}, "decoder_width"),
    ("keras_cv_deeplab_v3_plus", {"widths": [4, 4, 4]}, "widths"),
    ("keras_cv_deeplab_v3_plus", {"widths": [4, 4, 4, 0]}, "widths"),
    ("keras_cv_deeplab_v3_plus", {"blocks": 1}, "blocks"),
    ("keras_cv_deeplab_v3_plus", {"dilations": []}, "dilations"),
    ("keras_cv_deeplab_v3_plus", {"dilations": [0]}, "dilations"),
    ("keras_cv_deeplab_v3_plus", {"pyramid_width": 0}, "pyramid_width"),
    ("keras_cv_deeplab_v3_plus", {"skip_width": 0}, "skip_width"),
]


@every_architecture
def test_settings_survive_json_and_cannot_be_changed(name):
    settings = typed(name, {})
    assert typed(name, json.loads(json.dumps(asdict(settings)))) == settings
    with pytest.raises(AttributeError):
        settings.widths = (4,)


@pytest.mark.parametrize(("name", "settings", "field"), REFUSED, ids=str)
def test_settings_that_cannot_be_meant_are_refused_by_name_and_value(name, settings, field):
    with pytest.raises(UsageError, match=rf"({field}.*Received: |Received: .*{field}).+\. .+\."):
        typed(name, settings)
