"""A PC/SC reader (pcscd), as a reader of chips.

pcscd, its drivers and the library that speaks with it can hang or die; so they are
spoken with by a child, which is killed when it is silent for too long and begun anew
with the next opening. Leaves to others: the talk with pcscd (`pcsc_child`).
"""

import asyncio
import contextlib
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Sequence

from likeness.edges import pcsc_child
from likeness.edges.child_end import ended
from likeness.edges.pcsc_child import LENGTH, MOST, Order, Said
from likeness.errors import (
    CardGone,
    CardMute,
    CardUnfit,
    DeviceLost,
    DeviceRefused,
    one_line,
)

PROGRAM = (sys.executable, "-I", "-m", pcsc_child.__name__)
ENVIRONMENT = {"LC_ALL": "C.UTF-8"}
# Connecting powers the chip up; a transmission lasts as long as the chip asks for.
WITHIN_S = {Order.OPEN: 10.0, Order.CONNECT: 8.0, Order.TRANSMIT: 15.0}
ELSE_WITHIN_S = 5.0
NAME_MOST = 128  # MAX_READERNAME of pcsc-lite
NO_SERVICE = ("0x8010001D", "0x8010001E")


class PcscReader:
    """The first reader whose name holds `name`; fits `service.ports.ChipLine`.

    Args:
        name: a part of the reader's name as `opensc-tool -l` shows it; "": any.
        program: the child.
        patience: times which all waits are taken; a test has less of it.
    """

    def __init__(
        self, name: str = "", *, program: Sequence[str] = PROGRAM, patience: float = 1.0
    ) -> None:
        self._name = name
        self._program = tuple(program)
        self._patience = patience
        self._child: Process | None = None

    @property
    def pid(self) -> int | None:
        """The child's process id while there is one."""
        return None if self._child is None else self._child.pid

    async def open(self) -> str:
        """Begin a child and let it find the reader; return the reader's name.

        Raises:
            DeviceRefused: pyscard is missing, or the reader is not for us.
            DeviceLost: there is no pcscd or no such reader.
        """
        await self.close()
        try:
            self._child = await asyncio.create_subprocess_exec(
                *self._program,
                stdin=PIPE,
                stdout=PIPE,
                stderr=DEVNULL,
                env=ENVIRONMENT,
                start_new_session=True,
            )
        except OSError as problem:  # no memory, no more processes or files
            raise DeviceLost(
                f"no process for the PC/SC reader: {problem.strerror}"
            ) from problem
        said, data = await self._ask(Order.OPEN, self._name.encode())
        if said is not Said.DONE:
            return ""
        # A device says it of itself, and it goes into log, screen and result.
        return one_line(data.decode("ascii", "replace"))[:NAME_MOST]

    async def connect(self) -> bytes | None:
        """Power the card up anew, for us alone; return its ATR."""
        said, data = await self._ask(Order.CONNECT)
        return data if said is Said.DONE else None

    async def transmit(self, apdu: bytes) -> bytes:
        """Give one command and return its answer."""
        _, data = await self._ask(Order.TRANSMIT, apdu)
        return data

    async def present(self) -> bool:
        """Ask pcscd; nothing goes to the card."""
        with contextlib.suppress(CardGone, CardMute):
            said, _ = await self._ask(Order.PRESENT)
            return said is Said.DONE
        return False

    async def release(self) -> None:
        """Switch the card off."""
        await self._ask(Order.RELEASE)

    async def close(self) -> None:
        """Kill the child; it holds nothing that must be put away."""
        child, self._child = self._child, None
        if child is None:
            return
        with contextlib.suppress(ProcessLookupError):
            child.kill()
        await ended(child)

    async def _ask(self, order: Order, data: bytes = b"") -> tuple[Said, bytes]:
        """Return what was said, if it is something to go on with."""
        child = self._child
        if child is None or child.stdin is None or child.stdout is None:
            raise DeviceLost("the PC/SC reader is not open")
        within_s = WITHIN_S.get(order, ELSE_WITHIN_S) * self._patience
        try:
            async with asyncio.timeout(within_s):
                child.stdin.write(LENGTH.pack(1 + len(data)) + order.encode() + data)
                await child.stdin.drain()
                (size,) = LENGTH.unpack(await child.stdout.readexactly(LENGTH.size))
                body = await child.stdout.readexactly(min(max(1, size), MOST))
                said, data = Said(chr(body[0])), body[1:]
                words = "" if said is Said.DONE else data.decode("ascii", "replace")
        except TimeoutError:
            await self.close()
            raise DeviceLost(
                "PC/SC hangs; it is begun anew, see pcscd if that does not help"
            ) from None
        except (OSError, EOFError, ValueError):  # ValueError: a word it does not have
            await self.close()
            raise DeviceLost("the PC/SC process ended; it is begun anew") from None
        if said is Said.LOST and order is not Order.OPEN:
            await self.close()
            raise DeviceLost(f"the PC/SC reader or pcscd is gone ({words})")
        self._judge(said, words)
        return said, data

    def _judge(self, said: Said, why: str) -> None:
        """Raise what a refusal means."""
        match said:
            case Said.DONE | Said.NO_CARD:
                return
            case Said.GONE:
                raise CardGone("the card was taken away")
            case Said.MUTE:
                raise CardMute(why)
            case Said.UNFIT:
                raise CardUnfit(why)
            case Said.MISSING:
                raise DeviceRefused(
                    "PC/SC needs pyscard; apt install python3-pyscard, or"
                    " pip install 'likeness[pcsc]'"
                )
            case Said.REFUSED:
                raise DeviceRefused(
                    f"PC/SC reader '{self._name}' is in use by another program, or this"
                    f" user may not use it ({why}); stop that one, or see polkit"
                )
            case Said.LOST:
                if why in NO_SERVICE:
                    raise DeviceLost(
                        f"pcscd does not run ({why}); systemctl enable --now pcscd"
                    )
                raise DeviceLost(
                    f"no PC/SC reader '{self._name}' ({why}); plug it in, or set"
                    " chip.name to a part of a name that 'opensc-tool -l' shows"
                )
