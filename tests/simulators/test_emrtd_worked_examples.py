"""The simulated chip reproduces the examples that ICAO 9303-11 prints, byte by byte."""

from collections.abc import Callable

import pytest

from likeness.simulators.emrtd_card import EmrtdCard
from likeness.simulators.emrtd_chip import Chip
from likeness.simulators.emrtd_crypto import AES_128, TDES
from likeness.simulators.emrtd_curves import CURVES
from likeness.simulators.emrtd_files import COM, pace_info
from likeness.simulators.emrtd_mrz import Document, mrz, mrz_information
from likeness.simulators.emrtd_pace import PaceOffer

EXAMPLE_COM = bytes.fromhex("60145F0104303130365F36063034303030305C026175")


def given(*values: str | bytes) -> Callable[[int], bytes]:
    """Return these instead of random bytes, one after the other."""
    rest = [bytes.fromhex(one) if isinstance(one, str) else one for one in values]

    def next_one(size: int) -> bytes:
        value = rest.pop(0)
        assert len(value) == size
        return value

    return next_one


def test_appendix_d_basic_access_and_secure_messaging() -> None:
    chip = Chip({}, {COM: EXAMPLE_COM}, "L898902C<369080619406236")
    random = given("4608F91988702212", "0B4F80323EB3191CB04970CB4052790B")
    card = EmrtdCard(chip, random=random)
    card.power_on()
    conversation = [
        ("00A4040C07A0000002471001", "9000"),
        ("0084000008", "4608F919887022129000"),
        (
            "0082000028"
            "72C29C2371CC9BDB65B779B8E8D37B29ECC154AA56A8799FAE2F498F76ED92F2"
            "5F1448EEA8AD90A728",
            "46B9342A41396CD7386BF5803104D7CEDC122B9132139BAF2EEDC94EE178534F"
            "2F2D235D074D74499000",
        ),
        (
            "0CA4020C158709016375432908C044F68E08BF8B92D635FF24F800",
            "990290008E08FA855A5D4C50A8ED9000",
        ),
        (
            "0CB000000D9701048E08ED6705417E96BA5500",
            "8709019FF0EC34F9922651990290008E08AD55CC17140B2DED9000",
        ),
        (
            "0CB000040D9701128E082EA28A70F3C7B53500",
            "871901FB9235F4E4037F2327DCC8964F1F9B8C30F42C8E2FFF224A"
            "990290008E08C8B2787EAEA07D749000",
        ),
    ]
    for command, answer in conversation:
        assert card.answer(bytes.fromhex(command)).hex().upper() == answer


def test_appendix_d_session_keys() -> None:
    seed = bytes.fromhex("239AB9CB282DAF66231DC5A4DF6BFBAE")
    assert TDES.derive(seed, 1).hex().upper() == "AB94FDECF2674FDFB9B391F85D7F76F2"
    assert TDES.derive(seed, 2).hex().upper() == "7962D9ECE03D1ACD4C76089DCE131543"


# The chip's private keys; our card draws 1 to order - 1, so one less is given.
KEY_MAP = 0x498FF49756F2DC1587840041839A85982BE7761D14715FB091EFA7BCE9058560
KEY_AGREE = 0x107CF58696EF6155053340FD633392BA81909DF7B9706F226F32086C7AFF974A
G1_MAP_IC = (
    "04824FBA91C9CBE26BEF53A0EBE7342A3BF178CEA9F45DE0B70AA601651FBA3F57"
    "30D8C879AAA9C9F73991E61B58F4D52EB87A0A0C709A49DC63719363CCD13C54"
)


def test_appendix_g1_pace_with_generic_mapping() -> None:
    """The terminal's side is computed here from the printed private keys."""
    curve = CURVES["brainpoolP256r1"]
    offer = PaceOffer(AES_128, curve)
    information = mrz_information(
        Document(
            "td1", "I", "UTO", "T22000129", "A", "B", "UTO", "640812", "F", "101031"
        )
    )
    assert information == "T22000129364081251010318"
    chip = Chip({}, {}, information, pace=(offer,))
    random = given(
        "3F00C4D39D153F2B2A214A078D899B22",
        (KEY_MAP - 1).to_bytes(32),
        (KEY_AGREE - 1).to_bytes(32),
    )
    card = EmrtdCard(chip, random=random)
    card.power_on()

    def ask(command: str) -> str:
        return card.answer(bytes.fromhex(command)).hex().upper()

    assert ask("0022C1A40F800A04007F00070202040202830101") == "9000"
    nonce = ask("10860000027C0000")
    assert nonce == "7C12801095A3A016522EE98D01E76CB6B98B42C39000"
    map_ifd = curve.generator * int(
        "7F4EF07B9EA82FD78AD689B38D0BC78CF21F249D953BC46F4C6E19259C010F99", 16
    )
    point = curve.encode(map_ifd).hex()
    assert ask(f"10860000457C438141{point}00") == f"7C438241{G1_MAP_IC}9000"
    mapped = curve.generator * int("3F00C4D39D153F2B2A214A078D899B22", 16)
    mapped += map_ifd * KEY_MAP
    assert curve.x(mapped).hex().upper() == (
        "8CED63C91426D4F0EB1435E7CB1D74A46723A0AF21C89634F65A9AE87A9265E2"
    )
    agree_ifd = mapped * int(
        "A73FB703AC1436A18E0CFA5ABB3F7BEC7A070E7A6788486BEE230C4A22762595", 16
    )
    point = curve.encode(agree_ifd).hex()
    assert ask(f"10860000457C438341{point}00").startswith("7C43844104")
    proved = ask("008600000C7C0A8508C2B0BD78D94BA86600")
    assert proved == "7C0A86083ABB9674BCE93C089000"


def test_appendix_g1_names_its_way() -> None:
    info = pace_info(AES_128, "brainpoolP256r1").hex().upper()
    assert info == "3012060A04007F0007020204020202010202010D"


@pytest.mark.parametrize(
    ("document", "lines"),
    [
        (
            Document(
                *("td3", "P", "UTO", "L898902C3", "Eriksson", "Anna Maria"),
                *("UTO", "740812", "F", "120415", "ZE184226B"),
            ),
            (
                "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<",
                "L898902C36UTO7408122F1204159ZE184226B<<<<<10",
            ),
        ),
        (
            Document(
                *("td1", "I", "UTO", "D23145890", "Eriksson", "Anna Maria"),
                *("UTO", "740812", "F", "120415"),
            ),
            (
                "I<UTOD231458907<<<<<<<<<<<<<<<",
                "7408122F1204159UTO<<<<<<<<<<<6",
                "ERIKSSON<<ANNA<MARIA<<<<<<<<<<",
            ),
        ),
        (
            Document(
                *("td1", "I", "UTO", "D23145890734", "Stevenson", "Peter John"),
                *("UTO", "340712", "M", "950712"),
            ),
            (
                "I<UTOD23145890<7349<<<<<<<<<<<",
                "3407127M9507122UTO<<<<<<<<<<<2",
                "STEVENSON<<PETER<JOHN<<<<<<<<<",
            ),
        ),
        (
            Document(
                *("td2", "I", "UTO", "D23145890", "Eriksson", "Anna Maria"),
                *("UTO", "740812", "F", "120415"),
            ),
            (
                "I<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<",
                "D231458907UTO7408122F1204159<<<<<<<6",
            ),
        ),
    ],
)
def test_printed_zones(document: Document, lines: tuple[str, ...]) -> None:
    assert mrz(document) == lines
