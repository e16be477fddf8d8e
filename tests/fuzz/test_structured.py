"""What hypothesis makes up from the formats' own shapes; it also makes it small.

The properties are those of the targets: only announced errors, and what was read is
written again as the same.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fuzz.engine import Subject, Target
from fuzz.reader_targets import framed
from fuzz.signed_targets import KINDS
from fuzz.targets import named
from likeness.errors import LikenessError

Run = Callable[[bytes], str]
FEW = settings(
    max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture]
)

FIELDS = [one for kind in KINDS for one in msgspec.structs.fields(kind)]
NAMES = sorted({one.encode_name for one in FIELDS})
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False),
    st.text(max_size=50),
    st.sampled_from(["A" * 43, "0" * 32, "test", "ntp", "new_number", "EC", "P-256"]),
)
JSON = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.sampled_from(NAMES), inner, max_size=12),
    ),
    max_leaves=20,
)


@pytest.fixture
def run_of(tmp_path: Path) -> Iterator[Callable[[str], Run]]:
    """Make a target once for all examples of a test."""
    made: dict[str, tuple[Target, Subject]] = {}

    def run(name: str) -> Run:
        if name not in made:
            (target,) = named([name])
            made[name] = (target, target.make(tmp_path))
        return _refusing(*made[name])

    yield run
    for _, subject in made.values():
        subject.close()


def _refusing(target: Target, subject: Subject) -> Run:
    def run(data: bytes) -> str:
        try:
            return subject.run(data)
        except target.allowed as fault:
            assert isinstance(fault, LikenessError)
            return "refused"

    return run


@FEW
@given(st.integers(0, len(KINDS) - 1), st.dictionaries(st.sampled_from(NAMES), JSON))
def test_claims(
    run_of: Callable[[str], Run], kind: int, claims: dict[str, object]
) -> None:
    run_of("claims")(bytes([kind]) + msgspec.json.encode(claims))


@FEW
@given(
    st.lists(
        st.one_of(st.binary(max_size=12), st.binary(max_size=300).map(framed)),
        max_size=6,
    )
)
def test_frames_among_noise(run_of: Callable[[str], Run], pieces: list[bytes]) -> None:
    run_of("reader frames")(b"".join(pieces))


@FEW
@given(
    st.lists(st.tuples(*(st.integers(0, most) for most in (3, 3, 3, 7))), max_size=7)
)
def test_lives_of_a_chain(
    run_of: Callable[[str], Run], steps: list[tuple[int, int, int, int]]
) -> None:
    run_of("carrier's chains")(b"".join(bytes(one) for one in steps))
