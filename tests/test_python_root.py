"""The way into a root of another machine, as far as it can be tested without one."""

from pathlib import Path

import pytest

import python_root
from arm64.unable import UNABLE
from likeness.errors import UsageError
from python_root import PROJECT, PYTHONS, find_qemu, version_in


def program(path: Path, said: str) -> Path:
    path.write_text(f"#!/bin/sh\necho '{said}'\n", encoding="utf-8")
    path.chmod(0o755)
    return path


def test_version() -> None:
    assert version_in("qemu-aarch64 version 10.0.13 (Debian 1:10.0.13+ds-0)\n") == 10
    assert version_in("something else") == 0


def test_a_named_qemu_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    qemu = program(tmp_path / "qemu", "qemu-aarch64 version 9.2.0")
    monkeypatch.setenv("LIKENESS_QEMU", str(qemu))
    assert find_qemu() == qemu


def test_an_old_qemu_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    qemu = program(tmp_path / "qemu", "qemu-aarch64 version 7.2.22")
    monkeypatch.setenv("LIKENESS_QEMU", str(qemu))
    with pytest.raises(UsageError, match="LIKENESS_QEMU"):
        find_qemu()


def test_each_suite_has_a_lock_for_its_python() -> None:
    for python in PYTHONS.values():
        lock = PROJECT / "systemd" / "supply" / "locks" / f"dev-py{python}.txt"
        assert lock.is_file()


def test_what_is_left_out_is_there_and_has_a_reason() -> None:
    for node, why in UNABLE.items():
        assert (PROJECT / node.partition("::")[0]).is_file()
        assert why


def test_a_tool_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(UsageError, match="apt-get install mmdebstrap"):
        python_root.must(["mmdebstrap", "--help"], "no root")
