"""Whole configurations of a terminal, for tests that build or run one."""

import sys
from collections.abc import Mapping
from pathlib import Path

from broker import free_port
from likeness import config
from likeness.core.vocabulary import Environment
from likeness.edges import bench_keys
from likeness.edges.bench_keys import BenchKeys

DEVICE = "shop-7"


def settings(folder: Path, clip: Path, keys: BenchKeys | None = None) -> config.Config:
    """Return settings for a test terminal; nobody listens at its broker's port."""
    keys = keys or bench_keys.make(folder / "keys", DEVICE, (Environment.TEST,))
    return config.Config(
        terminal=config.Terminal(
            device=DEVICE,
            state_dir=str(folder / "state"),
            environment=Environment.TEST,
            profile="demo",
        ),
        reader=config.Reader(path=str(folder / "no-reader")),
        camera=config.Camera(source="feed", path=str(clip), loop=True),
        keys=config.Keys(
            device_key=str(keys.device_key),
            carrier_receipt_key=str(keys.public("receipt")),
            carrier_visit_key=str(keys.public("visit")),
            carrier_person_key=str(keys.public("person")),
        ),
        mqtt=config.Mqtt(host="127.0.0.1", port=free_port()),
    )


def to_toml(given: config.Config) -> str:
    """Write the settings as the file that `likeness run` reads."""
    lines = []
    for part in given.__struct_fields__:
        lines.append(f"[{part}]")
        section = getattr(given, part)
        lines += [
            f"{name} = {_value(getattr(section, name))}"
            for name in section.__struct_fields__
        ]
    return "\n".join(lines) + "\n"


def _value(value: object) -> str:
    match value:
        case bool():
            return str(value).lower()
        case int() | float():
            return repr(value)
        case tuple():
            return "[" + ", ".join(map(_value, value)) + "]"
        case _:
            return f'"{value}"'


def likeness(*arguments: object) -> list[str]:
    """Return the real command."""
    return [sys.executable, "-m", "likeness", *map(str, arguments)]


def changed(text: str, changes: Mapping[str, str]) -> str:
    """Replace whole lines of TOML by their keys, or by part.key where two have one."""
    lines = text.splitlines()
    for name, value in changes.items():
        part, _, key = name.rpartition(".")
        begin = lines.index(f"[{part}]") if part else 0
        found = [n for n, line in enumerate(lines) if line.startswith(f"{key} = ")]
        at = min(n for n in found if n >= begin)
        assert part or len(found) == 1, f"{key} stands in more than one part"
        lines[at] = f"{key} = {value}"
    return "\n".join(lines) + "\n"
