"""What `likeness reader` does with `--emrtd`: simulated ICAO chips, and files for them.

Leaves to others: the commands' options (reader), the chip and its transports
(simulators).
"""

from collections.abc import Iterable
from pathlib import Path

from likeness.commands.laying import Laid
from likeness.errors import ConfigError, UsageError
from likeness.simulators import emrtd_card_file
from likeness.simulators.emrtd_authority import CountryAuthority
from likeness.simulators.emrtd_authority_folder import open_authority, write_trust
from likeness.simulators.emrtd_card import EmrtdCard
from likeness.simulators.emrtd_mrz import Form, mrz
from likeness.simulators.emrtd_personalise import document_of, personalise
from likeness.simulators.pn532 import Pn532Simulator
from likeness.simulators.pn532_reader import Radio
from likeness.simulators.vpcd import PORT, VpcdSimulator

LISTENS_WITHIN_S = 1.0  # a pcscd that runs
AUTHORITY = "authority"  # folder beside the card file


def before_pn532(
    card_path: Path,
    faults: Iterable[str],
    *,
    line_faults: Iterable[str],
    radio: Radio,
    link: Path | None,
    paced: bool,
) -> Laid:
    """Lay the chip of a card file before a simulated PN532."""
    card = load(card_path, faults)
    simulator = Pn532Simulator(
        card, faults=line_faults, radio=radio, link=link, paced=paced
    )
    return Laid(simulator, lambda: simulator.lay(card))


def in_vpcd(card_path: Path, faults: Iterable[str], *, port: int | None) -> Laid:
    """Put the chip of a card file into pcscd's virtual reader, once it listens."""
    card = load(card_path, faults)
    simulator = VpcdSimulator(card, port=port or PORT)

    def waits_for() -> str:
        if simulator.connected.wait(LISTENS_WITHIN_S):
            return ""
        return f"pcscd with vsmartcard-vpcd at {simulator.path}"

    return Laid(simulator, lambda: simulator.lay(card), waits_for)


def load(path: Path, faults: Iterable[str]) -> EmrtdCard:
    """Make the chip that a card file describes, misbehaving as both say.

    Raises:
        ConfigError: the file, a value or the picture cannot be used.
        UsageError: an unknown fault, or the authority's folder cannot be used.
    """
    card, picture = emrtd_card_file.load(path)
    if card.authority:
        folder = path.parent / card.authority
        if not folder.is_dir():
            raise ConfigError(
                f"{path}: authority: {folder} is no folder; copy it there with the"
                " card file, or leave the key out"
            )
        state = open_authority(folder)
    else:
        state = CountryAuthority()
    faults = tuple(faults)
    try:
        chip = personalise(card, state, picture, more_faults=faults)
    except ValueError as problem:
        raise ConfigError(f"{path}: {problem}") from problem
    return EmrtdCard(chip, faults=(*card.faults, *faults))


def write(
    out: Path, seed: int, form: Form, portrait: str, trust: Path | None
) -> list[str]:
    """Write a card file of an invented person, and what its verifier trusts.

    Returns what opens the chip, as lines for whoever will type it.

    Raises:
        UsageError: something cannot be written.
    """
    card = emrtd_card_file.fictitious_card(seed, form, portrait, AUTHORITY)
    try:  # first, so that no key lies beside a file that cannot be
        out.write_text(emrtd_card_file.to_toml(card), encoding="utf-8")
    except OSError as problem:
        raise UsageError(f"{out}: cannot be written: {problem.strerror}") from problem
    state = open_authority(out.parent / AUTHORITY)
    if trust is not None:
        write_trust(state, trust)
    return [f"CAN {card.can}", *mrz(document_of(card))]
