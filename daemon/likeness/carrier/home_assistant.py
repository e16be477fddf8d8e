"""What Home Assistant is told so that it shows a terminal: MQTT discovery.

One retained document for each figure, under `homeassistant/<component>/<node>/<object>/
config`, which every version since 2021 reads. What they point to is what a terminal
says anyway: `status` for whether it is there, `telemetry` and `birth` for the figures.
A terminal itself says nothing to Home Assistant. Leaves to others: publishing
(`retaining`).

Source: Home Assistant's documentation of MQTT discovery, MQTT sensor and MQTT binary
sensor. A figure that a terminal does not give is "None", which it shows as unknown.
"""

import hashlib
import re
from dataclasses import dataclass
from typing import Any

from likeness import __version__
from likeness.core import messages

PREFIX = "homeassistant"
Config = dict[str, Any]  # Any: JSON of Home Assistant's


@dataclass(frozen=True, slots=True)
class Figure:
    """One entity.

    Attributes:
        name: as shown; its object id is made of it.
        template: Jinja2, over `value_json`.
        leaf: the topic that it reads.
        more: what else Home Assistant wants to know of it.
        is_sensor: a figure or a word; else ON or OFF.
        main: shown among the first; else a diagnostic one.
    """

    name: str
    template: str
    leaf: str = "telemetry"
    more: tuple[tuple[str, str | int], ...] = ()
    is_sensor: bool = True
    main: bool = False

    @property
    def object_id(self) -> str:
        """Return its name as an id."""
        return self.name.lower().replace(" ", "_")


def _figure(member: str) -> str:
    return f"{{{{ value_json.{member} | default(none) }}}}"


def _problem(wrong: str, member: str) -> str:
    """ON if it is wrong, unknown if it is not said."""
    known = f"value_json.{member} is defined"
    return f"{{{{ ('ON' if {wrong} else 'OFF') if {known} else none }}}}"


# One entry for a topic: of two about the same, Home Assistant forgets the first.
THERE = "{{ 'online' if value_json.status == 'online' else 'offline' }}"
PROBLEM = (("device_class", "problem"),)
FIGURES = (
    Figure(
        "Connection",
        "{{ 'ON' if value_json.status == 'online' else 'OFF' }}",
        leaf="status",
        more=(("device_class", "connectivity"),),
        is_sensor=False,
        main=True,
    ),
    Figure(
        "Records waiting",
        _figure("outbox_waiting"),
        more=(("state_class", "measurement"),),
        main=True,
    ),
    Figure(
        "Oldest waiting",
        _figure("outbox_oldest_s"),
        more=(
            ("device_class", "duration"),
            ("unit_of_measurement", "s"),
            ("state_class", "measurement"),
        ),
    ),
    Figure(
        "Visits",
        _figure("visits"),
        more=(("state_class", "total_increasing"),),
        main=True,
    ),
    Figure(
        "Temperature",
        _figure("temperature_c"),
        more=(
            ("device_class", "temperature"),
            ("unit_of_measurement", "°C"),
            ("state_class", "measurement"),
        ),
    ),
    Figure(
        "Throttled",
        _problem("value_json.throttled", "throttled"),
        more=PROBLEM,
        is_sensor=False,
    ),
    Figure(
        "Clock not set",
        _problem("value_json.clock == 'unsynced'", "clock"),
        more=PROBLEM,
        is_sensor=False,
    ),
    Figure(
        "Reader lost",
        _problem("value_json.reader == 'lost'", "reader"),
        more=PROBLEM,
        is_sensor=False,
    ),
    Figure(
        "Camera missing",
        _problem("value_json.camera == 'missing'", "camera"),
        more=PROBLEM,
        is_sensor=False,
    ),
    Figure(
        "Part hangs",
        _problem("value_json.hung | length > 0", "hung"),
        more=PROBLEM,
        is_sensor=False,
    ),
    Figure("Line fault", "{{ value_json.line_fault | default('', true) or 'none' }}"),
    Figure(
        "Disk free",
        _figure("disk_free_kib"),
        more=(
            ("device_class", "data_size"),
            ("unit_of_measurement", "KiB"),
            ("state_class", "measurement"),
        ),
    ),
    Figure("Software", _figure("software"), leaf="birth"),
    Figure("Models", "{{ value_json.model_set.digest[:12] }}", leaf="birth"),
)


def configs(device: str) -> dict[str, Config]:
    """Return topic → document, for each figure of a terminal."""
    node = node_of(device)
    return {
        f"{PREFIX}/{_component(one)}/{node}/{one.object_id}/config": _config(
            device, node, one
        )
        for one in FIGURES
    }


def node_of(device: str) -> str:
    """Return the device's name as Home Assistant lets a node be called.

    It allows letters, digits, "_" and "-"; two names must not become one.
    """
    plain = re.sub(r"[^A-Za-z0-9_-]", "_", device)
    if plain == device:
        return device
    return f"{plain}-{hashlib.sha256(device.encode()).hexdigest()[:8]}"


def _component(one: Figure) -> str:
    return "sensor" if one.is_sensor else "binary_sensor"


def _config(device: str, node: str, one: Figure) -> Config:
    said: Config = {
        "name": one.name,
        "unique_id": f"likeness_{node}_{one.object_id}",
        "state_topic": messages.topic(device, one.leaf),
        "value_template": one.template,
        **dict(one.more),
        "device": {
            "identifiers": [f"likeness_{node}"],
            "name": device,
            "manufacturer": "likeness",
            "model": "terminal",
        },
        "origin": {"name": "likeness", "sw_version": __version__},
    }
    if not one.main:
        said["entity_category"] = "diagnostic"
    if one.leaf != "status":  # else it would be unavailable when it has news
        said["availability"] = [
            {
                "topic": messages.topic(device, "status"),
                "value_template": THERE,
                "payload_available": "online",
                "payload_not_available": "offline",
            }
        ]
    return said
