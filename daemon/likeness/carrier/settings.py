"""The carrier's configuration file: where its keys, its database and its broker are.

Every program of the carrier reads the same file and takes what it needs. Leaves to
others: opening what is named here.
"""

from typing import Annotated, Literal

import msgspec

Port = Annotated[int, msgspec.Meta(ge=1, le=65535)]


class Web(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where one of our servers is reached over HTTP; see `carrier.web`."""

    listen: str = "127.0.0.1"  # an address; beyond loopback only with a certificate
    port: Annotated[int, msgspec.Meta(ge=0, le=65535)] = 0  # 0: it is not served
    names: tuple[str, ...] = ()  # other names by which clients may call it, with port
    token_file: str = ""  # who may ask; see `likeness desk token`
    cert_file: str = ""
    key_file: str = ""


class Numbers(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How many numbers a person may hold, and how fresh a result must be."""

    # A person's numbers of one kind; the law or the carrier sets it.
    mobile_at_most: Annotated[int, msgspec.Meta(ge=0, le=1000)] = 5
    internet_at_most: Annotated[int, msgspec.Meta(ge=0, le=1000)] = 5
    # From the result being kept here to the binding.
    fresh_s: Annotated[int, msgspec.Meta(ge=1, le=86_400)] = 900
    # From opening a transaction to its result.
    transaction_s: Annotated[int, msgspec.Meta(ge=60, le=86_400)] = 3600
    # A referred result binds as well, if attendants have accepted it since.
    decided: bool = False
    # Calling code of the numbers, e.g. "86": +86 and 0086 are the same as neither.
    country: Annotated[str, msgspec.Meta(pattern=r"^([1-9][0-9]{0,2})?$(?!\n)")] = ""


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The carrier's configuration file, or the options of `carrier run`."""

    # Folder with receipt.key, visit.key, devices/; answer.key to answer statements,
    # with person.key and `numbers` to answer check_numbers; command.key to order;
    # register.key, by which persons are known to the register; audit.key for exports.
    keys: str
    database: str  # a file (SQLite), or postgresql://… (see `carrier.database`)
    environment: Literal["production", "test"] = "production"
    host: str = "localhost"
    port: Port = 8884
    client_id: str = "likeness-carrier"
    # Several that take in results, each with a client_id of its own, share them by
    # this name; empty: this one takes all.
    share: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9._-]{0,64}$(?!\n)")] = ""
    ca_file: str = ""  # empty: no TLS, allowed in test only
    cert_file: str = ""
    key_file: str = ""
    # Who orders comes by another name, with a certificate of its own: one line each.
    order_client_id: str = "likeness-command"
    order_cert_file: str = ""
    order_key_file: str = ""
    # The same for rollouts: their line stands for hours, and orders go on beside it.
    rollout_client_id: str = "likeness-rollout"
    rollout_cert_file: str = ""
    rollout_key_file: str = ""
    # The same for who watches the fleet.
    fleet_client_id: str = "likeness-fleet"
    fleet_cert_file: str = ""
    fleet_key_file: str = ""
    # The same for who tells Home Assistant of the terminals.
    discovery_client_id: str = "likeness-discovery"
    discovery_cert_file: str = ""
    discovery_key_file: str = ""
    # Who holds which number: "register" is our own (`carrier.register`); or a file, see
    # `numbers.NumberFile`; empty: check_numbers has no answer.
    numbers: str = ""
    retry_to_s: float = 30.0  # one carrier, many terminals: it need not stand back
    register: Numbers = Numbers()
    api: Web = Web()  # numbers and transactions, for the carrier's own systems
    fleet: Web = Web()  # the page that watches the fleet, with /metrics
    metrics: Web = Web()  # /metrics of `carrier run`
