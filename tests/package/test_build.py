"""What the package is made of, and that the same goes in gives the same bytes."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path, PurePosixPath

import pytest

import build_deb
import deb_papers
import deb_prefix
import lock_file
from deb_target import (
    FROM_DEBIAN,
    MACHINES,
    SUITES,
    BuildError,
    Target,
    without_debians,
)
from doomed_store import token_at
from likeness import config, strict_toml
from likeness.commands import COMMANDS
from likeness.core.statement_queue import Signed
from likeness.core.vocabulary import Environment
from likeness.edges.store import SqliteStore
from likeness.edges.store_statements import SqliteStatements
from stories import story

PACKAGING = lock_file.ROOT / build_deb.PACKAGING
TARGETS = [Target(suite, arch) for suite in SUITES for arch in MACHINES]
EPOCH = 1_790_000_000


@pytest.mark.parametrize("target", TARGETS, ids=str)
def test_each_target_has_its_lock_and_its_depends(target: Target) -> None:
    lock = (lock_file.LOCKS / target.lock).read_text()
    left = without_debians(lock)
    names = {pin.name for pin in lock_file.parse(lock)}
    assert {pin.name for pin in lock_file.parse(left)} == names - set(FROM_DEBIAN)
    control = deb_papers.control(target, "1", 2)
    assert f"python3 (>= {target.python}), python3 (<< 3." in control
    assert all(debian in control for debian in FROM_DEBIAN.values())
    assert target.platforms[0].endswith(MACHINES[target.arch])


def test_a_lock_without_what_debian_brings_is_named() -> None:
    with pytest.raises(BuildError, match="pyscard"):
        without_debians("six==1.0 \\\n    --hash=sha256:00\n")


@pytest.mark.parametrize(
    ("member", "place"),
    [
        ("numpy/core/_umath.so", "P/numpy/core/_umath.so"),
        ("likeness-0.1.0.data/data/share/likeness/models/manifest.toml", "R/share"),
        ("cv2-4.data/platlib/cv2/cv2.abi3.so", "P/cv2/cv2.abi3.so"),
        ("likeness/simulators/sdt.py", "P/likeness/simulators/sdt.py"),
        ("six-1.dist-info/LICENSE", "P/six-1.dist-info/LICENSE"),
        ("six-1.dist-info/RECORD", ""),
        ("rich-1.data/scripts/rich", ""),
        ("numpy/core/tests/test_umath.py", ""),
        ("numpy/distutils/__pycache__/conv.cpython-311.pyc", ""),
        ("cv2/data/haarcascade_eye.xml", ""),
    ],
)
def test_each_member_of_a_wheel_has_its_place(member: str, place: str) -> None:
    found = deb_prefix.place_of(member, Path("P"), Path("R"))
    assert str(found).startswith(place) if place else found is None, found


@pytest.mark.parametrize(
    "member", ["../etc/passwd", "/etc/passwd", "a.data/headers/a.h"]
)
def test_what_has_no_place_stops_the_build(member: str) -> None:
    with pytest.raises(BuildError, match="wheel holds"):
        deb_prefix.place_of(member, Path("P"), Path("R"))


def test_another_model_than_the_manifests_stops_the_build(tmp_path: Path) -> None:
    models = tmp_path / deb_prefix.PREFIX / "share/likeness/models"
    models.mkdir(parents=True)
    shutil.copyfile(lock_file.ROOT / "models/manifest.toml", models / "manifest.toml")
    with pytest.raises(BuildError, match="make models"):
        deb_prefix.lay_models(tmp_path, tmp_path)
    built = tmp_path / "built"
    built.mkdir()
    (built / "blazeface_short_f32.tflite").write_bytes(b"another")
    with pytest.raises(BuildError, match="not the one in the manifest"):
        deb_prefix.lay_models(tmp_path, built)


def test_the_default_configuration_lacks_one_name_alone() -> None:
    text = (PACKAGING / "terminal.toml").read_text()
    named = text.replace('# device = ""', 'device = "shop-1"')
    assert named != text
    settings = strict_toml.decode(named, config.Config, "terminal.toml")
    assert settings.terminal.environment == Environment.PRODUCTION
    unit = (lock_file.ROOT / "systemd/likeness.service").read_text()
    assert f"\nConditionPathExists={settings.mqtt.cert_file}\n" in unit
    for key in ("device.key", "mqtt.key"):
        assert f"LoadCredential={key}:/etc/likeness/pki/{key}\n" in unit


def test_every_licence_is_told() -> None:
    lock = lock_file.LOCKS / TARGETS[0].lock
    text = deb_papers.copyright_file(lock, lock_file.ROOT / "models/manifest.toml")
    for pin in lock_file.parse(lock.read_text()):
        assert (f"/{pin.name.replace('-', '_')}-{pin.version}.dist-info/*" in text) == (
            pin.name not in FROM_DEBIAN
        )
    assert "sface_w8.tflite" in text


def test_the_manual_names_every_command() -> None:
    text = deb_papers.manual(COMMANDS, "1", EPOCH)
    for name in COMMANDS:
        assert f"\n.B {name}\n".replace("-", "\\-") in text


@pytest.mark.parametrize("name", build_deb.SCRIPTS)
def test_maintainer_scripts_are_plain_sh(name: str) -> None:
    text = (PACKAGING / name).read_text()
    assert text.startswith("#!/bin/sh\n")
    assert "\nset -e\n" in text
    subprocess.run(["sh", "-n", PACKAGING / name], check=True)


@story
async def test_removal_waits_for_results_and_for_statements(tmp_path: Path) -> None:
    state = tmp_path / "state"
    text = (PACKAGING / "prerm").read_text()
    for there in ("/etc/likeness", "/opt/likeness", "/run/systemd/system"):
        text = text.replace(there, str(tmp_path / there.strip("/")))
    (tmp_path / "opt/likeness").mkdir(parents=True)
    script = tmp_path / "prerm"
    script.write_text(text.replace("/var/lib/likeness", str(state)))

    def removed(**more: str) -> tuple[int, str]:
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        done = subprocess.run(
            ["sh", script, "remove"],
            check=False,
            capture_output=True,
            text=True,
            env=os.environ | {"PATH": path} | more,
        )
        return done.returncode, done.stderr

    assert removed() == (0, "")  # no result was ever made
    store = SqliteStore(state, token_at)
    await store.open()
    statements = SqliteStatements(store)
    await statements.keep_statement(Signed("decided", "hash", "token"))
    code, said = removed()  # the new epoch's first record waits as well
    assert code == 1
    assert "\nwaiting: 1\n" in said
    await store.mark_receipted(store.epoch, 0)
    code, said = removed()
    assert code == 1
    assert "\nwaiting: 0\n" in said
    assert "\nstatements waiting: 1\n" in said
    assert "results wait here for the carrier" in said
    assert removed(LIKENESS_DISCARD_OUTBOX="1") == (0, "")
    await statements.forget_statement("decided")
    assert removed() == (0, "")
    await store.close()


def test_purging_empties_a_partition_of_its_own(tmp_path: Path) -> None:
    inside = ["unshare", "--mount", "--map-root-user"]
    if subprocess.run([*inside, "true"], check=False, capture_output=True).returncode:
        pytest.skip("no mount namespace can be made here")
    state, script = tmp_path / "state", tmp_path / "postrm"
    state.mkdir()
    text = (PACKAGING / "postrm").read_text()
    for ours, there in {
        "/var/lib/likeness": str(state),
        "/etc/": f"{tmp_path}/etc/",
        "/usr/bin/deb-systemd-helper": "/nonexistent",
    }.items():
        text = text.replace(ours, there)
    script.write_text(text)
    steps = (
        f"mount -t tmpfs none {state} && mkdir {state}/keys && touch {state}/keys/a"
        f" && sh {script} purge && ls -A {state}"
    )
    done = subprocess.run(
        [*inside, "sh", "-c", steps], check=False, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_same_files_give_the_same_bytes(tmp_path: Path) -> None:
    """Whatever the umask, the order in which they came, and the time of day."""
    if shutil.which("dpkg-deb") is None:
        pytest.skip("dpkg-deb is missing: packages are built on Debian")
    made = []
    for turn, umask in ((1, 0o022), (-1, 0o077)):
        root = tmp_path / f"root{turn}"
        former = os.umask(umask)
        try:
            for name in ("a", "b", "c")[::turn]:
                (root / name).mkdir(parents=True)
                (root / name / "file").write_text(name)
            (root / "b" / "link").symlink_to("/a")
            (root / "DEBIAN").mkdir()
            control = deb_papers.control(TARGETS[0], "1", 1)
            (root / "DEBIAN" / "control").write_text(control)
        finally:
            os.umask(former)
        build_deb.settle(root, EPOCH)
        deb = build_deb.pack(root, tmp_path / f"{turn}.deb", EPOCH, 1)
        made.append(deb.read_bytes())
    assert made[0] == made[1]


def test_a_wheel_is_unpacked(tmp_path: Path) -> None:
    wheel = tmp_path / "six-1-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("six.py", "SIX = 6\n")
        archive.writestr("six-1.dist-info/RECORD", "six.py,,\n")
    deb_prefix.unpack(wheel, tmp_path / "packages", tmp_path)
    assert [path.name for path in (tmp_path / "packages").rglob("*")] == ["six.py"]
    assert deb_prefix.unneeded(PurePosixPath("ecdsa/test_keys.py"))
    assert deb_prefix.unneeded(PurePosixPath("ai_edge_litert/vendors/qualcomm/a.so"))
    assert not deb_prefix.unneeded(PurePosixPath("ai_edge_litert/interpreter.py"))


@pytest.mark.package
@pytest.mark.timeout(1200)
def test_another_checkout_gives_the_same_package(deb: Path, tmp_path: Path) -> None:
    clone = tmp_path / "elsewhere"
    source = str(lock_file.ROOT)
    subprocess.run(["git", "clone", "-q", source, str(clone)], check=True)
    (clone / "models/built").symlink_to(lock_file.ROOT / "models/built")
    command = [sys.executable, str(clone / build_deb.PACKAGING / "build_deb.py")]
    paths = ("daemon", "systemd/supply")
    suite = os.environ.get("LIKENESS_TEST_SUITE", "bookworm")
    how = ["--level", "0", "--arch", "amd64", "--suite", suite]
    subprocess.run(
        [*command, *how, "--out", str(tmp_path)],
        env=os.environ
        | {"PYTHONPATH": os.pathsep.join(str(clone / path) for path in paths)}
        | {"TZ": "Asia/Shanghai", "LC_ALL": "C.UTF-8"},
        umask=0o077,
        check=True,
    )
    assert (tmp_path / deb.name).read_bytes() == deb.read_bytes()
