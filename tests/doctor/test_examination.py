import threading

from likeness.doctor import finding
from likeness.doctor.examination import examine
from likeness.doctor.finding import Finding, State
from likeness.errors import ConfigError


def broken() -> Finding:
    raise ConfigError("x.key: cannot be read")


def bug() -> Finding:
    raise KeyError("somebody's name")


def test_a_check_that_hangs_is_a_finding_and_the_others_are_told() -> None:
    never = threading.Event()

    def hangs() -> Finding:
        never.wait()
        return finding.ok("never")

    found = examine(
        {
            "camera": hangs,
            "clock": lambda: finding.ok("well"),
            "keys": broken,
            "disk": bug,
        },
        within_s=0.2,
    )
    never.set()
    assert list(found) == ["camera", "clock", "keys", "disk"]
    assert found["camera"].state is State.FAIL
    assert "no answer within 0.2 s" in found["camera"].said
    assert found["clock"].state is State.OK
    assert found["keys"].said == "x.key: cannot be read"
    assert found["disk"].said == "the check itself failed: KeyError"  # and no more
