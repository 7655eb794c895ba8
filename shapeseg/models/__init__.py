"""Architectures, built by name, and their ``.keras`` files. Importing this room registers its layers with Keras."""

from shapeseg.architectures import ARCHITECTURES, missing_extra
from shapeseg.models import layers, reduced_attention  # registers them
from shapeseg.models.card import Card, file_digest, read_card
from shapeseg.models.registry import Architecture, build, check_name
from shapeseg.models.saving import LoadedModel, load_model, load_with_card, save_model

__all__ = [
    "ARCHITECTURES",
    "Architecture",
    "Card",
    "LoadedModel",
    "build",
    "check_name",
    "file_digest",
    "layers",
    "load_model",
    "load_with_card",
    "missing_extra",
    "read_card",
    "reduced_attention",
    "save_model",
]
