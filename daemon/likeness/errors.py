"""What can go wrong, one class per reaction (who must act, and how).

Outcomes of a visit (not live, not the same person, no card) are values, not errors.
Each message says what was being done, to what, and what was seen; never personal data.
"""


def one_line(text: str) -> str:
    """Show signs that would steer a terminal, or are no text, as escapes."""
    return "".join(
        sign if sign.isprintable() else sign.encode("unicode_escape").decode()
        for sign in text
    )


class LikenessError(Exception):
    """Any fault we understand; its text is one line for the person who must act."""


class ConfigError(LikenessError):
    """A configuration or visit file is wrong: its author mends it (exit code 78)."""


class KeyMissing(ConfigError):
    """A key cannot be read: who knows for which terminal says how one is had."""


class UsageError(LikenessError):
    """A command was called with something it cannot use (exit code 2)."""


class ModelError(LikenessError):
    """A model is missing, has a wrong digest or computes wrong: do not start."""


class FeedUnreadable(LikenessError):
    """A recording cannot be opened or decoded: name it, go on with the next."""


class DeviceLost(LikenessError):
    """A camera, reader or screen is gone: back off and open it again."""


class DeviceRefused(DeviceLost):
    """A device is there, but not for us (rights, in use): its installer mends it."""


class CardGone(LikenessError):
    """The card left the reader in the middle of an exchange: wait for the next one."""


class CardMute(LikenessError):
    """The card lies there and does not answer as it should: begin anew with it."""


class CardUnfit(LikenessError):
    """The card takes no commands at all: it is of another kind."""


class PackageError(LikenessError):
    """A pinned package cannot be had or is not what was pinned: mend its source."""


class StoreFull(LikenessError):
    """A result cannot be made safe: no new visit until there is room."""


class KeyLost(LikenessError):
    """The device's key does not sign (token pulled out): no result until it does."""


class StoreBroken(LikenessError):
    """The database cannot be trusted: set it aside, begin a new epoch."""


class Untrusted(LikenessError):
    """A signed message failed a check: drop it, count it, change nothing."""


class UpdateRefused(LikenessError):
    """An update failed a check: keep the models that run, and say why."""


class ModelsReturned(LikenessError):
    """New models failed their trial and were given back: start again without them."""


class Restarting(LikenessError):
    """The carrier wants a new start: end in order, be started again (exit code 75)."""


class ProtocolMisuse(LikenessError):
    """Our own code called things in the wrong order: crash, and be mended."""


def first_fault(faults: BaseExceptionGroup) -> LikenessError | None:
    """Give the one line that says most of what ended several tasks; None: a bug."""
    first: BaseException | None = faults.subgroup(LikenessError)
    while isinstance(first, BaseExceptionGroup):
        first = first.exceptions[0]
    return first if isinstance(first, LikenessError) else None
