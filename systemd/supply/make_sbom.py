"""Writes what a role consists of, as CycloneDX 1.6 (ECMA-424) in JSON.

From its lock file, and for what runs models from models/manifest.toml as well. The same
input gives the same bytes: a time stands in it only if SOURCE_DATE_EPOCH is set.
Not listed: the operating system's packages, and the libraries that wheels bring inside
(OpenSSL, FFmpeg, …); the list says of itself that it is incomplete.
Use: make_sbom.py ROLE [--python 3.11] [--out FILE], or `make sbom`.
"""

import argparse
import datetime
import json
import os
import re
import sys
import tomllib
import uuid
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name

import lock_file
from lock_file import Pin

WITH_MODELS = frozenset({"terminal", "demo", "dev"})


def main(arguments: list[str] | None = None) -> int:
    """Write one list; return 0, or 1 after saying what was wrong."""
    parser = argparse.ArgumentParser(description="Write a CycloneDX list of a role.")
    parser.add_argument("role", choices=sorted(lock_file.ROLES))
    parser.add_argument("--python", default="3.11", metavar="X.Y")
    parser.add_argument("--out", type=Path, metavar="FILE", help="default: print it")
    asked = parser.parse_args(arguments)
    try:
        pins = lock_file.read(lock_file.path_of(asked.role, asked.python))
    except lock_file.LockError as wrong:
        print(f"make_sbom: {wrong}", file=sys.stderr)
        return 1
    text = json.dumps(bill(pins, asked.role, asked.python), indent=2) + "\n"
    if asked.out:
        asked.out.parent.mkdir(parents=True, exist_ok=True)
        asked.out.write_text(text, encoding="utf-8")
    else:
        print(text, end="")
    return 0


def bill(pins: list[Pin], role: str, python: str) -> dict[str, Any]:
    """Return the list of a role as a JSON object."""
    us = _ourselves()
    components = [_library(pin) for pin in pins]
    models = _models() if role in WITH_MODELS else []
    direct = {canonicalize_name(one.name) for one in lock_file.wanted(role)}
    refs = {pin.name: _purl(pin.name, pin.version) for pin in pins}
    ours = [ref for name, ref in refs.items() if name in direct]
    ours += [model["bom-ref"] for model in models]
    metadata = {
        "component": us,
        "properties": [
            {"name": "likeness:role", "value": role},
            {"name": "likeness:python", "value": python},
        ],
    }
    if epoch := os.environ.get("SOURCE_DATE_EPOCH"):
        moment = datetime.datetime.fromtimestamp(int(epoch), datetime.UTC)
        metadata = {"timestamp": moment.strftime("%Y-%m-%dT%H:%M:%SZ"), **metadata}
    content = {
        "metadata": metadata,
        "components": components + models,
        "dependencies": [
            {"ref": us["bom-ref"], "dependsOn": ours},
            *(
                {"ref": refs[pin.name], "dependsOn": [refs[n] for n in pin.needs]}
                for pin in pins
            ),
        ],
        "compositions": [{"aggregate": "incomplete", "assemblies": [us["bom-ref"]]}],
    }
    # Two lists of the same content are the same list, so they bear the same number.
    serial = uuid.uuid5(uuid.NAMESPACE_OID, json.dumps(content, sort_keys=True))
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{serial}",
        "version": 1,
        **content,
    }


def _ourselves() -> dict[str, Any]:
    source = lock_file.ROOT / "daemon" / "likeness" / "__init__.py"
    found = re.search(r'__version__ = "([^"]+)"', source.read_text(encoding="utf-8"))
    version = found[1] if found else "unknown"
    return {
        "type": "application",
        "bom-ref": _purl("likeness", version),
        "name": "likeness",
        "version": version,
        "licenses": _licences("Apache-2.0"),
        "purl": _purl("likeness", version),
    }


def _library(pin: Pin) -> dict[str, Any]:
    """A digest for each file that may be installed: one a machine, or one for all."""
    return {
        "type": "library",
        "bom-ref": _purl(pin.name, pin.version),
        "name": pin.name,
        "version": pin.version,
        "hashes": [_digest(digest) for digest in pin.digests],
        "licenses": _licences(pin.licence),
        "purl": _purl(pin.name, pin.version),
    }


def _models() -> list[dict[str, Any]]:
    """Return every file of the manifest as a model, with what it was made from."""
    path = lock_file.ROOT / "models" / "manifest.toml"
    manifest = tomllib.loads(path.read_text(encoding="utf-8"))
    versions = {one["name"]: one["version"] for one in manifest["package"]}
    return [
        _model(model, built, versions)
        for model in manifest["model"]
        for built in model["built"]
    ]


def _model(
    model: dict[str, Any], built: dict[str, Any], versions: dict[str, str]
) -> dict[str, Any]:
    source = model["source"]
    ancestor: dict[str, Any] = {
        "type": "machine-learning-model",
        "name": source["path"],
        "hashes": [_digest(source["sha256"])],
    }
    if package := source.get("package"):
        ancestor["version"] = versions[package]
        ancestor["purl"] = _purl(package, versions[package])
    return {
        "type": "machine-learning-model",
        "bom-ref": f"model:{built['file']}",
        "name": f"{model['name']} ({model['role']}, {built['variant']})",
        "version": built["sha256"][:12],
        "description": built["recipe"],
        "hashes": [_digest(built["sha256"])],
        "licenses": _licences(model["licence"]),
        "pedigree": {"ancestors": [ancestor]},
        "modelCard": {
            "modelParameters": {
                "inputs": [{"format": f"float32 {model['input']['shape']}"}],
                "outputs": [
                    {"format": f"float32 {o['shape']}"} for o in model["output"]
                ],
            },
            "quantitativeAnalysis": {
                "performanceMetrics": [{"type": "accuracy", "value": built["accuracy"]}]
            },
        },
    }


def _purl(name: str, version: str) -> str:
    return f"pkg:pypi/{name}@{version}"


def _digest(sha256: str) -> dict[str, str]:
    return {"alg": "SHA-256", "content": sha256}


def _licences(expression: str) -> list[dict[str, Any]]:
    if " " in expression:
        return [{"expression": expression}]
    return [{"license": {"id": expression}}]


if __name__ == "__main__":
    sys.exit(main())
