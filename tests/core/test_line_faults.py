import pytest

from likeness.core import line_faults
from likeness.core.line_faults import fault_of


def test_what_is_no_failure_is_no_fault() -> None:
    for code in (0x00, 0x04, 0x10, 0x7F):
        assert fault_of(code) is None


@pytest.mark.parametrize("code", range(0x80, 0x100))
def test_every_failure_has_a_word_and_an_advice(code: int) -> None:
    fault = fault_of(code)
    assert fault is not None
    assert fault.word.replace("_", "").isalnum()
    assert fault.advice


def test_only_what_passes_by_itself_is_tried_again_soon() -> None:
    soon = {
        code
        for code in range(0x80, 0x100)
        if (fault := fault_of(code)) and fault.passes
    }
    assert soon == {0x88, 0x89, 0x8B, 0x9F}
    assert fault_of(0x8E) is line_faults.TAKEN_OVER
    assert fault_of(0x84) is line_faults.NOT_V5
