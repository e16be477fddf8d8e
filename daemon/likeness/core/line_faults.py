"""What a broker's refusal means: a word to count, what to do, and whether it passes.

Codes are those of MQTT v5, 2.4, in CONNACK and DISCONNECT. Leaves to others: waiting.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LineFault:
    """Why there is no good line.

    Attributes:
        word: for counters and telemetry.
        advice: what the person who must act should do.
        passes: whether trying again soon may help; if not, somebody must act first.
    """

    word: str
    advice: str
    passes: bool = False


UNANSWERED = LineFault(
    "unanswered",
    "the broker closed the line without a word: is it the TLS port, and is our"
    " certificate of its CA, in date and not revoked?",
    passes=True,
)
SERVER_UNTRUSTED = LineFault(
    "server_untrusted",
    "the broker's certificate is not good for the configured ca_file and host, or by"
    " this clock; we do not talk to it",
    passes=True,  # a clock may be set soon
)
NOT_V5 = LineFault(
    "not_v5", "the broker does not speak MQTT v5; mosquitto 1.6 and newer do"
)
TOO_LITTLE = LineFault(
    "too_little",
    "the broker allows no QoS 1 or no retained messages; its configuration must",
)
TAKEN_OVER = LineFault(
    "taken_over",
    "another program uses our identity: look for a second daemon, or revoke the"
    " certificate and make new keys",
)
OWES_ANSWER = LineFault(
    "owes_answer",
    "the broker keeps the line and does not answer what we asked or sent: see its log,"
    " and what stands between",
    passes=True,
)
TOO_MUCH = LineFault(
    "too_much",
    "the broker sends more than we told it to: it may not be the one that we ship"
    " rules for; see its max_packet_size, and who can change it",
)
# mosquitto 2.0 hangs up without the code that says so (0x8E).
CUT_SHORT = LineFault(
    "cut_short",
    "one line after the other ends soon after it stood: a broker that restarts, or"
    " another program uses our identity",
    passes=True,  # and the waits grow all the same
)

_BY_CODE = {
    0x84: NOT_V5,
    0x85: LineFault("client_id_refused", "the broker does not allow our name"),
    0x86: LineFault("bad_credentials", "the broker does not know this identity"),
    0x87: LineFault(
        "not_authorized", "this identity may not connect: see the broker's access rules"
    ),
    0x88: LineFault("server_unavailable", "the broker is not ready", passes=True),
    0x89: LineFault("server_busy", "the broker has too much to do", passes=True),
    0x8A: LineFault("banned", "the broker's operator has banned this identity"),
    0x8B: LineFault("server_stops", "the broker is shutting down", passes=True),
    0x8E: TAKEN_OVER,
    0x97: LineFault("quota_exceeded", "the broker's operator must raise our quota"),
    0x98: LineFault("sent_away", "the broker's operator has closed this connection"),
    0x9C: LineFault("use_another", "the broker is elsewhere for now: see the host"),
    0x9D: LineFault("moved", "the broker has moved for good: change the host"),
    0x9F: LineFault("too_often", "too many connections at once", passes=True),
}
FAILURE_FROM = 0x80


def fault_of(code: int) -> LineFault | None:
    """Return what a reason code means; None for a line that was just closed.

    A failure that has no better name here is one of protocol: ours or the broker's.
    """
    if code < FAILURE_FROM:
        return None
    return _BY_CODE.get(
        code,
        LineFault(f"refused_{code:#04x}", "the two do not understand each other"),
    )
