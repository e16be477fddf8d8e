"""Basic access control, by the worked example of ICAO 9303-11 appendix D."""

import pytest

from chip_talks import Drawn, Scripted, hold
from likeness.chip.bac import document_keys, open_by_bac
from likeness.chip.channel import Channel, ReadingStats, Talk
from likeness.chip.trouble import ChipTrouble
from likeness.core.apdu import Command
from likeness.core.card_trouble import Trouble

INFORMATION = "L898902C<369080619406236"
RND_IC = "4608F91988702212"
RND_IFD = bytes.fromhex("781723860C06C226")
K_IFD = bytes.fromhex("0B795240CB7049B01C19B33E32804F0B")
SHOWN = (
    "72C29C2371CC9BDB65B779B8E8D37B29ECC154AA56A8799FAE2F498F76ED92F25F1448EEA8AD90A7"
)
GIVEN = (
    "46B9342A41396CD7386BF5803104D7CEDC122B9132139BAF2EEDC94EE178534F2F2D235D074D7449"
)
CHALLENGE = ("0084000008", RND_IC + "9000")
PROOF = "0082000028" + SHOWN + "28"


def opened(*lines: tuple[str, str], then: Command | None = None) -> Scripted:
    chip = Scripted(*lines)
    channel = Channel(ReadingStats(), most_commands=9)

    def talk() -> Talk[None]:
        yield from open_by_bac(channel, INFORMATION, random=Drawn(RND_IFD, K_IFD))
        if then is not None:
            yield from channel.ask(then)

    hold(talk(), chip.answer)
    return chip


def test_keys_of_the_document() -> None:
    keys = document_keys(INFORMATION)
    assert keys.encryption == bytes.fromhex("AB94FDECF2674FDFB9B391F85D7F76F2")
    assert keys.authentication == bytes.fromhex("7962D9ECE03D1ACD4C76089DCE131543")


def test_the_worked_example_opens_and_protects() -> None:
    select = Command(0x00, 0xA4, 0x02, 0x0C, bytes.fromhex("011E"))
    chip = opened(
        CHALLENGE,
        (PROOF, GIVEN + "9000"),
        (
            "0CA4020C158709016375432908C044F68E08BF8B92D635FF24F800",
            "990290008E08FA855A5D4C50A8ED9000",
        ),
        then=select,
    )
    assert chip.done


def refused(*lines: tuple[str, str]) -> ChipTrouble:
    with pytest.raises(ChipTrouble) as caught:
        opened(*lines)
    return caught.value


@pytest.mark.parametrize("status", ["6300", "6982", "6985"])
def test_a_wrong_key(status: str) -> None:
    trouble = refused(CHALLENGE, (PROOF, status))
    assert (trouble.kind, trouble.tries_left) == (Trouble.ACCESS_KEY_WRONG, None)


def test_a_wrong_key_with_tries_left() -> None:
    trouble = refused(CHALLENGE, (PROOF, "63C2"))
    assert (trouble.kind, trouble.tries_left) == (Trouble.ACCESS_KEY_WRONG, 2)


@pytest.mark.parametrize("status", ["63C0", "6983"])
def test_no_more_keys(status: str) -> None:
    trouble = refused(CHALLENGE, (PROOF, status))
    assert (trouble.kind, trouble.tries_left) == (Trouble.ACCESS_KEY_BLOCKED, 0)


def test_a_chip_without_bac() -> None:
    assert refused(("0084000008", "6D00")).kind is Trouble.CARD_UNSUPPORTED


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("9000", "another size"),
        (GIVEN[:-2] + "4A" + "9000", "not by the key"),
        ("47" + GIVEN[2:] + "9000", "not by the key"),
        ("6F00", "6F00"),
        (GIVEN + "00" + "9000", "another size"),
    ],
)
def test_an_answer_that_proves_nothing(given: str, said: str) -> None:
    trouble = refused(CHALLENGE, (PROOF, given))
    assert trouble.kind is Trouble.CARD_COMM
    assert said in trouble.detail


def test_an_answer_to_another_challenge() -> None:
    """A recorded answer, well made with the right keys."""
    keys = document_keys(INFORMATION)
    sealed = keys.suite.encrypt(keys.encryption, bytes(8) + RND_IFD + bytes(16))
    answer = sealed + keys.suite.mac(keys.authentication, sealed)
    trouble = refused(CHALLENGE, (PROOF, answer.hex() + "9000"))
    assert "another challenge" in trouble.detail


def test_a_challenge_of_another_size() -> None:
    assert refused(("0084000008", "46089000")).kind is Trouble.CARD_COMM
