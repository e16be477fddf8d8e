"""A whole models folder of tiny models, made in a moment: nothing is fetched.

Each role is one real TFLite file with two outputs, max(x, 0) and |x|, listed in the
file the other way round than in the manifest.
"""

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from flatbuffer_surgery import Graph
from tiny_wheel import write_wheel

ROLES = ("detect_near", "detect_far", "mesh", "eyelids", "passive", "embed")
SIDE = 8
MEAN, STD = 127.5, 64.0
PACKAGE = "tiny_weights-1.0-py3-none-any.whl"

# Stands in for the build tools: it copies a source to both of its files.
PROGRAM = """
import pathlib, shutil, sys
out = pathlib.Path(sys.argv[1])
for argument in sys.argv[2:]:
    name, _, source = argument.partition("=")
    for variant in ("f32", "w8"):
        shutil.copy(source, out / f"{name}_{variant}.tflite")
"""


def tiny_model(path: Path, outputs: int = 2) -> bytes:
    """Write a model of one input; return its bytes."""
    shape = [1, SIDE, SIDE, 3]
    graph = Graph.empty("tiny")
    value = graph.add_tensor("input", shape)
    positive = graph.add_tensor("positive", shape)
    size = graph.add_tensor("size", shape)
    graph.subgraph.inputs = [value]
    graph.subgraph.outputs = [size, positive][:outputs]
    graph.add_operator("RELU", [value], positive)
    graph.add_operator("ABS", [value], size, schema.AbsOptionsT())
    graph.drop_unused()
    graph.add_signature()
    graph.write(path)
    return path.read_bytes()


def golden_numbers() -> list[list[float]]:
    """The golden answer, computed here by hand from its formula."""
    pixels = [
        (7 * y + 3 * x + 85 * c) % 256
        for y in range(SIDE)
        for x in range(SIDE)
        for c in range(3)
    ]
    value = (np.array(pixels, np.float64) - MEAN) / STD
    answers = []
    for output in (np.maximum(value, 0), np.abs(value)):
        marks = [output[len(output) * k // 4] for k in (1, 2, 3)]
        answers.append([float(x) for x in (np.sqrt(np.mean(output**2)), *marks)])
    return answers


@dataclass
class TinyFolder:
    """A models folder; change `text` and write it again to spoil the manifest."""

    path: Path
    text: str = field(default="", init=False)

    def __post_init__(self) -> None:
        self.path.mkdir(parents=True, exist_ok=True)
        (self.path / "build_models.py").write_text(PROGRAM)
        (self.path / "build-requirements.txt").write_text("# none\n")
        self.model = tiny_model(self.path / "tiny.tflite")
        self.model_sha256 = hashlib.sha256(self.model).hexdigest()
        self.mirror = self.path / "mirror"
        picture = b"not really a picture"
        package = self.mirror / PACKAGE
        members = {"tiny/tiny.tflite": self.model, "tiny/picture.png": picture}
        write_wheel(package, members)
        self.package_sha256 = hashlib.sha256(package.read_bytes()).hexdigest()
        self.picture_sha256 = hashlib.sha256(picture).hexdigest()
        self.write(self._manifest())

    def write(self, text: str) -> None:
        """Make this text the manifest."""
        self.text = text
        (self.path / "manifest.toml").write_text(text)

    def put_built(self) -> None:
        """Put the models in place without building them."""
        (self.path / "built").mkdir()
        for role in ROLES:
            for variant in ("f32", "w8"):
                name = f"tiny_{role}_{variant}.tflite"
                (self.path / "built" / name).write_bytes(self.model)

    def _manifest(self) -> str:
        parts = [
            f"""
manifest = 1
[[package]]
name = "tiny-weights"
version = "1.0"
filename = "{PACKAGE}"
sha256 = "{self.package_sha256}"
[[picture]]
file = "picture.png"
licence = "public domain"
source = {self._source("tiny/picture.png", self.picture_sha256)}
"""
        ]
        for role in ROLES:
            parts.append(self._model(role))
        return "".join(parts)

    def _model(self, role: str) -> str:
        shape = f"[1, {SIDE}, {SIDE}, 3]"
        text = f"""
[[model]]
role = "{role}"
name = "Tiny {role}"
licence = "public domain"
golden_tolerance = 1e-4
source = {self._source("tiny/tiny.tflite", self.model_sha256)}
input = {{ shape = {shape}, mean = {MEAN}, std = {STD} }}
output = [
  {{ tensor = "positive", shape = {shape}, meaning = "max(x, 0)" }},
  {{ tensor = "size", shape = {shape}, meaning = "|x|" }},
]
"""
        for variant in ("f32", "w8"):
            text += f"""
[[model.built]]
variant = "{variant}"
file = "tiny_{role}_{variant}.tflite"
sha256 = "{self.model_sha256}"
bytes = {len(self.model)}
recipe = "copied"
accuracy = "exact"
golden = {golden_numbers()}
"""
        return text

    def _source(self, path: str, sha256: str) -> str:
        return f'{{ package = "tiny-weights", path = "{path}", sha256 = "{sha256}" }}'
