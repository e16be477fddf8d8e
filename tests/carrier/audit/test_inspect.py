import json
from dataclasses import replace
from pathlib import Path

import pytest

from likeness.__main__ import main
from likeness.core import jws, messages
from likeness.core.chain import ChainHead
from likeness.core.vocabulary import Reason
from likeness.edges.signer import FileSigner
from results import EPOCH, FACTS, REFUSED, Bench, bench, chain_of, result_at
from rotations import after, change, more, with_new_key


@pytest.fixture
def near(tmp_path: Path) -> Bench:
    return bench(tmp_path)


def verify(near: Bench, *files: Path) -> int:
    key = near.keys.terminal / "device.jwk"
    return main(["carrier", "verify", *map(str, files), "--key", str(key)])


def saved(path: Path, *tokens: str) -> Path:
    path.write_text("\n".join(tokens) + "\n")
    return path


def test_one_line_says_what_was_decided(
    near: Bench, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = saved(tmp_path / "one.jws", chain_of(near, 1)[1])
    assert verify(near, path) == 0
    assert capsys.readouterr().out == (
        f"{path}:1: ok; refused (not_same_person) for new_number, match 0.712 against"
        " 0.450, card cn_resident of 某某市公安局 (sam_authenticated), policy standard,"
        " by shop-17, 2026-11-18T11:06:40Z (clock ntp), seq 1 of epoch 01234567, test\n"
    )


def test_a_whole_chain_in_any_order_and_form(near: Bench, tmp_path: Path) -> None:
    tokens = chain_of(near, 4)
    lines = [json.dumps({"id": n, "result": token}) for n, token in enumerate(tokens)]
    assert verify(near, saved(tmp_path / "a", *reversed(tokens))) == 0
    assert verify(near, saved(tmp_path / "results.jsonl", *lines)) == 0
    first, second = saved(tmp_path / "b", *tokens[2:]), saved(tmp_path / "c", *tokens)
    assert verify(near, first, second) == 0, "the same record twice is no fork"


def test_what_is_wrong_is_named(
    near: Bench, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tokens = chain_of(near, 3)
    head = ChainHead(EPOCH, 2, jws.chain_hash(tokens[1]))
    other = result_at(near, head, replace(REFUSED, reasons=(Reason.NO_FACE,)))
    stray = result_at(near, ChainHead(EPOCH, 2, jws.encode(b"x" * 32)))
    stranger = chain_of(bench(tmp_path / "x", facts=replace(FACTS, device="x")), 0)
    for bad, says in (
        ((tokens[1], tokens[3]), "gap: nothing between seq 1 and this"),
        ((tokens[2], other), "fork: another record has this place"),
        ((tokens[1], stray), "fork: it does not follow seq 1"),
        ((tokens[0], stranger[0]), "bad_signature"),
        (("not a token",), "malformed"),
        (('{"id": 1}',), "malformed"),
        (('{"id": 1',), "malformed"),
    ):
        assert verify(near, saved(tmp_path / "bad", *bad)) == 1
        assert f"BAD; {says}" in capsys.readouterr().out


def test_wrong_use_is_one_clear_line(
    near: Bench, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty").touch()
    (tmp_path / "picture").write_bytes(b"\xff\xd8\xff")
    for path, says in (
        (tmp_path / "nowhere", "cannot be read: No such file"),
        (tmp_path / "empty", "holds no result"),
        (tmp_path / "picture", "it is not text"),
    ):
        assert verify(near, path) == 2
        said = capsys.readouterr().err
        assert says in said
        assert said.count("\n") == 1
    good = saved(tmp_path / "good", chain_of(near, 0)[0])
    assert main(["carrier", "verify", str(good), "--key", str(good)]) == 78


def test_claims_beyond_any_calendar_or_scale_are_malformed(
    near: Bench, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The device's own key signs it, so only the types stand in its way."""
    head, payload, _ = chain_of(near, 1)[1].split(".")
    claims = json.loads(jws.decode(payload))
    kid = json.loads(jws.decode(head))["kid"]
    signer = FileSigner(near.keys.terminal / "device.key")
    for odd in (
        {"iat": 2**53 - 1},
        {"match": {"score": 10**400, "threshold": 1}},
        {"epoch": claims["epoch"] + "\n"},
    ):
        changed = json.dumps({**claims, **odd}).encode()
        token = jws.compact(
            changed, alg=jws.ES256, kid=kid, typ=messages.RESULT, sign=signer.sign
        )
        assert verify(near, saved(tmp_path / "odd.jws", token)) == 1
        assert "BAD; malformed: claims that do not fit" in capsys.readouterr().out


def test_a_name_cannot_steer_the_terminal_that_shows_it(
    near: Bench, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = saved(tmp_path / "a\x1b[31m\nb", "x.y.z")
    assert verify(near, path) == 1
    out = capsys.readouterr().out
    assert r"a\x1b[31m\nb:1: BAD" in out
    assert out.count("\n") == 1


def test_a_line_that_says_more_than_was_signed_is_bad(
    near: Bench, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    token = chain_of(near, 1)[1]
    for verdict, code in (("refused", 0), ("accepted", 1)):
        line = json.dumps({"verdict": verdict, "result": token})
        assert verify(near, saved(tmp_path / f"{verdict}.jsonl", line)) == code
        said = capsys.readouterr().out
        assert ("another verdict than the signed one" in said) == bool(code)


def test_a_change_of_keys_is_followed_and_judged(
    near: Bench, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    new = with_new_key(near, tmp_path / "new")
    tokens = chain_of(near, 1)
    tokens.append(change(near, new, after(tokens, EPOCH)))
    more(new, tokens, 1, EPOCH)
    # The change alone brings the new key, wherever it stands.
    assert verify(near, saved(tmp_path / "good", *tokens)) == 0
    assert f"key changes to {new.signer.kid}" in capsys.readouterr().out
    assert verify(near, saved(tmp_path / "turned", *tokens[::-1])) == 0
    # Without it the new key must be given, and the old one still is good.
    public = tmp_path / "new.jwk"
    public.write_text(json.dumps(new.signer.public_jwk()))
    part = saved(tmp_path / "part", tokens[1], tokens[3])
    assert verify(near, part) == 1
    given = [near.keys.terminal / "device.jwk", public]
    options = [word for key in given for word in ("--key", str(key))]
    capsys.readouterr()
    assert main(["carrier", "verify", str(part), *options]) == 1
    assert "BAD; gap" in capsys.readouterr().out  # what is between is not here
    alone = saved(tmp_path / "alone", tokens[3])
    assert main(["carrier", "verify", str(alone), *options]) == 0


def test_the_old_key_after_its_change_is_bad(
    near: Bench, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    new = with_new_key(near, tmp_path / "new")
    tokens = chain_of(near, 1)
    tokens.append(change(near, new, after(tokens, EPOCH)))
    more(near, tokens, 1, EPOCH)
    assert verify(near, saved(tmp_path / "late", *tokens)) == 1
    said = capsys.readouterr().out.splitlines()
    assert ["BAD; wrong_key" in line for line in said] == [False, False, False, True]
