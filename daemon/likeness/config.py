"""The terminal's configuration: one TOML file into frozen structs, each part its own.

Defaults stand here and nowhere else; units are in the names. Secrets are paths, never
values. Nobody keeps a `Config` after wiring; `likeness check-config` prints it. Leaves
to `config_checks`: what one value asks of another.
"""

from pathlib import Path
from typing import Annotated, Literal

import msgspec

from likeness import board_values, config_checks, strict_toml
from likeness.core.vocabulary import Environment, Purpose

Seconds = Annotated[float, msgspec.Meta(gt=0)]
Port = Annotated[int, msgspec.Meta(ge=1, le=65535)]
Celsius = Annotated[float, msgspec.Meta(ge=30, le=110)]
CpuNumber = Annotated[int, msgspec.Meta(ge=0, le=1023)]
GpioLine = Annotated[int, msgspec.Meta(ge=-1, le=1023)]
UsbId = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{4}:[0-9a-f]{4}$(?!\n)")]
# vendor:product of any camera of that model, or vendor:product:serial; empty: any.
UsbCameraId = Annotated[
    str, msgspec.Meta(pattern=r"^([0-9a-f]{4}:[0-9a-f]{4}(:[!-~]{1,128})?)?$(?!\n)")
]
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

    @property
    def typed_on_page(self) -> bool:
        """Whether the key is typed on the page, and no device enters it."""
        return self.scanner == "screen"


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
    # usb only: the one camera that may be there, as `doctor` shows it.
    identity: UsbCameraId = ""
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
    # The answer of check_numbers stands so long on the screen, then it is cleared.
    numbers_shown_s: Annotated[float, msgspec.Meta(gt=0, le=300)] = 30.0


class Desk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The clerk's API and page; on a shop network only with TLS."""

    listen: str = ""  # "127.0.0.1" or an address of this terminal; empty: no desk
    port: Port = 8481
    token_file: str = ""  # holds the token, at least 32 characters; or credential:NAME
    cert_file: str = ""
    key_file: str = ""  # PEM; or credential:NAME
    names: tuple[HostName, ...] = ()  # by which it is called besides its address
    two_persons: bool = False  # a decision needs two different attendants


class Record(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What `likeness record` films with consent, and for whom it is sealed."""

    bench_key: str = ""  # public, of `likeness record keys make`; empty: no recording
    by: str = ""  # who records and keeps it, as the consent names them
    purpose: Literal["fault", "bench"] = "fault"  # what for, as the consent says it
    keep_days: Annotated[int, msgspec.Meta(ge=1, le=730)] = 90  # as it promises
    keep_files: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 20  # in one folder
    most_mib: Annotated[int, msgspec.Meta(ge=8, le=2048)] = 160  # in memory


class Signals(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Lamps and a beeper on lines of a GPIO chip; -1: there is none of this kind."""

    chip: str = ""  # /dev/gpiochip0, …; empty: no lamps
    ready_line: GpioLine = -1
    busy_line: GpioLine = -1
    attention_line: GpioLine = -1  # nobody can be served
    beeper_line: GpioLine = -1
    active_low: bool = False  # all of them are on at 0 V


class Board(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which board this is; it fills what the file leaves out (daemon/BOARDS.md)."""

    kind: Literal["auto", "zero2", "pi4", "pi5", "other"] = "auto"
    # Vision's own processors, where the unit allows that (its CPUAffinity= needs none).
    vision_cpus: tuple[CpuNumber, ...] = ()  # empty: any
    # No visit begins with less available memory; 0: that is not asked.
    least_free_mib: Annotated[int, msgspec.Meta(ge=0, le=4096)] = 0
    # From here on fewer pictures are shown, fewer taken, no visit begins.
    warm_c: Celsius = 70.0
    hot_c: Celsius = 76.0
    too_hot_c: Celsius = 83.0


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
    record: Record = Record()
    signals: Signals = Signals()
    board: Board = Board()


def load(path: Path) -> Config:
    """Read and check the configuration.

    Raises:
        ConfigError: with the file, the key and what would be right.
    """
    config = strict_toml.load(path, Config, board_values.by_board)
    config_checks.refuse(config, str(path))
    return config
