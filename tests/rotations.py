"""What tests of a change of keys need: a terminal's next key, and its records."""

from dataclasses import replace
from pathlib import Path

from likeness.core import jws
from likeness.core.chain import ChainHead, Link
from likeness.edges import key_files
from likeness.edges.signer import FileSigner
from likeness.service.notary import Notary
from results import FACTS, Bench, FixedClock, result_at


def with_new_key(near: Bench, folder: Path) -> Bench:
    """Return the same terminal with a key of its own that nobody knows yet."""
    folder.mkdir(parents=True, exist_ok=True)
    key_files.make_private(folder / "next.key")
    signer = FileSigner(folder / "next.key")
    notary = Notary(FACTS, signer=signer, clock=FixedClock())
    return replace(near, signer=signer, notary=notary)


def after(tokens: list[str], epoch: str) -> ChainHead:
    """Return the place behind these records, which are a whole chain."""
    return ChainHead(epoch, len(tokens), jws.chain_hash(tokens[-1]))


def change(
    old: Bench, new: Bench, head: ChainHead, still_open: tuple[Link, ...] = ()
) -> str:
    """Sign the change from one key to the other."""
    return old.notary.change_key(head, new.signer, still_open)


def more(near: Bench, tokens: list[str], count: int, epoch: str) -> list[str]:
    """Add results to a chain, signed by this key."""
    for _ in range(count):
        tokens.append(result_at(near, after(tokens, epoch)))
    return tokens
