"""What is drawn: specification, sampling, exact rasterising, occlusion. NumPy and OpenCV only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapeseg.lazy_names import lazy_names

__all__ = ["GENERATOR_VERSION", "Instance", "Scene", "SceneSettings", "Truth", "sample_scene"]

if TYPE_CHECKING:
    from shapeseg.scenes.instance import Instance
    from shapeseg.scenes.sampling import sample_scene
    from shapeseg.scenes.scene import Scene, Truth
    from shapeseg.scenes.settings import GENERATOR_VERSION, SceneSettings
else:
    __getattr__ = lazy_names(
        __name__,
        {
            "Instance": "instance",
            "sample_scene": "sampling",
            **dict.fromkeys(("Scene", "Truth"), "scene"),
            **dict.fromkeys(("GENERATOR_VERSION", "SceneSettings"), "settings"),
        },
    )
