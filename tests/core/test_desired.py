import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from likeness.core import desired, jws, messages, orders
from likeness.core.desired import Ledger, Refused, Why, Wish
from likeness.errors import Untrusted

DEVICE = "shop-1"
NOW_S = 1_795_000_000
TOKEN = "token-7"  # noqa: S105 - none
CONFIG: dict[str, object] = {"telemetry_every_s": 60, "profile": "strict"}


def read(
    config: object = CONFIG, typ: str = messages.DESIRED, **other: object
) -> Wish | Refused:
    raw = config if isinstance(config, bytes) else msgspec.json.encode(config)
    try:
        digest = desired.digest_of(raw)
    except Untrusted:
        digest = "d" * 43
    usual = {
        "aud": DEVICE,
        "jti": "j",
        "iat": NOW_S,
        "exp": NOW_S + 60,
        "version": 7,
        "digest": digest,
        "config": msgspec.Raw(raw),
    }
    payload = msgspec.json.encode({**usual, **other})
    signed = jws.Unverified("ES256", "kid", typ, payload, b"", b"")
    return desired.read(signed, TOKEN, DEVICE)


def why(found: Wish | Refused) -> str:
    assert isinstance(found, Refused)
    return found.why


def wish(version: int, token: str = "") -> Wish:
    return Wish(
        version, "d" * 43, orders.Overrides(), NOW_S, NOW_S, token or f"token-{version}"
    )


# --- what can be read ----------------------------------------------------------------
def test_a_good_one_is_read_whole() -> None:
    found = read()
    assert isinstance(found, Wish)
    assert found.overrides == orders.Overrides(telemetry_every_s=60, profile="strict")
    assert (found.version, found.token) == (7, TOKEN)


@pytest.mark.parametrize(
    "key",
    [
        *("device", "environment", "state_dir", "keys", "mqtt", "host", "ca_file"),
        *("camera", "purpose", "consent_text"),
    ],
)
def test_what_cannot_be_changed_from_afar(key: str) -> None:
    for value in ("x", {"device_key": "/x"}, 1, "replace_sim"):
        assert why(read({**CONFIG, key: value})).startswith("malformed")


@pytest.mark.parametrize(
    "bad",
    [
        {"telemetry_every_s": 4},
        {"telemetry_every_s": 3601},
        {"telemetry_every_s": 60.5},
        {"telemetry_every_s": "60"},
        {"log_level": "debug"},
        {"keep_days": 0},
        {"keep_mib": 4097},
        {"bundle": {"number": 3}},
        {"bundle": {"number": 0, "digest": "ab" * 32}},
        {"bundle": {"number": 3, "digest": "AB" * 32}},
        {"bundle": {"number": 3, "digest": "ab" * 32, "from": "http://x"}},
    ],
)
def test_one_bad_value_refuses_all_of_it(bad: dict[str, object]) -> None:
    assert why(read({**CONFIG, **bad})).startswith("malformed: claims that do not fit")


def test_a_digest_that_does_not_fit() -> None:
    assert why(read(digest="A" * 43)) == Why.WRONG_DIGEST


def test_the_digest_does_not_see_order_or_blanks() -> None:
    one = desired.digest_of(b'{"a": 1, "b": "\xc3\xa9"}')
    assert one == desired.digest_of(b'{"b":"\\u00e9","a":1}')
    assert one != desired.digest_of(b'{"a": 2, "b": "\xc3\xa9"}')


def test_the_digest_is_sha256_of_the_plain_form() -> None:
    # printf '{"keep_days":9}' | sha256sum, as base64url
    said = desired.digest_of(b'{ "keep_days": 9 }')
    assert said == "72y3WNAgbgl_XSO23qD7qLgotEjNA04wv2vVXcEgjTU"


def test_one_that_expires_before_it_was_signed() -> None:
    assert why(read(iat=NOW_S + 61)) == Why.MALFORMED


def test_another_device_another_type_and_nonsense() -> None:
    assert why(read(aud="shop-2")) == Why.WRONG_DEVICE
    assert why(read(typ=messages.COMMAND)) == Why.WRONG_TYPE
    assert why(read(version=0)) == Why.MALFORMED
    assert why(read(version="7")) == Why.MALFORMED
    for config in (b"[]", b"7", b'{"keep_days":9,"keep_days":9}'):
        assert why(read(config)).startswith("malformed")


