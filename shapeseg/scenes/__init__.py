"""What is drawn: specification, sampling, exact rasterising, occlusion. NumPy and OpenCV only."""

from shapeseg.scenes.instance import Instance
from shapeseg.scenes.sampling import sample_scene
from shapeseg.scenes.scene import Scene, Truth
from shapeseg.scenes.settings import GENERATOR_VERSION, SceneSettings

__all__ = ["GENERATOR_VERSION", "Instance", "Scene", "SceneSettings", "Truth", "sample_scene"]
