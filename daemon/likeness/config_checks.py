"""Refuses a configuration whose values contradict each other, or are unsafe as a whole.

Each refusal names the key and what would be right. Leaves to others: types, ranges and
unknown keys (`config`, `strict_toml`); what only the machine can tell (`doctor`).
"""

import ipaddress
import re
from typing import TYPE_CHECKING

from likeness.core.vocabulary import Environment, Purpose
from likeness.errors import ConfigError

if TYPE_CHECKING:
    from likeness.config import Config

HTTPS = "https://"
LOOPBACK = ("127.0.0.1", "localhost")
NUMBERED = re.compile(r"/dev/(v4l/)?video[0-9]*")


def refuse(config: "Config", where: str) -> None:
    """Refuse what cannot be meant; `where` is the file, for the message.

    Raises:
        ConfigError: with the file, the key and what would be right.
    """
    _refuse_contradictions(config, where)
    if config.terminal.environment is Environment.PRODUCTION:
        _refuse_unsafe(config, where)


def _refuse_contradictions(config: "Config", where: str) -> None:
    """One value may ask for another, in every environment."""
    if wrong := (
        _odd_readers(config)
        or _odd_screen(config)
        or _odd_desk(config)
        or _odd_signals(config)
        or _odd_board(config)
    ):
        raise ConfigError(f"{where}: {wrong}")
    if config.record.bench_key and not config.record.by.strip():
        raise ConfigError(
            f"{where}: record.by is empty; who is recorded must be told who keeps it:"
            " give a name, e.g. of the carrier"
        )
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
    if config.camera.identity and config.camera.source != "usb":
        raise ConfigError(
            f"{where}: camera.identity is for camera.source 'usb'; leave it out with"
            f" '{config.camera.source}'"
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


def _odd_readers(config: "Config") -> str:
    """A terminal has a reader of cards, one of chips, or both."""
    reader, chip = config.reader, config.chip
    if chip.kind:
        return _odd_chip(config)
    if not reader.kind:
        return (
            "reader.kind and chip.kind are both empty; a terminal needs a reader: 'sdt'"
            " for the first, 'pcsc' or 'pn532' for the second"
        )
    if chip.scanner or chip.name or chip.path:
        return (
            "chip.kind is empty; give 'pcsc' or 'pn532', or leave the other values of"
            " [chip] out"
        )
    return ""


def _odd_chip(config: "Config") -> str:
    """Say what is wrong with [chip], where a reader of chips is wanted."""
    chip = config.chip
    if chip.kind == "pn532" and not chip.path:
        return "chip.path is empty; chip.kind 'pn532' needs the serial line"
    if chip.kind == "pn532" and chip.name:
        return "chip.name is for chip.kind 'pcsc'; a pn532 is told by chip.path"
    if chip.kind == "pcsc" and chip.path:
        return "chip.path is for chip.kind 'pn532'; a PC/SC reader is told by chip.name"
    if not chip.scanner:
        return (
            "chip.scanner is empty; a chip opens only with what is printed on its card:"
            " give the scanner's serial line, a keyboard under /dev/input/by-id, '-'"
            " for standard input, or 'screen' for the page"
        )
    if chip.typed_on_page and config.screen.kind != "page":
        return (
            f"chip.scanner is 'screen', and screen.kind is '{config.screen.kind}'; keys"
            " can be typed on a 'page' only"
        )
    if _is_a_line_named_twice(config):
        return (
            "reader.path, chip.path and chip.scanner name one line twice; each device"
            " has its own"
        )
    if chip.allow_downgrade and not chip.allow_bac:
        return "chip.allow_downgrade needs chip.allow_bac, which is false"
    return ""


def _is_a_line_named_twice(config: "Config") -> bool:
    reader, chip = config.reader, config.chip
    lines = [chip.path]
    if reader.kind and reader.variant != "usb":
        lines.append(reader.path)
    if not chip.typed_on_page:
        lines.append(chip.scanner)
    lines = [line for line in lines if line]
    return len(set(lines)) != len(lines)


def _odd_screen(config: "Config") -> str:
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
    if screen.purposes == (Purpose.CHECK_NUMBERS,) and not (
        config.keys.carrier_answer_key
    ):
        return (
            "screen.purposes is 'check_numbers' alone, which needs"
            " keys.carrier_answer_key: without it no numbers can be asked"
        )
    if screen.consent_by == "tap" and not screen.purposes:
        return (
            "screen.purposes is empty, and with screen.consent_by 'tap' no card begins"
            " a visit; give what a visitor may choose"
        )
    return ""


def _odd_desk(config: "Config") -> str:
    """Say what is wrong with [desk]: nothing of it is ever open by mistake."""
    desk, screen = config.desk, config.screen
    if not desk.listen:
        if desk == type(desk)():
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


def _odd_signals(config: "Config") -> str:
    """Say what is wrong with [signals]: lines of a chip, each for one thing."""
    given = config.signals
    if not given.chip:
        if given == type(given)():
            return ""
        return (
            "signals.chip is empty; give /dev/gpiochip0 or another chip, or leave the"
            " other values of [signals] out"
        )
    numbers = (
        given.ready_line,
        given.busy_line,
        given.attention_line,
        given.beeper_line,
    )
    lines = [number for number in numbers if number >= 0]
    if not lines:
        return "signals.chip is given and no line; give one, e.g. signals.busy_line"
    if len(set(lines)) != len(lines):
        return "[signals] names one line twice; each lamp has its own"
    return ""


def _odd_board(config: "Config") -> str:
    """Say what is wrong with [board]: each mark is above the one before."""
    given = config.board
    if not given.warm_c < given.hot_c < given.too_hot_c:
        return (
            "board.warm_c, board.hot_c and board.too_hot_c must rise, as in 70, 76, 83"
        )
    return ""


def _refuse_unsafe(config: "Config", where: str) -> None:
    """In production nothing is played or sent in clear, and no key serves twice."""
    if config.camera.source == "feed":
        raise ConfigError(
            f"{where}: camera.source 'feed' is for test and bench; with"
            " terminal.environment 'production' use 'usb' or 'picamera2'"
        )
    if config.camera.source == "usb" and not _is_stable(config.camera.path):
        raise ConfigError(
            f"{where}: camera.path '{config.camera.path}': give a name that is the same"
            " camera at every start: see /dev/v4l/by-id/ and /dev/v4l/by-path/"
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


def _is_stable(path: str) -> bool:
    """Whether a device is named, and not by the order in which it was found."""
    return path.startswith("/dev/") and not NUMBERED.fullmatch(path)