# --- whether it is taken -------------------------------------------------------------
def test_a_version_must_be_greater_than_every_one_before() -> None:
    ledger = Ledger(current="token-5", newest=5)
    assert desired.judge(wish(6), ledger, NOW_S) is None
    for version in (5, 4, 1):
        found = desired.judge(wish(version, "other"), ledger, NOW_S)
        assert found == Refused(Why.STALE, version, "d" * 43)


def test_one_that_has_expired_is_not_taken() -> None:
    found = desired.judge(wish(6), Ledger(), NOW_S + 1)
    assert found == Refused(Why.EXPIRED, 6, "d" * 43)


def test_one_step_of_the_version_cannot_use_up_those_to_come() -> None:
    for newest in (0, 5, NOW_S):
        most = newest + orders.STEP_AT_MOST
        ledger = Ledger(newest=newest)
        assert desired.judge(wish(most), ledger, NOW_S) is None
        found = desired.judge(wish(most + 1), ledger, NOW_S)
        assert found == Refused(Why.TOO_FAR, most + 1, "d" * 43)


def test_one_that_was_signed_later_than_a_believed_clock_says() -> None:
    def found(believed_s: int | None) -> Refused | None:
        return desired.judge(wish(6), Ledger(), NOW_S - 301, believed_s)

    assert found(NOW_S - 301) == Refused(Why.NOT_YET, 6, "d" * 43)
    assert found(NOW_S - 300) is None
    assert found(None) is None


# --- on trial ------------------------------------------------------------------------
def test_one_that_never_lives_is_given_back_for_good() -> None:
    good = desired.lived(desired.accept(Ledger(), wish(5)))
    ledger = desired.accept(good, wish(6))
    for starts in (1, 2, 3):
        ledger = desired.start(ledger)
        assert (ledger.current, ledger.starts) == ("token-6", starts)
    ledger = desired.start(ledger)
    assert ledger == Ledger(current="token-5", newest=6, returned="token-6")
    assert desired.start(ledger) == ledger  # what is in force is not counted
    again = desired.judge(wish(6), ledger, NOW_S)
    assert again == Refused(Why.DID_NOT_LIVE, 6, "d" * 43)
    other = desired.judge(wish(6, "signed-anew"), ledger, NOW_S)
    assert other == Refused(Why.STALE, 6, "d" * 43)


def test_one_that_lived_is_started_for_ever() -> None:
    ledger = desired.lived(desired.start(desired.accept(Ledger(), wish(5))))
    for _ in range(10):
        ledger = desired.start(ledger)
    assert ledger == Ledger(current="token-5", newest=5)


def test_a_start_that_is_stopped_in_order_does_not_count() -> None:
    good = desired.lived(desired.accept(Ledger(), wish(5)))
    ledger = desired.accept(good, wish(6))
    for _ in range(10):
        ledger = desired.ended_in_order(desired.start(ledger), "token-6")
        assert (ledger.current, ledger.starts, ledger.on_trial) == ("token-6", 0, True)
    fallen = desired.start(desired.start(ledger))
    assert desired.ended_in_order(fallen, "token-6").starts == 1


def test_the_end_of_another_ones_run_takes_no_count_back() -> None:
    ledger = desired.start(desired.accept(Ledger(), wish(6)))
    assert desired.ended_in_order(ledger, "token-5") == ledger
    passed = desired.lived(ledger)
    assert desired.ended_in_order(passed, "token-6") == passed


def test_the_first_one_goes_back_to_the_files_own_values() -> None:
    ledger = desired.give_back(desired.accept(Ledger(), wish(5)))
    assert ledger == Ledger(newest=5, returned="token-5")


@given(st.lists(st.sampled_from(["accept", "start", "stop", "lived", "give_back"])))
def test_behind_a_trial_stands_only_what_lived(steps: list[str]) -> None:
    ledger, lives, version = Ledger(), {""}, 0
    for step in steps:
        match step:
            case "accept":
                version += 1
                ledger = desired.accept(ledger, wish(version))
            case "start":
                ledger = desired.start(ledger)
            case "stop":
                ledger = desired.ended_in_order(ledger, ledger.current)
            case "lived":
                ledger = desired.lived(ledger)
                lives.add(ledger.current)
            case "give_back" if ledger.on_trial:
                ledger = desired.give_back(ledger)
        assert ledger.newest == version
        assert ledger.previous in lives
        assert ledger.on_trial or ledger.current in lives
