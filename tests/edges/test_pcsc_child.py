"""What pcscd's codes become, with a library that says what the test wants."""

import pytest

from likeness.edges import pcsc_child
from likeness.edges.pcsc_child import Failed, Order, Said, Talk

W_REMOVED_CARD, E_NO_SMARTCARD = 0x80100069, 0x8010000C
E_READER_UNAVAILABLE = 0x80100017


class FleetingCard:
    """pyscard's `scard` with one reader, whose card connects and then is `status`."""

    SCARD_SCOPE_SYSTEM = SCARD_SHARE_EXCLUSIVE = SCARD_UNPOWER_CARD = 2
    SCARD_PROTOCOL_T0, SCARD_PROTOCOL_T1 = 1, 2

    def __init__(self, status: int) -> None:
        self._status = status - (1 << 32)  # as the library gives it: signed
        self.connected = 0

    def SCardEstablishContext(self, _scope: int) -> tuple[int, int]:  # noqa: N802
        return 0, 1

    def SCardListReaders(self, *_: object) -> tuple[int, list[str]]:  # noqa: N802
        return 0, ["A reader"]

    def SCardConnect(self, *_: object) -> tuple[int, int, int]:  # noqa: N802
        self.connected += 1
        return 0, 7, 2

    def SCardDisconnect(self, *_: object) -> int:  # noqa: N802
        self.connected -= 1
        return self._status

    def SCardStatus(  # noqa: N802
        self, _card: int
    ) -> tuple[int, str, int, int, list[int]]:
        return self._status, "", 0, 0, []


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (W_REMOVED_CARD, Said.NO_CARD),
        (E_NO_SMARTCARD, Said.NO_CARD),
        (E_READER_UNAVAILABLE, Said.LOST),
    ],
)
def test_a_card_that_leaves_while_it_is_connected_is_no_lost_reader(
    monkeypatch: pytest.MonkeyPatch, status: int, said: Said
) -> None:
    library = FleetingCard(status)
    monkeypatch.setattr(pcsc_child, "scard", library)
    talk = Talk()
    talk.answer(Order.OPEN, b"")
    for _ in range(3):
        with pytest.raises(Failed) as failed:
            talk.answer(Order.CONNECT, b"")
        assert failed.value.said is said
    assert library.connected == 1  # no handle is left behind
