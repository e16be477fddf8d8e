"""What the database says of a terminal; nobody can be known by it."""

from typing import Any

import fleets
from fleets import DAY, NOW, result
from likeness.carrier import tables
from likeness.carrier.database import Database
from likeness.carrier.fleet import health as fleet_health
from likeness.carrier.fleet import hours as fleet_hours
from likeness.carrier.fleet import records as fleet_records
from likeness.carrier.fleet import sightings as fleet_sightings
from likeness.carrier.fleet.memory import News
from likeness.core import desired, jws, messages, orders
from likeness.core.fleet import Alarms, Desired

A = "shop-17"
GARBLED = "no token"


def order(kind: str, number: int, **more: Any) -> dict[str, Any]:
    return {
        "device": A,
        "kind": kind,
        "number": number,
        "name": f"{kind} {number}",
        "made_utc_s": NOW,
        "token": f"{kind}-{number}",
        "answer": "",
        **more,
    }


def wish(version: int, device: str = A, made_utc_s: int = NOW) -> dict[str, Any]:
    config = messages.to_json(orders.Overrides(keep_days=version))
    claims = orders.Desired(
        aud=device,
        jti="j",
        iat=NOW,
        exp=NOW + 10,
        version=version,
        digest=desired.digest_of(config),
        config=config,  # type: ignore[arg-type]
    )
    sign = bytes(64)
    token = jws.compact(
        messages.to_json({"version": version, "digest": claims.digest}),
        alg=jws.ES256,
        kid="k",
        typ=messages.DESIRED,
        sign=lambda _: sign,
    )
    made = {"device": device, "token": token, "made_utc_s": made_utc_s}
    return order("desired", version, **made)


def alarm(device: str, kind: str, **more: Any) -> dict[str, Any]:
    usual = {"epoch": "e", "seq": 3, "hash": "h", "detail": "d", "token": "t"}
    said = {"device": device, "kind": kind, "raised_utc_s": NOW - 5}
    return {**usual, **said, **more}


def test_the_newest_wish_of_each_terminal_is_what_is_desired(place: str) -> None:
    database = Database(place)
    with database.begin() as db:
        rows = [
            wish(1),
            wish(3),
            wish(2),
            wish(9, "b", NOW - 10 * DAY),
            order("desired", 7, device="c", token=GARBLED),
            order("command", 99, device=A),
        ]
        db.execute(tables.orders.insert(), rows)
    with database.read() as db:
        found = fleet_records.desired(db, 0)
        digest = desired.digest_of(messages.to_json(orders.Overrides(keep_days=3)))
        assert found[A] == Desired(3, digest, NOW)
        assert set(found) == {A, "b"}
        assert set(fleet_records.desired(db, NOW)) == {A}  # since the last look
    database.close()


def test_alarms_of_late_are_counted_by_terminal(place: str) -> None:
    database = Database(place)
    with database.begin() as db:
        rows = [
            alarm(A, "fork"),
            alarm(A, "fork", seq=4, raised_utc_s=NOW),
            alarm(A, "gap"),
            alarm("b", "fork", raised_utc_s=NOW - 8 * DAY),
        ]
        db.execute(tables.alarms.insert(), rows)
    with database.read() as db:
        found = fleet_records.alarmed(db, NOW)
    assert found == {A: Alarms(("fork", "gap"), 3, NOW)}
    database.close()


def test_a_timeline_tells_all_and_names_nobody(place: str) -> None:
    database = Database(place)
    few = [result(A, n, kept_utc_s=NOW - 3 * DAY, verdict="refused") for n in range(3)]
    many = [result(A, 10 + n) for n in range(fleet_health.LEAST)]
    with database.begin() as db:
        fleets.keep(db, [*few, *many])
        fleet_sightings.keep(
            db,
            [
                News(A, "status", "online boot-1", NOW - 50),
                News(A, "birth", "software 2", NOW - 40),
            ],
        )
        db.execute(tables.alarms.insert(), [alarm(A, "fork")])
        visit = order("visit", 1, name="SECRETTRANSACTION", token=GARBLED)
        command = order("command", 2, name='{"name":"restart"}', answer="signed")
        db.execute(tables.orders.insert(), [visit, command])
        db.execute(
            tables.key_changes.insert(),
            {
                "device": A,
                "epoch": "0" * 32,
                "seq": 10,
                "old_kid": "old-key-of-this-device",
                "new_kid": "new-key-of-this-device",
                "new_key": "{}",
                "still_open": "{}",
                "in_force": True,
            },
        )
    while True:
        with database.begin() as db:
            made = fleet_hours.catch_up(db, NOW)
        if made is None or made[2]:
            break
    with database.read() as db:
        lines = fleet_records.timeline(db, A, NOW)
        assert fleet_records.timeline(db, "another", NOW) == []
    told = [(line.kind, line.text) for line in lines]
    assert set(told) == {
        ("status", "online"),
        ("birth", "software 2"),
        ("alarm", "fork at record 3"),
        ("order", 'command 2: {"name":"restart"} (answered)'),
        ("key", "old-key-of-t… is replaced by new-key-of-t…"),
        ("results", "3 results"),  # who was refused might be known by it
        ("results", "20 results: 20 accepted"),
    }
    assert "SECRET" not in repr(lines)
    assert [line.at_utc_s for line in lines] == sorted(
        (line.at_utc_s for line in lines), reverse=True
    )
    database.close()


def test_sightings_are_kept_for_months_and_the_newest_for_ever(place: str) -> None:
    database = Database(place)
    old = NOW - (fleet_sightings.KEEP_DAYS + 1) * DAY
    with database.begin() as db:
        news = [
            News(A, "status", "online b", old - 10),
            News(A, "status", "lost b", old),
            News("b", "status", "online b", old),
            News("b", "status", "lost b", NOW),
        ]
        fleet_sightings.keep(db, news)
        assert fleet_sightings.prune(db, NOW) == 2
        assert fleet_sightings.newest(db) == [news[1], news[3]]
        assert fleet_sightings.prune(db, NOW) == 0
        assert fleet_sightings.of(db, "b", 10) == [news[3]]
    database.close()
