"""RAUC itself reads our description of the slots, and verifies bundles by it."""

import os
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

PEM = serialization.Encoding.PEM
MANIFEST = """\
[update]
compatible=likeness-terminal-pi4
version=1.4.0

[bundle]
format=verity

[image.rootfs]
filename=rootfs.ext4
"""
FOR_CODE = ExtendedKeyUsageOID.CODE_SIGNING
FOR_SERVERS = ExtendedKeyUsageOID.SERVER_AUTH
Key = ec.EllipticCurvePrivateKey


@pytest.fixture(autouse=True)
def rauc(request: pytest.FixtureRequest) -> None:
    needed = ("rauc", "mksquashfs", "systemd-analyze")
    missing = [tool for tool in needed if not shutil.which(tool)]
    if missing:
        what = f"{missing} missing: apt-get install rauc squashfs-tools systemd"
        (pytest.fail if request.config.getoption("--nothing-missing") else pytest.skip)(
            what
        )


class Signer:
    """A CA and one certificate of it, for one use."""

    def __init__(self, folder: Path, use: x509.ObjectIdentifier = FOR_CODE) -> None:
        folder.mkdir()
        ca_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
        ca = _certificate("ca", ca_key, "ca", ca_key, None)
        cert = _certificate("signer", key, "ca", ca_key, use)
        self.ca, self.cert, self.key = (
            folder / name for name in ("ca.pem", "cert.pem", "key.pem")
        )
        self.ca.write_bytes(ca.public_bytes(PEM))
        self.cert.write_bytes(cert.public_bytes(PEM))
        self.key.write_bytes(
            key.private_bytes(
                PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )

    def bundle(self, folder: Path) -> Path:
        image = folder / "image"
        image.mkdir()
        (image / "rootfs.ext4").write_bytes(os.urandom(1 << 16))
        (image / "manifest.raucm").write_text(MANIFEST)
        out = folder / "likeness.raucb"
        made = run("--cert", self.cert, "--key", self.key, "bundle", image, out)
        assert made.returncode == 0, made.stderr
        return out


def _certificate(
    name: str, key: Key, issuer: str, by: Key, use: x509.ObjectIdentifier | None
) -> x509.Certificate:
    now = datetime.now(UTC)
    named = [
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, one)])
        for one in (name, issuer)
    ]
    builder = (
        x509.CertificateBuilder()
        .subject_name(named[0])
        .issuer_name(named[1])
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=use is None, path_length=None), True)
    )
    if use is not None:
        builder = builder.add_extension(x509.ExtendedKeyUsage([use]), critical=True)
    return builder.sign(by, hashes.SHA256())


def run(*arguments: object) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        ["rauc", *map(str, arguments)], capture_output=True, text=True, check=False
    )


def on_this_machine(root: Path, folder: Path, ca: Path) -> Path:
    """Our system.conf with the device's two paths replaced by this test's."""
    text = (root / "systemd" / "rauc" / "system.conf").read_text()
    for there, here in (
        ("/etc/rauc/keyring.pem", ca),
        ("/var/lib/likeness/", f"{folder}/"),
    ):
        assert text.count(there) == 1
        text = text.replace(there, str(here))
    path = folder / "system.conf"
    path.write_text(text)
    return path


def refuses(said: "subprocess.CompletedProcess[str]", why: str) -> None:
    assert said.returncode != 0
    assert why in said.stderr


def test_a_bundle_is_verified_by_our_configuration(root: Path, tmp_path: Path) -> None:
    signer = Signer(tmp_path / "signer")
    bundle = signer.bundle(tmp_path)
    said = run("--conf", on_this_machine(root, tmp_path, signer.ca), "info", bundle)
    assert said.returncode == 0, said.stderr
    assert "'likeness-terminal-pi4'" in said.stdout
    assert "'1.4.0'" in said.stdout
    assert "verity" in said.stdout


def test_what_it_does_not_know_in_the_configuration_is_refused(
    root: Path, tmp_path: Path
) -> None:
    """So the test above reads every line of it."""
    signer = Signer(tmp_path / "signer")
    bundle = signer.bundle(tmp_path)
    config = on_this_machine(root, tmp_path, signer.ca)
    good = config.read_text()
    for wrong, why in (
        (good + "\nbotname=B\n", "Invalid key 'botname'"),
        (good.replace("[slot.rootfs.1]", "[slt.rootfs.1]"), "Invalid group"),
        (good.replace("bootloader=uboot", "bootloader=lilo"), "bootloader"),
        (good.replace("bootname=B", "bootname=A"), "Bootname 'A' is set"),
    ):
        config.write_text(wrong)
        refuses(run("--conf", config, "info", bundle), why)


def test_a_bundle_that_was_changed_is_refused(root: Path, tmp_path: Path) -> None:
    signer = Signer(tmp_path / "signer")
    bundle = signer.bundle(tmp_path)
    config = on_this_machine(root, tmp_path, signer.ca)
    data = bundle.read_bytes()
    assert data.count(b"version=1.4.0") >= 1
    bundle.write_bytes(data.replace(b"version=1.4.0", b"version=9.4.0"))
    refuses(run("--conf", config, "info", bundle), "signature verification failed")
    bundle.write_bytes(data[:-1])
    refuses(run("--conf", config, "info", bundle), "Invalid bundle format")


def test_another_signer_is_refused(root: Path, tmp_path: Path) -> None:
    ours, other = Signer(tmp_path / "ours"), Signer(tmp_path / "other")
    config = on_this_machine(root, tmp_path, ours.ca)
    said = run("--conf", config, "info", other.bundle(tmp_path))
    refuses(said, "signature verification failed")


def test_a_certificate_for_another_use_is_refused(root: Path, tmp_path: Path) -> None:
    server = Signer(tmp_path / "server", FOR_SERVERS)
    config = on_this_machine(root, tmp_path, server.ca)
    said = run("--conf", config, "info", server.bundle(tmp_path))
    refuses(said, "unsuitable certificate purpose")


def test_both_slots_are_of_one_kind_and_the_state_is_in_neither(root: Path) -> None:
    text = (root / "systemd" / "rauc" / "system.conf").read_text()
    devices = [line for line in text.splitlines() if line.startswith("device=")]
    assert len(set(devices)) == len(devices) == 2
    assert "statusfile=/var/lib/likeness/" in text
    page = (root / "systemd" / "rauc" / "README.md").read_text()
    assert "compatible=likeness-terminal-pi4" in page
    assert MANIFEST.splitlines()[1] in text


def test_the_unit_that_keeps_a_slot_is_in_order(root: Path, tmp_path: Path) -> None:
    name = "likeness-mark-good.service"
    shutil.copy(root / "systemd" / "rauc" / name, tmp_path)
    daemon = "[Service]\nExecStart=/bin/true\n"
    (tmp_path / "likeness.service").write_text(daemon)
    said = subprocess.run(
        ["systemd-analyze", "verify", tmp_path / name],
        capture_output=True,
        text=True,
        check=False,
    )
    # It exits 0 also when it does not know a key: any word of it counts.
    assert (said.returncode, said.stderr) == (0, "")
