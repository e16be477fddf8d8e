"""The package's papers: control, copyright, changelog and the manual page.

All is made of what stands elsewhere: the lock's licences, the models' manifest, the
list of commands. Leaves to others: maintainer scripts, which are files here.
"""

import tomllib
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path

import lock_file
from deb_target import FROM_DEBIAN, Target

# What the wheels' libraries name and do not bring (tests/package looks them up), what
# confines the decoders, and what makes the user.
DEPENDS = (
    *("libc6 (>= 2.36)", "libgcc-s1", "libseccomp2", "libstdc++6", "systemd"),
    *("udev", "zlib1g"),
)
# A terminal with a screen; picamera2 is Raspberry Pi OS's own, and others lack it.
RECOMMENDS = (
    *("cage", "chromium", "fonts-noto-cjk", "fonts-noto-core", "python3-picamera2"),
    "systemd-timesyncd | time-daemon",
)
SUGGESTS = ("pcscd", "rauc")
MAINTAINER = "The likeness maintainers <likeness@packages.invalid>"
CONTROL = """\
Package: likeness
Version: {version}
Architecture: {arch}
Maintainer: {maintainer}
Installed-Size: {kib}
Depends: {depends}
Recommends: {recommends}
Suggests: {suggests}
Section: misc
Priority: optional
Description: face-to-card verification daemon for camera terminals
 A terminal in a telecom shop reads an identity card, watches a living face,
 asks for blinks and turns of the head, matches the face with the portrait on
 the card, signs the result and delivers it to the carrier over MQTT.
 .
 The daemon lies in /opt/likeness with the Python packages it was tested with;
 the models are included. It starts when the terminal was provisioned:
 see likeness(8) and /usr/share/doc/likeness.
"""
FILES = {
    "/etc/likeness/terminal.toml": "The configuration; see check-config.",
    "/etc/likeness/pki": "Keys and certificates; root alone reads the private ones.",
    "/var/lib/likeness": "Results until the carrier has signed for them; models.",
    "/opt/likeness": "The program, its packages and its models.",
}
MANUAL = """\
.TH LIKENESS 8 "{day}" "likeness {version}" "System Administration"
.SH NAME
likeness \\- face-to-card verification daemon for camera terminals
.SH SYNOPSIS
.B likeness
.I command
.RI [ arguments ]
.SH DESCRIPTION
A terminal reads an identity card, matches a living face with its portrait, signs the
result and delivers it to the carrier over MQTT; nothing is lost.
The service
.B likeness.service
runs it; it starts once
.I /etc/likeness/pki/mqtt.crt
is there, which
.B likeness provision install
writes last.
.SH COMMANDS
Each has
.BR \\-\\-help .
{commands}
.SH EXIT STATUS
0 done; 1 the answer is no; 2 wrong use; 75 start me again; 78 configuration error.
.SH FILES
{files}
.SH ENVIRONMENT
.TP
.B LIKENESS_DISCARD_OUTBOX
Set to 1, lets the package be removed while results wait for the carrier.
.SH SEE ALSO
.BR systemctl (1),
.I /usr/share/doc/likeness
"""


def control(target: Target, version: str, kib: int) -> str:
    """Return DEBIAN/control."""
    major, minor = target.python.split(".")
    python = (
        f"python3 (>= {target.python})",
        f"python3 (<< {major}.{int(minor) + 1})",
    )
    recommends = (*FROM_DEBIAN.values(), *RECOMMENDS)
    return CONTROL.format(
        version=version,
        arch=target.arch,
        maintainer=MAINTAINER,
        kib=kib,
        depends=", ".join((*python, *DEPENDS)),
        recommends=", ".join(recommends),
        suggests=", ".join(SUGGESTS),
    )


def changelog(version: str, commit: str, epoch: int) -> str:
    """Return one entry: this build; what changed stands in CHANGELOG.md beside."""
    when = datetime.fromtimestamp(epoch, UTC).strftime("%a, %d %b %Y %H:%M:%S +0000")
    return (
        f"likeness ({version}) unstable; urgency=medium\n\n"
        f"  * Built from commit {commit}; see CHANGELOG.md beside this file.\n\n"
        f" -- {MAINTAINER}  {when}\n"
    )


def manual(commands: Mapping[str, tuple[str, str]], version: str, epoch: int) -> str:
    """Return likeness(8), in man(7)."""
    listed = {name: what for name, (_, what) in commands.items()}
    return MANUAL.format(
        day=datetime.fromtimestamp(epoch, UTC).date(),
        version=version,
        commands=_tagged(listed),
        files=_tagged(FILES, "I"),
    )


def _tagged(rows: Mapping[str, str], font: str = "B") -> str:
    return "\n".join(
        f".TP\n.{font} {name}\n{what}".replace("-", "\\-")
        for name, what in rows.items()
    )


def copyright_file(lock: Path, manifest: Path) -> str:
    """Return debian/copyright (DEP 5): ours, the wheels', the models'."""
    parts = [
        "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n"
        "Upstream-Name: likeness\n"
        "Comment: each Python package brings its own licence's text in its *.dist-info"
        " folder.\n",
        _paragraph("*", "the likeness authors", "Apache-2.0"),
    ]
    below = "opt/likeness/lib/*/site-packages"
    for pin in lock_file.parse(lock.read_text(encoding="utf-8"), lock.name):
        if pin.name not in FROM_DEBIAN:
            name = pin.name.replace("-", "_")
            named = f"{below}/{name}-{pin.version}.dist-info/*"
            holder = f"the authors of {pin.name} {pin.version}"
            parts.append(_paragraph(named, holder, pin.licence))
    manifested = tomllib.loads(manifest.read_text(encoding="utf-8"))
    models = "opt/likeness/share/likeness/models/built"
    for model in manifested["model"]:
        files = " ".join(f"{models}/{one['file']}" for one in model["built"])
        parts.append(
            _paragraph(files, f"the authors of {model['name']}", model["licence"])
        )
    for picture in manifested["picture"]:
        file = f"{models}/pictures/{picture['file']}"
        holder = f"the authors of {picture['source']['package']}"
        parts.append(_paragraph(file, holder, picture["licence"].replace(" ", "-")))
    return "\n".join([*parts, *_licences(parts)])


def _paragraph(files: str, holder: str, licence: str) -> str:
    joined = licence.replace(" AND ", " and ").replace(" OR ", " or ")
    return f"Files: {files}\nCopyright: {holder}\nLicense: {joined}\n"


def _licences(parts: Iterable[str]) -> Iterable[str]:
    """What each licence's name stands for, once."""
    names = {
        name
        for part in parts
        for line in part.splitlines()
        if line.startswith("License: ")
        for name in line.removeprefix("License: ")
        .replace(" or ", " and ")
        .split(" and ")
    }
    common = {"Apache-2.0": "Apache-2.0", "LGPL-2.1-or-later": "LGPL-2.1"}
    for name in sorted(names):
        if name in common:
            where = f"see /usr/share/common-licenses/{common[name]} on a Debian system."
        elif name == "public-domain":
            where = "nobody has rights in it."
        else:
            where = (
                "its text is in the *.dist-info folder of the package it stands for."
            )
        yield f"License: {name}\n {where}\n"
