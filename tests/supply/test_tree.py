"""The tree holds no key, no face, no address of a registry, no path of one machine.

What git would commit is read; where there is no git, the whole tree but what is built.
"""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

import lock_file

# Written so that this file does not find itself.
FORBIDDEN = {
    "a private key": r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE "
    + r"KEY-----\s+[A-Za-z0-9+/]",
    "a secret JWK": r'"d"\s*:\s*"[A-Za-z0-9_-]{43,}"',
    "an address of a package registry": (
        r"(?:[a-z0-9-]+\.)*py(?:pi|thonhosted)\."
        + r"org|registry\.npmjs\.|deb\.debian\."
    ),
    "an index in a requirements file": r"--(?:extra-)?index-" + r"url\s+\S*://",
    "a path of one machine": r"(?<![\w.])/(?:work/|root/|home/[a-z]+/|tmp/" + r"bash_)",
}
# Of the screen, in simulated visits with a public-domain face: tests/browser/photos.py.
PHOTOS = "daemon/photos/"
PHOTO_BYTES = 60_000
PICTURES = {".bmp", ".gif", ".heic", ".jp2", ".jpeg", ".jpg", ".mp4", ".png", ".webp"}
KEY_FILES = {".der", ".key", ".p12", ".pem", ".pfx"}
MAGIC = (b"\xff\xd8\xff", b"\x89PNG", b"GIF8", b"RIFF", b"\x00\x00\x00\x0cjP", b"BM6")
# Arrays of weights, and nothing else, may be binary.
BINARY = {"models/passive.npz"}


def committed() -> Iterator[Path]:
    asked = ["git", "-C", str(lock_file.ROOT), "ls-files", "-z"]
    listed = subprocess.run(asked, capture_output=True, check=False)
    if listed.returncode:
        pytest.skip("this is no git checkout")
    for name in listed.stdout.decode().split("\0"):
        if name and (path := lock_file.ROOT / name).is_file():
            yield path


def complaints(name: str, content: bytes) -> list[str]:
    """Return what must not be in a file of this name."""
    suffix = Path(name).suffix.lower()
    if name.startswith(PHOTOS) and suffix == ".webp" and content[8:12] == b"WEBP":
        return [] if len(content) <= PHOTO_BYTES else [f"{name}: too large a photo"]
    found = [f"{name}: a picture or film"] if suffix in PICTURES else []
    if suffix in KEY_FILES:
        found.append(f"{name}: a key file")
    if content.startswith(MAGIC):
        found.append(f"{name}: a picture or film by its first bytes")
    if name in BINARY:
        return found
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return [*found, f"{name}: not text"]
    for what, pattern in FORBIDDEN.items():
        if hit := re.search(pattern, text):
            line = text.count("\n", 0, hit.start()) + 1
            found.append(f"{name}, line {line}: {what}")
    return found


def test_what_is_committed_is_clean() -> None:
    found, count = [], 0
    for path in committed():
        count += 1
        name = path.relative_to(lock_file.ROOT).as_posix()
        found += complaints(name, path.read_bytes())
    assert found == []
    assert count > 100


@pytest.mark.parametrize(
    ("name", "content", "what"),
    [
        ("a.txt", b"-----BEGIN EC PRIVATE " + b"KEY-----\nMHcC", "private key"),
        ("a.txt", b"-----BEGIN PRIVATE " + b"KEY-----\nMIGH", "private key"),
        ("a.json", b'{"d" : "' + b"A" * 43 + b'"}', "secret JWK"),
        ("a.txt", b"https://files.pythonhosted" + b".org/x", "registry"),
        ("r.txt", b"--index-" + b"url https://mirror/simple", "index"),
        ("a.py", b'OUT = "/wo' + b'rk/main/out"', "path of one machine"),
        ("a.py", b'OUT = "/ro' + b'ot/out"', "path of one machine"),
        ("face.PNG", b"", "picture"),
        ("face.dat", b"\xff\xd8\xff\xe0", "picture"),
        ("face.webp", b"RIFF\0\0\0\0WEBP", "picture"),
        ("daemon/photos/a.webp", b"\xff\xd8\xff\xe0" + bytes(9), "picture"),
        ("daemon/photos/a.webp", b"RIFF\0\0\0\0WEBP" + bytes(70_000), "too large"),
        ("device.key", b"", "key file"),
        ("blob", b"\xff\xfe\xfd", "not text"),
    ],
)
def test_the_check_bites(name: str, content: bytes, what: str) -> None:
    assert any(what in line for line in complaints(name, content))


@pytest.mark.parametrize(
    "text", ["root@ and /roots", "pip install likeness", "a/home/ in a word", '"d": 1']
)
def test_plain_text_passes(text: str) -> None:
    assert complaints("a.txt", text.encode()) == []
