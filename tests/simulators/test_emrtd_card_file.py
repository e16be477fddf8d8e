"""Card files of simulated chips, and the folders of who signs them."""

from pathlib import Path

import pytest
from cryptography import x509

from likeness.commands import reader_emrtd
from likeness.errors import ConfigError, UsageError
from likeness.simulators import emrtd_card_file
from likeness.simulators.emrtd_authority_folder import open_authority, write_trust
from likeness.simulators.emrtd_card_file import CardFile, fictitious_card, to_toml
from likeness.simulators.emrtd_files import DG1
from likeness.simulators.emrtd_mrz import Form
from likeness.simulators.emrtd_personalise import REVOKED_SERIAL


@pytest.mark.parametrize("form", ["td1", "td2", "td3"])
def test_what_is_written_is_read_again(tmp_path: Path, form: Form) -> None:
    card = fictitious_card(7, form)
    path = tmp_path / "card.toml"
    path.write_text(to_toml(card))
    assert emrtd_card_file.load(path) == (card, b"")
    assert DG1 in reader_emrtd.load(path, []).chip.files


def test_the_shortest_card_file(tmp_path: Path) -> None:
    path = tmp_path / "card.toml"
    path.write_text("")
    assert emrtd_card_file.load(path) == (CardFile(), b"")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("nmuber = 'X'", "the nearest known key is 'number'"),
        ("[access]\ncurve = 'P-256'", "access.curve: invalid enum value"),
        ("portrait = 'none.jpg'", "none.jpg cannot be read: No such file"),
        ("portrait = 'card.toml'", "no picture that can be opened"),
        ("form = 'td3'\nnumber = 'X123456789'", "number is longer than 9 characters"),
        ("number = 'X 1'", "number has a sign that is not A-Z"),
    ],
)
def test_a_wrong_card_file_is_one_line(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "card.toml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=said):
        reader_emrtd.load(path, [])


def test_faults_of_the_file_and_of_the_command_add_up(tmp_path: Path) -> None:
    path = tmp_path / "card.toml"
    path.write_text("faults = ['late:3']")
    card = reader_emrtd.load(path, ["truncated@DG1"])
    assert [fault.kind.value for fault in card.faults] == ["late", "truncated"]
    assert len(card.chip.files[DG1]) < 93
    path.write_text("faults = ['nothing']")
    with pytest.raises(UsageError, match="unknown fault 'nothing'"):
        reader_emrtd.load(path, [])


def test_a_state_stays_the_same_in_its_folder(tmp_path: Path) -> None:
    made = open_authority(tmp_path / "state")
    again = open_authority(tmp_path / "state")
    assert made.certificate == again.certificate
    assert (tmp_path / "state" / "csca.key").stat().st_mode & 0o077 == 0
    root = x509.load_der_x509_certificate(made.certificate)
    signer = x509.load_der_x509_certificate(again.signer().certificate)
    signer.verify_directly_issued_by(root)


def test_the_trust_folder_holds_no_key(tmp_path: Path) -> None:
    state = open_authority(tmp_path / "state")
    write_trust(state, tmp_path / "trust")
    names = sorted(path.name for path in (tmp_path / "trust").iterdir())
    assert names == ["csca.cer", "csca.crl", "master-list.ml"]
    crl = x509.load_der_x509_crl((tmp_path / "trust" / "csca.crl").read_bytes())
    assert crl.get_revoked_certificate_by_serial_number(REVOKED_SERIAL) is not None


def test_a_folder_that_cannot_be_used_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be used: No such file"):
        open_authority(tmp_path / "missing" / "state")
    state = tmp_path / "state"
    open_authority(state)
    (state / "csca.key").write_text("nonsense")
    with pytest.raises(UsageError, match="holds no private key in PEM"):
        open_authority(state)
    (state / "csca.key").unlink()
    with pytest.raises(UsageError, match="cannot be used: No such file"):
        open_authority(state)
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="cannot be written"):
        write_trust(open_authority(tmp_path / "other"), tmp_path / "file")
