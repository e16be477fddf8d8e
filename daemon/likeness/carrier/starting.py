"""Starts and cancels visits in the carrier's name.

Signed with the key that answers visits, so a terminal needs no other. Leaves to others:
the line and the replies (`order_line`), numbers (`issued_orders`).
"""

import secrets
import time
from collections.abc import Callable
from pathlib import Path

from likeness.carrier.issued_orders import VISIT, NewOrder
from likeness.carrier.order_line import OrderLine, Unanswered
from likeness.carrier.settings import Settings
from likeness.carrier.words import Life, signed
from likeness.core import messages, orders, visit_orders
from likeness.core.vocabulary import Purpose
from likeness.edges.signer import FileSigner


class Starting:
    """Orders visits; see `Settings` for its line and its keys."""

    def __init__(self, settings: Settings) -> None:
        """Open key and database.

        Raises:
            ConfigError: one of them cannot be used.
        """
        self._key = FileSigner(Path(settings.keys) / "visit.key")
        self._far = OrderLine(settings)

    def close(self) -> None:
        """Let go of the database."""
        self._far.close()

    async def start(
        self,
        device: str,
        purpose: Purpose,
        transaction: str,
        *,
        wait_s: float,
        expires_after_s: int,
    ) -> orders.Reply:
        """Open a visit; return what the terminal says to it.

        Raises:
            Unanswered: no reply in time.
        """

        def make(counter: int, life: Life) -> str:
            claims = visit_orders.Start(
                aud=device,
                jti=secrets.token_hex(16),
                iat=life.issued_s,
                exp=life.expires_s,
                counter=counter,
                transaction=transaction,
                purpose=purpose,
            )
            return signed(self._key, messages.to_json(claims), visit_orders.START)

        name = f"start {transaction}"
        return await self._order(
            device, name, make, wait_s=wait_s, expires_after_s=expires_after_s
        )

    async def cancel(
        self, device: str, transaction: str, *, wait_s: float, expires_after_s: int
    ) -> orders.Reply:
        """End the visit of this transaction; return what the terminal says to it.

        Raises:
            Unanswered: no reply in time.
        """

        def make(counter: int, life: Life) -> str:
            claims = visit_orders.Cancel(
                aud=device,
                jti=secrets.token_hex(16),
                iat=life.issued_s,
                exp=life.expires_s,
                counter=counter,
                transaction=transaction,
            )
            return signed(self._key, messages.to_json(claims), visit_orders.CANCEL)

        name = f"cancel {transaction}"
        return await self._order(
            device, name, make, wait_s=wait_s, expires_after_s=expires_after_s
        )

    async def _order(
        self,
        device: str,
        name: str,
        make: Callable[[int, Life], str],
        *,
        wait_s: float,
        expires_after_s: int,
    ) -> orders.Reply:
        async with self._far.up(device, "reply") as line:
            now_s = int(time.time())
            life = Life(now_s, now_s + expires_after_s)
            order = NewOrder(device, VISIT, name, lambda number: make(number, life))
            token = self._far.store.issue(order, now_s)
            try:
                return await self._far.answered(
                    line,
                    device,
                    "visit",
                    token,
                    wait_s=wait_s,
                    expires_after_s=expires_after_s,
                )
            except Unanswered as late:
                raise Unanswered(
                    f"{device}: {late}; check its name, and that it runs and reaches"
                    " this broker; it may have obeyed all the same"
                ) from late
