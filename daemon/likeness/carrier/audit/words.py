"""Writes down what an audit has found: lines for people, one object for programs.

Leaves to others: finding it (`audit`), showing it.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec

from likeness.carrier.audit.audit import ChainReport, DeviceReport
from likeness.carrier.audit.dates import Dates
from likeness.carrier.audit.findings import NOTED, Finding


def lines(report: DeviceReport) -> Iterator[str]:
    """Give the report of one device, line by line."""
    yield f"{report.device}: {'whole' if report.is_whole else 'NOT WHOLE'}"
    for chain in report.chains:
        yield f"  {_chain(chain)}"
        for finding in chain.findings:
            yield from _finding(finding)
        if chain.more:
            yield f"    and {chain.more} more of this chain"
        yield from (f"    key {key}" for key in chain.keys)
    if report.findings:
        yield "  beside the chains"
    for finding in report.findings:
        yield from _finding(finding)
    total: Counter[str] = Counter()
    for chain in report.chains:
        total += chain.results
    yield f"  results: {_counted(total)}"
    yield f"  statements: {_counted(report.statements)}"
    yield f"  alarms: {_counted(report.alarm_kinds)}"
    for alarm in report.alarms:
        place = f"epoch {alarm.epoch[:8]} seq {alarm.seq}"
        yield f"    {when(alarm.raised_utc_s)} {alarm.kind} {place}: {alarm.detail}"
    left = report.alarm_kinds.total() - len(report.alarms)
    if left:
        yield f"    and {left} more: see 'likeness carrier alarms'"


def as_json(report: DeviceReport) -> bytes:
    """Return the report of one device as one line of JSON, with every proof."""
    # Any: it is data by now.
    plain: dict[str, Any] = msgspec.to_builtins(report)
    for chain, told in zip(report.chains, plain["chains"], strict=True):
        told["whole"] = chain.is_whole
    return msgspec.json.encode({"whole": report.is_whole, **plain})


def when(utc_s: int) -> str:
    """Write a second as a date (RFC 3339)."""
    return datetime.fromtimestamp(utc_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _chain(chain: ChainReport) -> str:
    name = f"chain {chain.epoch}"
    if chain.first < 0:
        return f"{name}: no record of it is here"
    if chain.is_whole:
        state = "whole"
    elif chain.whole_upto is None:
        state = "BROKEN from its first record on"
    else:
        state = f"BROKEN after seq {chain.whole_upto.seq}"
    refused = f", not taken: {_counted(chain.refused)}" if chain.refused else ""
    places = f"seq {chain.first} to {chain.last}, {chain.records} record(s)"
    return f"{name}: {state}; {places}{refused}{_made(chain.dates)}"


def _made(dates: Dates) -> str:
    if dates.first_s is None or dates.last_s is None:
        return ""
    ahead = f", {dates.ahead} by a clock that was ahead" if dates.ahead else ""
    known = f"dated by {_counted(dates.sources)}{ahead}"
    return f"; made {when(dates.first_s)} to {when(dates.last_s)} ({known})"


def _finding(finding: Finding) -> Iterator[str]:
    place = f" of epoch {finding.epoch[:8]}" if finding.epoch else ""
    word = "note" if finding.kind in NOTED else "WRONG"
    yield f"    {word} {finding.kind} at seq {finding.seq}{place}: {finding.said}"
    yield f"      do: {finding.do}"


def _counted(counter: Counter[str]) -> str:
    parts = [f"{count} {name}" for name, count in sorted(counter.items())]
    return ", ".join(parts) or "none"
