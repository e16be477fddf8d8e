"""Writes small wheels that the ordinary pip accepts."""

import zipfile
from pathlib import Path


def write_wheel(path: Path, members: dict[str, bytes]) -> None:
    """Write `name-version-py3-none-any.whl` with these files in it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    name, version, *_ = path.name.split("-")
    about = f"{name}-{version}.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    kind = "Wheel-Version: 1.0\nGenerator: tests\nTag: py3-none-any\n"
    with zipfile.ZipFile(path, "w") as wheel:
        for member, content in members.items():
            wheel.writestr(member, content)
        wheel.writestr(f"{about}/METADATA", metadata)
        wheel.writestr(f"{about}/WHEEL", kind)
        wheel.writestr(f"{about}/RECORD", "")
