"""What must not leave a terminal is found by its form; what may is not."""

import json

import pytest

from likeness.diagnostics.redaction import FORMS, findings

JWS = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJ4In0.c2lnbmF0dXJl"


@pytest.mark.parametrize(
    ("what", "text"),
    [
        ("identity number", "n=11010519491231002X"),
        ("identity number", '"number":"110105194912310021"'),
        ("any number of 18 digits", "999999999999999999"),
        ("machine readable line", "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<"),
        ("telephone number", "call 13812345678"),
        ("telephone number", "+8613812345678"),
        ("telephone number", "+442079460958"),
        ("mail address", "why=somebody@example.org"),
        ("Chinese writing", '"name":"欧阳"'),
        ("token", JWS),
        ("private key", "-----BEGIN EC PRIVATE KEY-----"),
        ("private key", json.dumps({"d": "A" * 43})),
        ("no text", "a\x00b"),
    ],
)
def test_it_is_found_and_not_repeated(what: str, text: str) -> None:
    found = findings(f"before {text} after".encode())
    assert what in found
    assert set(found) <= set(FORMS)


@pytest.mark.parametrize(
    "text",
    [
        '{"at":80150.497640104999,"x":0.110105194912310021}',
        '"digest":"d32c28dc7d4b6c4b22cd3df7e0a45210919491231002123456abcdef01234567"',
        '{"total_kib":123456789012,"utc_s":1790000000,"boot":"8a2f-11"}',
        "likeness@tty1.service",
        "host=broker.example.org port=8883",
        "4+FJToRdoDgWS6UfUMWIYyok+8ztUn91gJLaOkYrQCha2s+Qa8TIqQ8+nUqgdYBVtDhl==",
    ],
)
def test_what_may_leave_is_let_through(text: str) -> None:
    assert findings(text.encode()) == []


def test_what_is_no_utf_8_is_no_text() -> None:
    assert findings(b"\xff\xfe") == ["no text"]
    assert findings("王".encode("utf-16-le") + b"\x00") != []
