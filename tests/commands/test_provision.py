"""`likeness provision` as an installer calls it; the authority is a real one."""

from pathlib import Path

import pytest

from likeness.__main__ import main
from provisions import DEVICE, Site, site
from terminals import changed, to_toml


@pytest.fixture
def ready(tmp_path: Path) -> Site:
    made = site(tmp_path)
    (tmp_path / "likeness.toml").write_text(to_toml(made.settings))
    return made


def provision(step: str, tmp_path: Path, **options: object) -> int:
    named = [f"--{name.replace('_', '-')}={value}" for name, value in options.items()]
    return main(["provision", step, f"--config={tmp_path / 'likeness.toml'}", *named])


def install(tmp_path: Path, ready: Site, cert: Path) -> int:
    return provision(
        "install",
        tmp_path,
        cert=cert,
        issuer=ready.authority.root,
        broker_ca=ready.authority.servers,
        carrier_keys=ready.carrier_keys,
    )


def test_two_steps_and_the_doctor_at_the_end(
    tmp_path: Path, ready: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    assert provision("make", tmp_path, out=ready.out) == 0
    said = capsys.readouterr().out
    assert f"{DEVICE}.csr" in said
    assert "'likeness provision install'" in said
    code = install(tmp_path, ready, ready.answer())
    said = capsys.readouterr().out
    assert said.count("installed: ") == 6
    assert "ok    certificate: good until" in said
    assert "ok    keys: device key" in said
    assert "fail  reader: " in said  # there is none here, and the doctor says so
    assert code == 1


def test_made_twice_is_wrong_use(
    tmp_path: Path, ready: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    assert provision("make", tmp_path, out=ready.out) == 0
    capsys.readouterr()
    assert provision("make", tmp_path, out=ready.out) == 2
    assert "no key is ever overwritten" in capsys.readouterr().err


def test_a_key_that_was_not_sent_advises_no_test_keys_in_the_field(
    tmp_path: Path, ready: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    field = {
        "environment": '"production"',
        "profile": '"standard"',
        "camera.source": '"usb"',
        "camera.path": '"/dev/v4l/by-id/usb-ACME_Eye-index0"',
    }
    path = tmp_path / "likeness.toml"
    path.write_text(changed(path.read_text(), field))
    assert provision("make", tmp_path, out=ready.out) == 0
    (ready.carrier_keys / "carrier-visit.jwk").unlink()
    capsys.readouterr()
    assert install(tmp_path, ready, ready.answer()) == 78
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert "carrier-visit.jwk: this public key cannot be read" in told
    assert "see 'likeness provision'" in told
    assert "test keys" not in told


def test_a_wrong_answer_is_one_line(
    tmp_path: Path, ready: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    provision("make", tmp_path, out=ready.out)
    capsys.readouterr()
    assert install(tmp_path, ready, ready.authority.root) == 78
    told = capsys.readouterr()
    assert told.err.count("\n") == 1
    assert "is for another key" in told.err
    assert told.out == ""
