"""What Prometheus is told: names, bounds of labels, and that events are increases."""

import re
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from likeness.carrier import metrics
from likeness.carrier.metrics import FleetCount, FleetMetrics, IngestMetrics, Metrics
from likeness.carrier.verify import Problem
from likeness.core.vocabulary import Verdict

MONITORING = Path(__file__).parents[2] / "systemd" / "monitoring"


def read(of: Metrics) -> dict[str, float]:
    """Every series, as Prometheus would read it."""
    text, content_type = of.text()
    assert content_type.startswith("text/plain; version=0.0.4")
    return {
        sample.name
        + "".join(f"|{k}={v}" for k, v in sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text.decode())
        for sample in family.samples
    }


def test_every_series_stands_at_0_before_its_first_event() -> None:
    seen = read(IngestMetrics())
    for verdict in Verdict:
        assert seen[f"likeness_results_total|verdict={verdict}"] == 0
    for problem in Problem:
        assert seen[f"likeness_alarms_total|kind={problem}"] == 0
        assert seen[f"likeness_alarm_newest_timestamp_seconds|kind={problem}"] == 0
        assert seen[f"likeness_records_refused_total|reason={problem}"] == 0
    assert seen["likeness_receipts_total"] == 0
    assert not any(name.endswith("_created") for name in seen)
    assert seen["likeness_build_info|version=0.1.0"] == 1


def test_ingest_counts_what_happened() -> None:
    told = IngestMetrics()
    told.record_came("kept", verdict=Verdict.ACCEPTED)
    told.record_came("kept")  # an epoch's first record has no verdict
    told.record_came("kept_before", verdict=Verdict.ACCEPTED)  # counted once only
    told.record_came("taken_after_all", verdict=Verdict.REFUSED)
    told.record_refused(Problem.WRONG_ENVIRONMENT)
    told.record_dropped(Problem.BAD_SIGNATURE)
    told.ask_came("visit")
    told.receipts_went(3)
    told.alarms_are({"fork": (1, 1_795_000_000)})
    told.alarms_are({"fork": (1, 1_795_000_000)})  # looked up again: none more
    told.batch_done(7, 0.03)
    told.committed(0.004)
    told.waits(12, 0.5)
    told.line_is(up=True)
    told.certificate_seen("broker", 1_800_000_000.0)
    seen = read(told)
    for name, value in {
        "results_total|verdict=accepted": 1,
        "results_total|verdict=refused": 1,
        "records_total|what=kept": 2,
        "records_total|what=kept_before": 1,
        "records_total|what=taken_after_all": 1,
        "records_total|what=refused": 1,
        "records_total|what=dropped": 1,
        "records_refused_total|reason=wrong_environment": 1,
        "records_dropped_total|reason=bad_signature": 1,
        "asks_total|what=visit": 1,
        "receipts_total": 3,
        "alarms_total|kind=fork": 1,
        "alarm_newest_timestamp_seconds|kind=fork": 1_795_000_000,
        "batch_seconds_count": 1,
        "batch_seconds_bucket|le=0.05": 1,
        "batch_seconds_bucket|le=0.025": 0,
        "batch_records_sum": 7,
        "commit_seconds_bucket|le=0.005": 1,
        "waiting": 12,
        "waiting_oldest_seconds": 0.5,
        "line_up": 1,
        "certificate_expires_timestamp_seconds|which=broker": 1_800_000_000,
    }.items():
        assert seen[f"likeness_{name}"] == value, name


def test_a_word_that_is_none_of_ours_makes_no_new_series() -> None:
    told = IngestMetrics()
    before = set(read(told))
    for word in ("shop-17", "11010119900307", "x" * 500):
        told.record_came(word, verdict=word)
        told.record_refused(word)
        told.record_dropped(word)
        told.ask_came(word)
        told.alarms_are({word: (1, 1)})
    assert set(read(told)) == before
    assert read(told)["likeness_records_total|what=other"] == 3


def test_the_fleet_is_counted_anew_each_time() -> None:
    told = FleetMetrics()
    told.fleet_is(
        FleetCount(
            states={"online": 8, "lost": 2},
            clocks={"ntp": 7, "unsynced": 3},
            software={"0.2": 9, "0.1": 1},
            oldest_s=[10.0, 400.0, 90_000.0],
            throttled=1,
            pending=2,
            pending_oldest_s=50.0,
            faulty=3,
            hottest_c=81.5,
        )
    )
    seen = read(told)
    for name, value in {
        "terminals|state=online": 8,
        "terminals|state=unknown": 0,
        "terminals_by_clock|clock=ntp": 7,
        "clock_bad_terminals": 3,
        "terminals_by_software|software=0.1": 1,
        "terminals_outbox_oldest_seconds": 90_000,
        "terminals_waiting_longer|than_seconds=300": 2,
        "terminals_waiting_longer|than_seconds=86400": 1,
        "throttled_terminals": 1,
        "desired_pending_terminals": 2,
        "desired_pending_oldest_seconds": 50,
        "faulty_terminals": 3,
        "terminals_hottest_celsius": 81.5,
    }.items():
        assert seen[f"likeness_{name}"] == value, name
    told.fleet_is(FleetCount(states={"online": 10}, software={"0.2": 10}))
    told.message_unknown()
    seen = read(told)
    assert seen["likeness_terminals_outbox_oldest_seconds"] == 0
    assert "likeness_terminals_by_software|software=0.1" not in seen  # it is gone
    assert seen["likeness_unknown_messages_total"] == 1


def test_many_versions_become_a_few() -> None:
    told = FleetMetrics()
    odd = {f"version-{number}" * 50: 1 for number in range(500)}
    told.fleet_is(FleetCount(states={}, software={**odd, "0.2": 1000}))
    seen = {k: v for k, v in read(told).items() if "by_software" in k}
    assert len(seen) == metrics.VERSIONS_AT_MOST + 1
    assert sum(seen.values()) == 1500
    assert seen["likeness_terminals_by_software|software=0.2"] == 1000
    assert max(map(len, seen)) < 120


@pytest.mark.parametrize("file", ["likeness.rules.yml", "grafana/likeness.json"])
def test_what_is_shipped_asks_for_series_that_there_are(file: str) -> None:
    told = IngestMetrics()
    told.certificate_seen("broker", 1.0)
    names = {
        key.partition("|")[0] for one in (told, FleetMetrics()) for key in read(one)
    }
    names.add("likeness_terminals_by_software")  # none before the first terminal
    names |= {name.removesuffix("_count") for name in names}  # as people call them
    asked = set(
        re.findall(r"\blikeness_[a-z_]+", (MONITORING / file).read_text("utf-8"))
    )
    assert len(asked) > 15
    assert asked <= names
