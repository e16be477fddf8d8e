"""`likeness record` as a process, in a shop with a card reader and a bench beside."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Self

from likeness.edges import key_files
from likeness.recording.keeping import Folder
from processes import LIKENESS, happens
from programs import Shop

RECORD = """\
[record]
bench_key = "{key}"
by = "Example Telecom"
{more}
"""
BLINK = ("--acts", "blink")


class Studio(Shop):
    """A shop of one terminal that may be filmed in, and the bench that may look."""

    def __init__(
        self, folder: Path, pictures: Path, *, screen: str = "", more: str = ""
    ) -> None:
        self.key = folder / "bench-record.key"
        self.to = folder / "to"
        self.to.mkdir()
        self.bench = folder / "bench"
        self.bench.mkdir()
        public = folder / "bench-record.jwk"
        jwk = key_files.public_jwk(key_files.make_private(self.key).public_key())
        public.write_text(str(jwk).replace("'", '"'))
        super().__init__(
            folder,
            pictures,
            "shop-1",
            more=RECORD.format(key=public, more=more) + screen,
        )
        self.home = folder / "shop-1"
        self.config = self.home / "terminal.toml"
        self.reader = self.terminals[0].reader

    def __enter__(self) -> Self:
        return self

    def tidy(self) -> None:
        """Forget all films, and what was made of them."""
        for film in self.films:
            film.unlink()
        shutil.rmtree(self.bench, ignore_errors=True)
        self.bench.mkdir()

    @property
    def folder(self) -> Folder:
        """The folder as the command has it."""
        key = str(self.key.with_suffix(".jwk"))
        return Folder(self.to, bench_key=key, keep_files=20, keep_days=90)

    @property
    def films(self) -> list[Path]:
        """What is in the folder, whatever it is."""
        return sorted(self.to.iterdir())


class Filming:
    """One run of the command; ends with its `with`."""

    def __init__(self, studio: Studio, *words: str, answer: str | None = "yes") -> None:
        self._log = studio.home / "record.log"
        command = (*LIKENESS, "record", "--config", str(studio.config))
        with self._log.open("wb") as out:
            self.process = subprocess.Popen(
                [*command, "--to", str(studio.to), *words],
                stdin=subprocess.PIPE,
                stdout=out,
                stderr=out,
                env={**os.environ, "TMPDIR": str(studio.home)},
            )
        stdin = self.process.stdin
        assert stdin is not None
        if answer is not None:
            stdin.write(f"{answer}\n".encode())
        stdin.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *fault: object) -> None:
        if fault[0] is not None:
            print(self.said(), file=sys.stderr)  # noqa: T201 - pytest keeps it
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def said(self) -> str:
        """All that it wrote."""
        return self._log.read_text(encoding="utf-8")

    def says(self, words: str, within_s: float = 30.0) -> bool:
        """Wait until it says so; tell whether it did."""
        return happens(lambda: words in self.said(), within_s)

    def ends(self, within_s: float = 60.0) -> int:
        """Wait until it ends by itself; return its exit code."""
        return self.process.wait(within_s)
