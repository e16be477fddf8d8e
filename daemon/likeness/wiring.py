"""Puts the parts together; the only file that names concrete edges."""

from pathlib import Path

from likeness.vision.manifest import Variant, models_dir
from likeness.vision.models import ModelSet, load_models


def load_model_set(
    folder: Path | None, variant: Variant = "w8", threads: int = 1
) -> ModelSet:
    """Load the verified models; raise ModelError saying what to do if they are not."""
    return load_models(folder or models_dir(), variant, threads)
