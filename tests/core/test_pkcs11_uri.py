import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from likeness.core.pkcs11_uri import Pkcs11Uri, parse
from likeness.errors import ConfigError

GOOD = (
    "pkcs11:token=like%20ness;object=device;type=private"
    "?module-path=/usr/lib/module.so&pin-source=credential:token.pin"
)


def test_every_part_is_read() -> None:
    assert parse(GOOD) == Pkcs11Uri(
        token="like ness",  # noqa: S106 - a label
        object="device",
        module_path="/usr/lib/module.so",
        pin_source="credential:token.pin",
    )
    uri = parse("pkcs11:serial=ab;id=%01%ff?module-path=/m.so&pin-source=file:/run/pin")
    assert (uri.serial, uri.id, uri.pin_source) == ("ab", b"\x01\xff", "/run/pin")


def test_another_key_of_the_same_token() -> None:
    uri = parse("pkcs11:token=a;id=%01?module-path=/m.so&pin-source=/p")
    other = uri.with_object("device.1")
    assert (other.token, other.object, other.id) == ("a", "device.1", b"")


@pytest.mark.parametrize(
    ("was", "becomes", "says"),
    [
        ("pkcs11:", "PKCS11:", "must begin with"),
        ("token=like%20ness;", "", "name the token"),
        ("object=device;", "", "name the key"),
        ("type=private", "type=public", "'type' must be 'private'"),
        ("type=private", "slot-id=1", "'slot-id' is not understood"),
        ("type=private", "object=other", "'object' stands there twice"),
        ("object=device", "object=", "'object' has no value"),
        ("object=device", "object=a b", "must be written as %XX"),
        ("object=device", "object=a%2", "must be written as %XX"),
        ("object=device", "object=%ff", "'object' is not UTF-8"),
        ("object=device", "object=a%0a", "cannot be printed"),
        ("module-path=/usr", "module-path=usr", "absolute path"),
        ("&pin-source=credential:token.pin", "", "'pin-source' must be"),
        ("pin-source=credential:token.pin", "pin-value=1234", "a PIN stands in a file"),
        ("pin-source=credential:token.pin", "pin-source=|cat", "must be written as"),
        ("device", "d" * 1024, "no longer than"),
    ],
)
def test_what_could_mean_another_key_is_refused(
    was: str, becomes: str, says: str
) -> None:
    assert was in GOOD
    with pytest.raises(ConfigError, match=says) as caught:
        parse(GOOD.replace(was, becomes))
    assert "1234" not in str(caught.value)


TEXT = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12).filter(
    str.isprintable
)


@given(token=TEXT, label=TEXT, key_id=st.binary(max_size=8), module=TEXT, pin=TEXT)
def test_what_is_written_reads_the_same(
    token: str, label: str, key_id: bytes, module: str, pin: str
) -> None:
    uri = Pkcs11Uri(
        token=token,
        object=label,
        id=key_id,
        module_path=f"/{module}",
        pin_source=f"/{pin}",
    )
    assert parse(str(uri)) == uri


@given(st.text() | st.text("pkcs11:token=;object?&%0a/-", max_size=80))
@example("\n")
def test_any_other_text_is_one_clear_line(text: str) -> None:
    try:
        parse(f"pkcs11:{text}")
    except ConfigError as fault:
        assert "\n" not in str(fault)
