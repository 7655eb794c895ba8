"""What is drawn: specification, sampling, exact rasterising, occlusion. NumPy and OpenCV only."""

from shapeseg.scenes.sampling import sample_scene
from shapeseg.scenes.scene import Instance, Scene
from shapeseg.scenes.settings import GENERATOR_VERSION, SceneSettings
from shapeseg.scenes.truth import Truth

__all__ = ["GENERATOR_VERSION", "Instance", "Scene", "SceneSettings", "Truth", "sample_scene"]
