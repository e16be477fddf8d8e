"""The terminal's configuration: one TOML file into frozen structs, each part its own.

Defaults stand here and nowhere else; units are in the names. Secrets are paths, never
values. Nobody keeps a `Config` after wiring; `likeness check-config` prints it.
"""

import ipaddress
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from likeness import strict_toml
from likeness.core.vocabulary import Environment, Purpose
from likeness.errors import ConfigError

HTTPS = "https://"
LOOPBACK = ("127.0.0.1", "localhost")
ON_SCREEN = "screen"  # a chip's key is typed on the page
Seconds = Annotated[float, msgspec.Meta(gt=0)]
Port = Annotated[int, msgspec.Meta(ge=1, le=65535)]
UsbId = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{4}:[0-9a-f]{4}$(?!\n)")]
# A device's name is a topic level and a certificate's common name.
# In Python "$" also stands before a line feed at the end; a name holds none.
DeviceName = Annotated[
    str, msgspec.Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$(?!\n)")
]

HostName = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9.-]*$(?!\n)")]


class Terminal(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who this terminal is and where it keeps its state."""

    device: DeviceName
    state_dir: str = "/var/lib/likeness"
    environment: Environment = Environment.PRODUCTION
    purpose: Purpose = Purpose.NEW_NUMBER  # of a visit that a card alone begins
    profile: str = "standard"
    consent_text: str = "2026-11"  # version of the text shown before the card


class Reader(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The reader of resident identity cards (daemon/READERS.md)."""

    kind: Literal["", "sdt"] = "sdt"  # empty: there is none, see [chip]
    path: str = "/dev/idcard0"  # a stable name: by-id, by-path or the udev rule's
    # Tried first; a silent reader is then listened for at the others. None is set.
    baud: Literal[9600, 19200, 38400, 57600, 115200] = 115200
    # A SAM on a tty, a multi-in-one module on one, or a SAM on USB without a tty.
    variant: Literal["serial", "stx", "usb"] = "serial"
    usb: UsbId = "0400:c35a"  # as lsusb prints it
    # Both are personal data that no rule of ours needs: only for a purpose of yours.
    addresses: bool = False  # added to the card after its issue; sealed into `person`
    fingerprint: bool = False  # stays in memory for the visit, and goes nowhere
    # Most bytes in one radio transfer (61 FF), if its antenna board needs another.
    rf_size: Annotated[int, msgspec.Meta(ge=0, le=255)] = 0


class Chip(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The reader of ICAO 9303 chips, beside the SDT reader or in its place."""

    kind: Literal["", "pcsc", "pn532"] = ""  # empty: none
    name: str = ""  # pcsc: a part of the reader's name; empty: the first there is
    path: str = ""  # pn532: the serial line by a stable name
    # Where the key is entered that is printed on the card: a scanner on a serial line,
    # /dev/input/by-id/…-event-kbd for one that acts as a keyboard, "-" (stdin), or
    # "screen": it is typed on the page.
    scanner: str = ""
    scanner_baud: Literal[9600, 19200, 38400, 57600, 115200] = 9600
    allow_bac: bool = True  # the older way in, where a chip has no better one
    allow_downgrade: bool = False  # BAC also where the chip's PACE failed


class Trust(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who is believed to issue documents; see `likeness trust`."""

    dir: str = ""  # certificates, lists; empty: no issuer can be verified
    issuer_unverified: Literal["refer", "refuse", "accept"] = "refer"


class PortraitDecoder(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True
):
    """The vendor's program that turns the chip's record into a picture.

    It reads the record on standard input and writes BMP, PNG or JPEG.
    """

    command: tuple[str, ...] = ()  # empty: no portrait, the visit is referred
    timeout_s: Seconds = 3.0


class Camera(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where frames come from."""

    source: Literal["picamera2", "usb", "feed"] = "picamera2"
    path: str = ""  # usb: /dev/v4l/by-id/…; feed: a clip or a folder of pictures
    width_px: Annotated[int, msgspec.Meta(ge=160, le=3840)] = 1280
    height_px: Annotated[int, msgspec.Meta(ge=120, le=2160)] = 720
    fps: Annotated[float, msgspec.Meta(ge=1, le=120)] = 30.0
    start_s: Annotated[float, msgspec.Meta(ge=0)] = 0.0  # feed only
    loop: bool = False  # feed only: forth and back without end


class Keys(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The device's own key, and paths of the carrier's public keys (JWK).

    device_key is one of: a path (PEM); `credential:NAME`, a systemd credential of that
    name; `pkcs11:…`, a key in a token (RFC 7512), see `core.pkcs11_uri`.
    """

    device_key: str = "/etc/likeness/pki/device.key"
    carrier_receipt_key: str = "/etc/likeness/pki/carrier-receipt.jwk"
    carrier_visit_key: str = "/etc/likeness/pki/carrier-visit.jwk"
    carrier_person_key: str = "/etc/likeness/pki/carrier-person.jwk"
    carrier_command_key: str = ""  # empty: no command and no desired values are obeyed
    # Empty: no attendant's decision, no dispute, and check_numbers has no answer.
    carrier_answer_key: str = ""


class Mqtt(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The broker; with certificates the device's name is its common name."""

    host: str = "localhost"
    port: Port = 8883
    ca_file: str = ""  # empty: no TLS, allowed in test and bench only
    cert_file: str = ""
    key_file: str = ""  # a path, or credential:NAME; another key than the device's
    keepalive_s: Annotated[int, msgspec.Meta(ge=5, le=120)] = 30
    will_delay_s: Annotated[int, msgspec.Meta(ge=0, le=300)] = 15
    telemetry_every_s: Seconds = 30.0
    # A lost line is tried again after a wait that doubles, with jitter, between these:
    # ten thousand terminals must not come back to one broker at the same moment.
    retry_from_s: Annotated[float, msgspec.Meta(ge=0.1, le=3600)] = 1.0
    retry_to_s: Annotated[float, msgspec.Meta(ge=0.1, le=3600)] = 120.0


class Models(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which model files are used, and with how many threads."""

    dir: str = ""  # empty: beside the program
    variant: Literal["w8", "f32", "int8"] = "w8"
    threads: Annotated[int, msgspec.Meta(ge=1, le=16)] = 1


class Store(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How long results stay that the carrier has; others are never deleted."""

    keep_days: Annotated[int, msgspec.Meta(ge=1, le=3650)] = 30
    keep_mib: Annotated[int, msgspec.Meta(ge=1, le=4096)] = 64


class Update(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where signed bundles of models and policy come from, and what a trial asks."""

    source: str = ""  # a folder, or https://…; empty: `likeness update --from` only
    root_file: str = "/etc/likeness/pki/update-root.json"
    ca_file: str = ""  # of the https server
    target: DeviceName = "models.tar"  # which of the repository's bundles
    healthy_after_s: Seconds = 600.0  # a run that was up for so long has lived
    healthy_visits: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 5  # with a face


class Screen(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the visitor sees: lines of text, or the page for Chromium in kiosk mode.

    The page is served on 127.0.0.1 only.
    """

    kind: Literal["text", "page"] = "text"
    port: Port = 8480
    languages: tuple[str, ...] = ("en", "zh-Hans", "es", "ar", "fr")  # first: default
    purposes: tuple[Purpose, ...] = tuple(Purpose)  # what a visitor may choose
    texts_dir: str = ""  # the operator's own sentences, e.g. its consent text
    # How the visitor agrees: by laying the card where the text stands on the screen
    # (decision 4), or only by a tap under the text.
    consent_by: Literal["card", "tap"] = "card"
    light: bool = False  # ask for the light answer, after a warning
    numbers_shown_s: Seconds = 30.0  # of check_numbers, then they are cleared


class Desk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The clerk's API and page; on a shop network only with TLS."""

    listen: str = ""  # "127.0.0.1" or an address of this terminal; empty: no desk
    port: Port = 8481
    token_file: str = ""  # holds the token, at least 32 characters; or credential:NAME
    cert_file: str = ""
    key_file: str = ""  # PEM; or credential:NAME
    names: tuple[HostName, ...] = ()  # by which it is called besides its address
    two_persons: bool = False  # a decision needs two different attendants


class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole file."""

    terminal: Terminal
    reader: Reader = Reader()
    chip: Chip = Chip()
    trust: Trust = Trust()
    portrait: PortraitDecoder = PortraitDecoder()
    camera: Camera = Camera()
    keys: Keys = Keys()
    mqtt: Mqtt = Mqtt()
    models: Models = Models()
    update: Update = Update()
    store: Store = Store()
    screen: Screen = Screen()
    desk: Desk = Desk()


def load(path: Path) -> Config:
    """Read and check the configuration.

    Raises:
        ConfigError: with the file, the key and what would be right.
    """
    config = strict_toml.load(path, Config)
    _refuse_contradictions(config, str(path))
    if config.terminal.environment is Environment.PRODUCTION:
        _refuse_unsafe(config, str(path))
    return config


def _refuse_contradictions(config: Config, where: str) -> None:
    """One value may ask for another, in every environment."""
    _refuse_odd_readers(config, where)
    if wrong := _odd_screen(config) or _odd_desk(config):
        raise ConfigError(f"{where}: {wrong}")
    if config.mqtt.retry_to_s < config.mqtt.retry_from_s:
        raise ConfigError(
            f"{where}: mqtt.retry_to_s is less than mqtt.retry_from_s; the first is"
            " the longest wait, the second the shortest"
        )
    if config.camera.source in ("feed", "usb") and not config.camera.path:
        raise ConfigError(
            f"{where}: camera.path is empty; camera.source"
            f" '{config.camera.source}' needs one"
        )
    if "://" in config.update.source and not config.update.source.startswith(HTTPS):
        raise ConfigError(
            f"{where}: update.source '{config.update.source}': give a folder, or an"
            f" address that begins with {HTTPS}"
        )
    if config.update.source.startswith(HTTPS) and not config.update.ca_file:
        raise ConfigError(
            f"{where}: update.ca_file is empty; an https source needs its CA"
        )


def _refuse_odd_readers(config: Config, where: str) -> None:
    """A terminal has a reader of cards, one of chips, or both."""
    reader, chip = config.reader, config.chip
    if not chip.kind:
        if not reader.kind:
            raise ConfigError(
                f"{where}: reader.kind and chip.kind are both empty; a terminal needs"
                " a reader: 'sdt' for the first, 'pcsc' or 'pn532' for the second"
            )
        if chip.scanner or chip.name or chip.path:
            raise ConfigError(
                f"{where}: chip.kind is empty; give 'pcsc' or 'pn532', or leave the"
                " other values of [chip] out"
            )
        return
    if chip.kind == "pn532" and not chip.path:
        raise ConfigError(
            f"{where}: chip.path is empty; chip.kind 'pn532' needs the serial line"
        )
    if chip.kind == "pn532" and chip.name:
        raise ConfigError(
            f"{where}: chip.name is for chip.kind 'pcsc'; a pn532 is told by chip.path"
        )
    if chip.kind == "pcsc" and chip.path:
        raise ConfigError(
            f"{where}: chip.path is for chip.kind 'pn532'; a PC/SC reader is told by"
            " chip.name"
        )
    if not chip.scanner:
        raise ConfigError(
            f"{where}: chip.scanner is empty; a chip opens only with what is printed on"
            " its card: give the scanner's serial line, a keyboard under"
            " /dev/input/by-id, '-' for standard input, or 'screen' for the page"
        )
    if chip.scanner == ON_SCREEN and config.screen.kind != "page":
        raise ConfigError(
            f"{where}: chip.scanner is 'screen', and screen.kind is"
            f" '{config.screen.kind}'; keys can be typed on a 'page' only"
        )
    is_line = reader.kind and reader.variant != "usb"
    lines = [*([reader.path] if is_line else []), chip.path, chip.scanner]
    lines = [line for line in lines if line and line != ON_SCREEN]
    if len(set(lines)) != len(lines):
        raise ConfigError(
            f"{where}: reader.path, chip.path and chip.scanner name one line twice;"
            " each device has its own"
        )
    if chip.allow_downgrade and not chip.allow_bac:
        raise ConfigError(
            f"{where}: chip.allow_downgrade needs chip.allow_bac, which is false"
        )


def _odd_screen(config: Config) -> str:
    """Say what is wrong with [screen]: lines of text have nothing to tap."""
    screen = config.screen
    if screen.kind != "page":
        wants_page = {
            "consent_by 'tap'": screen.consent_by == "tap",
            "light": screen.light,
            "texts_dir": bool(screen.texts_dir),
        }
        odd = next((name for name, is_set in wants_page.items() if is_set), "")
        return f"screen.{odd} needs screen.kind 'page'" if odd else ""
    if config.mqtt.host in LOOPBACK and config.mqtt.port == screen.port:
        return f"screen.port and mqtt.port are both {screen.port}; give each its own"
    if not screen.languages:
        return "screen.languages is empty; give at least one, e.g. 'en'"
    for name, values in (
        ("languages", screen.languages),
        ("purposes", screen.purposes),
    ):
        if len(set(values)) != len(values):
            return f"screen.{name} names one of them twice"
    if screen.consent_by == "tap" and not screen.purposes:
        return (
            "screen.purposes is empty, and with screen.consent_by 'tap' no card begins"
            " a visit; give what a visitor may choose"
        )
    return ""


def _odd_desk(config: Config) -> str:
    """Say what is wrong with [desk]: nothing of it is ever open by mistake."""
    desk, screen = config.desk, config.screen
    if not desk.listen:
        if desk == Desk():
            return ""
        return (
            "desk.listen is empty; give 127.0.0.1 or an address of this terminal, or"
            " leave the other values of [desk] out"
        )
    try:
        address = ipaddress.ip_address(desk.listen)
    except ValueError:
        return f"desk.listen '{desk.listen}' is no address, e.g. 127.0.0.1"
    if address.is_unspecified or address.is_multicast:
        return f"desk.listen '{desk.listen}': name the one address to listen at"
    if not desk.token_file:
        return "desk.token_file is empty; 'likeness desk token --out FILE' makes one"
    if bool(desk.cert_file) != bool(desk.key_file):
        return "desk.cert_file and desk.key_file: give both, or none on 127.0.0.1"
    if not desk.cert_file and not address.is_loopback:
        return (
            f"desk.cert_file is empty; at {desk.listen} the desk is served over TLS"
            " only: give desk.cert_file and desk.key_file, or listen at 127.0.0.1"
        )
    if screen.kind == "page" and desk.port == screen.port:
        return f"desk.port and screen.port are both {desk.port}; give each its own"
    if desk.two_persons and not config.keys.carrier_answer_key:
        return (
            "desk.two_persons needs keys.carrier_answer_key: without it attendants'"
            " decisions are not taken at all"
        )
    return ""


def _refuse_unsafe(config: Config, where: str) -> None:
    """In production nothing is played or sent in clear, and no key serves twice."""
    if config.camera.source == "feed":
        raise ConfigError(
            f"{where}: camera.source 'feed' is for test and bench; with"
            " terminal.environment 'production' use 'usb' or 'picamera2'"
        )
    if config.trust.issuer_unverified == "accept":
        raise ConfigError(
            f"{where}: trust.issuer_unverified 'accept' is for test and bench; with"
            " terminal.environment 'production' use 'refer' or 'refuse'"
        )
    if config.mqtt.key_file == config.keys.device_key:
        raise ConfigError(
            f"{where}: mqtt.key_file and keys.device_key are one key; results and TLS"
            " need two, so that each can be replaced alone"
        )
    if not config.mqtt.ca_file:
        raise ConfigError(
            f"{where}: mqtt.ca_file is empty; with terminal.environment"
            " 'production' the broker must be reached over TLS"
        )
    if not config.mqtt.cert_file:
        raise ConfigError(
            f"{where}: mqtt.cert_file is empty; with terminal.environment"
            " 'production' the broker must know us by our certificate"
        )
