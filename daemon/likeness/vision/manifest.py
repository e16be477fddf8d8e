"""Reads the models' manifest: what is pinned, built from what, and expected to compute.

Leaves to others: fetching and building (`likeness.model_build`) and loading (`models`).
"""

import sys
from pathlib import Path
from typing import Annotated, Literal

import msgspec

import likeness
from likeness import strict_toml
from likeness.errors import ModelError
from likeness.pins import Member, Package, Sha256

MANIFEST = "manifest.toml"
BUILT = "built"  # below the manifest's folder
PICTURES = "pictures"  # below BUILT: for the demonstration and the tests

Role = Literal["detect_near", "detect_far", "mesh", "eyelids", "embed", "passive"]
# Weights as they were trained; weights in eight bits; all arithmetic in eight bits.
Variant = Literal["f32", "w8", "int8"]
Dimension = Annotated[int, msgspec.Meta(ge=1)]
FileName = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]


class Input(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a model looks at: RGB pixels p (0..255) as float32 (p - mean) / std."""

    shape: tuple[Dimension, Dimension, Dimension, Dimension]  # N, height, width, RGB
    mean: float
    std: Annotated[float, msgspec.Meta(gt=0)]


class Output(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One array a model gives, named as in its file."""

    tensor: str
    shape: tuple[Dimension, ...]
    meaning: str


class Built(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One model file that we make, and how we know that it is right."""

    variant: Variant
    file: FileName
    sha256: Sha256
    bytes: Dimension
    recipe: str
    accuracy: str
    golden: tuple[tuple[float, ...], ...]  # for each output, see models.golden_answer
    # Instead of the model's: in int8 arithmetic the runtimes round differently.
    golden_tolerance: Annotated[float, msgspec.Meta(gt=0)] | None = None


class ModelEntry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One role: where its weights come from, what goes in, what comes out."""

    role: Role
    name: str
    licence: str
    source: Member
    input: Input
    output: tuple[Output, ...]
    golden_tolerance: Annotated[float, msgspec.Meta(gt=0)]  # absolute, either runtime
    built: tuple[Built, ...]

    def variant(self, variant: Variant) -> Built:
        """Return the file of this variant; raise ModelError if there is none.

        int8 is made only of models that bear it; w8 stands in for the others.
        """
        made = {built.variant: built for built in self.built}
        if variant in made:
            return made[variant]
        if variant == "int8" and "w8" in made:
            return made["w8"]
        raise ModelError(f"the manifest has no variant {variant} of model {self.role}")


class Picture(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A public picture or clip for the demonstration and the tests."""

    file: FileName
    licence: str
    source: Member


class Manifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole file."""

    manifest: Literal[1]
    package: tuple[Package, ...]
    model: tuple[ModelEntry, ...]
    picture: tuple[Picture, ...]

    def entry(self, role: Role) -> ModelEntry:
        """Return the model of this role; raise ModelError if there is none."""
        for entry in self.model:
            if entry.role == role:
                return entry
        raise ModelError(f"the manifest names no model for {role}")

    def package_named(self, name: str) -> Package:
        """Return a pinned package; raise ModelError if it is not in the manifest."""
        for package in self.package:
            if package.name == name:
                return package
        raise ModelError(f"the manifest pins no package {name}")


def models_dir(configured: str = "") -> Path:
    """Return the folder of the manifest and of what is built from it.

    It is the configured one; else `models/` of the checkout that this package runs
    from; else the place where an installed wheel puts it.
    """
    if configured:
        return Path(configured)
    source_root = Path(likeness.__file__).resolve().parents[1]
    checkout = source_root.parent / "models"
    if source_root.name == "daemon" and (checkout / MANIFEST).is_file():
        return checkout
    return Path(sys.prefix) / "share" / "likeness" / "models"


def read_manifest(folder: Path) -> Manifest:
    """Read `manifest.toml` of a models folder.

    Raises:
        ConfigError: it is missing or does not fit; the text names the key.
    """
    return strict_toml.load(folder / MANIFEST, Manifest)
