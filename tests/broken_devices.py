"""Cameras, readers, decoder, screen, desk and lamps: each made wrong for real.

Leaves to others: asking the doctor (tests/doctor/test_broken_setups.py).
"""

import os
import socket
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

import pcscd
from chip_stage import trusted
from doctor_shop import Broken, Shop
from likeness.core.vocabulary import Environment
from likeness.edges import directory_lock
from simulated_chips import state as issuing_state


def production_takes_any_camera(shop: Shop) -> None:
    """Beside the running daemon: only its camera would be one in production."""
    shop.set("terminal", environment=Environment.PRODUCTION)
    shop.set("camera", source="usb", path="/dev/v4l/by-id/usb-046d_0825-index0")
    shop.more.callback(os.close, directory_lock.hold(shop.state))


def decoder_hangs(shop: Shop) -> None:
    shop.program("decoder", "exec sleep 9")
    shop.set("portrait", timeout_s=0.3)


def another_holds_the_page_port(shop: Shop) -> None:
    other = shop.more.enter_context(socket.create_server(("127.0.0.1", 0)))
    shop.set("screen", port=other.getsockname()[1])


def no_list_of_the_revoked(shop: Shop) -> None:
    chip(shop)
    for one in trust_folder(shop).glob("*.crl"):
        one.unlink()


def old_list_of_the_revoked(shop: Shop) -> None:
    chip(shop)
    old = issuing_state().crl(end=datetime(2026, 11, 1, tzinfo=UTC))
    (trust_folder(shop) / "0.crl").write_bytes(old)


def nobody_to_trust(shop: Shop) -> None:
    chip(shop)
    for one in trust_folder(shop).iterdir():
        one.unlink()


def trust_folder(shop: Shop) -> Path:
    folder = shop.folder / "trust"
    if not folder.exists():
        folder.mkdir()
        trusted(folder, issuing_state())
    return folder


def chip(shop: Shop, **more: str) -> None:
    kind = {"kind": "pn532", "path": str(shop.folder / "nfc0"), "scanner": "-"} | more
    shop.set("chip", **kind)
    shop.set("trust", dir=str(trust_folder(shop)))


def no_pcscd(shop: Shop) -> None:
    pytest.importorskip("smartcard")
    shop.more.enter_context(pcscd.turn())
    chip(shop, kind="pcsc", path="")


def desk_without_token(shop: Shop) -> None:
    shop.set("desk", listen="127.0.0.1", token_file=str(shop.folder / "none.token"))


def lamp_on_no_chip(shop: Shop) -> None:
    shop.set("signals", chip=str(shop.folder / "gpiochip0"), busy_line=17)


TABLE = [
    # --- camera and card reader -------------------------------------------------------
    Broken(
        "the camera's cable is off",
        lambda shop: shop.set("camera", source="usb", path="/dev/v4l/by-id/none"),
        *("camera", "fail", "no such camera", "plug it in or set camera.path"),
    ),
    Broken(
        "camera.path names something else",
        lambda shop: shop.set("camera", source="usb", path="/dev/null"),
        *("camera", "fail", "is no camera", "set camera.path"),
    ),
    Broken(
        "the recording is none",
        lambda shop: shop.set("camera", path=__file__),
        *("camera", "fail", "is no video", "camera.path"),
    ),
    Broken(
        "any USB camera may take the place of the one that was put there",
        production_takes_any_camera,
        *(
            "camera",
            "warn",
            "any other may take its place",
            "write under [camera]: identity",
        ),
    ),
    Broken(
        "the reader is unplugged",
        lambda shop: shop.set("reader", path="/dev/serial/by-id/none"),
        *("reader", "fail", "no such card reader", "plug it in, or set reader.path"),
    ),
    Broken(
        "reader.path names something else",
        lambda shop: shop.set("reader", path="/dev/null"),
        *("reader", "fail", "/dev/null", "reader.path"),
    ),
    Broken(
        "another device hangs on the reader's line, or it has no power",
        lambda shop: shop.with_reader(answers=False),
        *("reader", "fail", "does not answer", "see its cable"),
    ),
    Broken(
        "no decoder of portraits is configured",
        lambda shop: shop.set("portrait", command=()),
        *("portrait", "warn", "no decoder", "portrait.command"),
    ),
    Broken(
        "the decoder is not installed",
        lambda shop: shop.set("portrait", command=("/opt/vendor/wlt",)),
        *("portrait", "fail", "no program that can be started", "absolute path"),
    ),
    Broken(
        "a library of the decoder is missing",
        lambda shop: shop.program("decoder", "exec /opt/vendor/lib/wlt"),
        *("portrait", "fail", "cannot be started", "for this system and processor"),
    ),
    Broken(
        "the decoder crashes",
        lambda shop: shop.program(
            "decoder", f"exec {sys.executable} -c 'import ctypes; ctypes.string_at(0)'"
        ),
        *("portrait", "fail", "crashes (signal 11)", "install it anew"),
    ),
    Broken(
        "the decoder hangs",
        decoder_hangs,
        *("portrait", "fail", "no answer within 0.3 s", "portrait.timeout_s"),
    ),
    Broken(
        "the decoder gives rubbish and calls it a picture",
        lambda shop: shop.program("decoder", "exec cat"),
        *("portrait", "warn", "a record that is none", "exit code"),
    ),
    Broken(
        "the reader of chips is unplugged",
        chip,
        *("chip reader", "fail", "nfc0", "plug it in, or set chip.path"),
    ),
    Broken(
        "pcscd does not run",
        no_pcscd,
        *("chip reader", "fail", "pcscd does not run", "systemctl enable --now pcscd"),
    ),
    Broken(
        "no issuer is trusted",
        nobody_to_trust,
        *("trust", "fail", "can be trusted", "likeness trust list"),
    ),
    Broken(
        "a revocation list is missing",
        no_list_of_the_revoked,
        *("trust", "warn", "no revocation list", "likeness trust import"),
    ),
    Broken(
        "a revocation list is old",
        old_list_of_the_revoked,
        *("trust", "warn", "a revocation list is old", "renew the files"),
    ),
    # --- what the visitor sees --------------------------------------------------------
    Broken(
        "the display is unplugged",
        lambda shop: shop.write("drm/card1-HDMI-A-1/status", "disconnected\n"),
        *("screen", "fail", "nothing on card1-HDMI-A-1", "plug the display in"),
    ),
    Broken(
        "chromium is not installed",
        lambda shop: (shop.programs / "chromium").unlink(),
        *("screen", "warn", "no chromium is installed", "apt install chromium cage"),
    ),
    Broken(
        "another program has the page's port",
        another_holds_the_page_port,
        *("screen", "fail", "another program listens there", "screen"),
    ),
    Broken(
        "the page has another consent text than the results would name",
        lambda shop: shop.set("terminal", consent_text="2031-01"),
        *("screen", "fail", "terminal.consent_text", "[screen]"),
    ),
    Broken(
        "the desk's token is missing",
        desk_without_token,
        *("desk", "fail", "none.token", "likeness desk token --out"),
    ),
    Broken(
        "the lamps' chip is not there",
        lamp_on_no_chip,
        *("signals", "fail", "gpiochip0", "signals.chip"),
    ),
]
