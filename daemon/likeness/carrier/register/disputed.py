"""Which numbers a dispute means, for the carrier's own people.

Opens the person in the result and looks the numbers up again; their references are
computed anew with the answer's key. Leaves to others: everything before (`inquiries`).
"""

from cryptography.hazmat.primitives.asymmetric import ec

from likeness.carrier import inquiries
from likeness.carrier.numbers import NumberRegistry
from likeness.carrier.stated import Stated
from likeness.carrier.store import CarrierStore
from likeness.core import messages
from likeness.edges import sealer


def numbers(
    store: CarrierStore,
    one: Stated,
    person_key: ec.EllipticCurvePrivateKey,
    registry: NumberRegistry,
) -> list[str]:
    """Return the numbers, whole; "?" for one that is in this name no more.

    Raises:
        Untrusted: the person cannot be opened with this key.
    """
    person, salt = store.disputed(one)
    inside = sealer.open_sealed(person, person_key)
    holder = messages.from_json(inside, messages.Person)
    known = {
        inquiries.reference(each.number, salt, each.kind): each.number
        for each in registry.numbers_of(holder)
    }
    return [known.get(ref, "?") for ref in one.numbers]
