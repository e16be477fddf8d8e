"""What the carrier's engineer types to offer a bundle."""

from pathlib import Path

import pytest

from likeness.__main__ import main
from likeness.carrier.update_repository import UpdateRepository
from tiny_models import TinyFolder


class Engineer:
    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.models = TinyFolder(folder / "models")
        self.models.put_built()
        self.folder, self.keys = folder / "repository", folder / "keys"
        self._capsys = capsys

    def types(self, what: str, *more: object) -> tuple[int, str]:
        there = ["--repository", str(self.folder), "--keys", str(self.keys)]
        code = main(["publish", what, *there, *map(str, more)])
        said = self._capsys.readouterr()
        return code, said.out + said.err

    def bundles(self, number: int, *more: object) -> tuple[int, str]:
        models = ("--models", self.models.path)
        return self.types("bundle", *models, "--number", number, *more)

    @property
    def repository(self) -> UpdateRepository:
        return UpdateRepository(self.folder, self.keys)


@pytest.fixture
def engineer(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Engineer:
    made = Engineer(tmp_path, capsys)
    assert made.types("init")[0] == 0
    return made


def test_a_bundle_is_packed_and_offered(engineer: Engineer, tmp_path: Path) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text("policy = 1\n[standard]\naccept_score = 0.45\n")
    more = ("--policy", policy, "--machine", "aarch64", "--min-daemon", "0.1")
    code, said = engineer.bundles(4, *more)
    assert code == 0
    assert said.startswith("offered: bundle 4, sha256 ")
    offered = engineer.repository.offered("models.tar")
    assert offered is not None
    assert (offered.number, offered.machines) == (4, ("aarch64",))
    assert (offered.min_daemon, offered.variants) == ("0.1", ("w8",))


def test_keys_are_for_their_owner_alone(engineer: Engineer) -> None:
    assert engineer.keys.stat().st_mode & 0o777 == 0o700
    found = sorted(path.name for path in engineer.keys.iterdir())
    assert found == [
        "root-1.pem", "root-2.pem", "root-3.pem",
        "snapshot-1.pem", "targets-1.pem", "timestamp-1.pem",
    ]  # fmt: skip
    assert {path.stat().st_mode & 0o777 for path in engineer.keys.iterdir()} == {0o600}


def test_numbers_grow(engineer: Engineer) -> None:
    assert engineer.bundles(4)[0] == 0
    for number in (3, 4):
        code, said = engineer.bundles(number)
        assert (code, said.count("\n")) == (2, 1)
        assert "bundle 4 is offered already" in said
    assert engineer.bundles(5)[0] == 0


def test_the_weekly_signature_and_new_keys(engineer: Engineer) -> None:
    engineer.bundles(4)
    before = engineer.repository.read("timestamp").version
    assert engineer.types("renew") == (0, "renewed\n")
    assert engineer.repository.read("timestamp").version == before + 1
    for role in ("timestamp", "targets", "root"):
        code, said = engineer.types("replace-key", role)
        assert code == 0
        assert f"{role} has a new key" in said
    assert engineer.repository.read("root").version == 4


def test_root_keys_stay_off_line_and_are_missed_only_where_needed(
    engineer: Engineer, tmp_path: Path
) -> None:
    vault = tmp_path / "vault"
    vault.mkdir()
    for path in engineer.keys.glob("root-*.pem"):
        path.rename(vault / path.name)
    assert engineer.bundles(4)[0] == 0
    code, said = engineer.types("replace-key", "targets")
    assert (code, said.count("\n")) == (2, 1)
    assert "0 keys of root are here, 2 must sign" in said


@pytest.mark.parametrize("spoilt", ["model", "policy", "manifest"])
def test_what_no_terminal_would_take_is_not_offered(
    engineer: Engineer, tmp_path: Path, spoilt: str
) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text("policy = 1\n")
    match spoilt:
        case "model":
            (engineer.models.path / "built" / "tiny_mesh_w8.tflite").write_bytes(b"")
        case "policy":
            policy.write_text("policy = 1\n[standard]\naccept_score = 0.0\n")
        case _:
            engineer.models.write("manifest = 2")
    code, said = engineer.bundles(4, "--policy", policy)
    assert code in (1, 78)
    assert said.count("\n") == 1
    assert engineer.repository.offered("models.tar") is None


@pytest.mark.parametrize("spoilt", ["key", "metadata", "root", "targets", "disk"])
def test_a_repository_that_cannot_be_used_is_one_line(
    engineer: Engineer, spoilt: str
) -> None:
    metadata = engineer.folder / "metadata"
    match spoilt:
        case "key":
            bad = engineer.keys / "timestamp-1.pem"
            bad.write_text("no key")
        case "metadata":
            bad = metadata / "timestamp.json"
            bad.write_text("{}")
        case "root" | "targets":
            bad = metadata
            (metadata / f"1.{spoilt}.json").unlink()
        case _:
            bad = metadata / ".3.snapshot.json"
            bad.mkdir()  # no file can be written here
    code, said = engineer.types("renew")
    assert (code, said.count("\n")) == (2, 1)
    assert str(bad) in said


def test_wrong_use_is_one_line(engineer: Engineer, tmp_path: Path) -> None:
    assert "here is an update repository already" in engineer.types("init")[1]
    code, said = engineer.bundles(4, "--min-daemon", "soon")
    assert (code, said.count("\n")) == (2, 1)
    assert "this cannot be published" in said
    engineer.folder = tmp_path / "nowhere"
    code, said = engineer.types("renew")
    assert (code, said.count("\n")) == (2, 1)
    assert "no update repository; make one with 'init'" in said
