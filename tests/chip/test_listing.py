"""Which groups a chip has: the signed list and the other one together."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from likeness.chip.listing import listed_groups
from likeness.core import tlv
from likeness.simulators.emrtd_files import COM, SOD, common
from simulated_chips import chip_of

CHIP = chip_of(proofs={"active": "rsa"}, full_name="SPECIMEN")


def test_both_lists_count() -> None:
    both = frozenset({"DG1", "DG2", "DG11", "DG14", "DG15"})
    assert listed_groups(common([1, 2, 14]), CHIP.files[SOD]) == both


@pytest.mark.parametrize("com", [None, b"", b"\x60\x01\x00", b"\x75\x00"])
def test_the_signed_list_is_enough(com: bytes | None) -> None:
    signed = frozenset({"DG1", "DG2", "DG11", "DG15"})
    assert listed_groups(com, CHIP.files[SOD]) == signed


@pytest.mark.parametrize(
    "sod", [None, b"", b"\x77\x00", tlv.write(0x77, tlv.write(0x30, b""))]
)
def test_without_the_signed_list_nothing_is_known(sod: bytes | None) -> None:
    """So EF.COM alone cannot hide a group."""
    assert listed_groups(CHIP.files[COM], sod) is None


@given(st.integers(0, 400), st.binary(max_size=6))
def test_a_spoiled_list_is_read_or_not(at: int, data: bytes) -> None:
    sod = CHIP.files[SOD]
    found = listed_groups(None, sod[:at] + data + sod[at + len(data) :])
    assert found is None or all(name.startswith("DG") for name in found)
