"""The rows of the readers' guide: what each says, or the tests that run it.

A test is named by file, function and a case in its source. Leaves to others: that they
are right, there, and all (test_guide_tables).
"""

from likeness.core.card_answers import Command, Meaning
from likeness.core.card_trouble import Trouble

DIALOGUE = "core/test_card_dialogue.py::"
CYCLE = "core/test_card_cycle.py::"
FIELDS = "core/test_card_fields.py::"
SERIAL = "edges/test_reader_serial.py::"
READING = "service/test_reading.py::"
NAMED = DIALOGUE + "test_a_lasting_card_fault_is_named"
PASSES = DIALOGUE + "test_a_passing_fault_costs_time_but_no_card"
BROKEN = DIALOGUE + "test_a_lasting_reader_fault_is_named"
TWICE = DIALOGUE + "test_a_command_that_arrived_damaged_is_asked_once_more"

# A.4: name, command (and what follows it), frame.
COMMANDS = [
    ("reset SAM", Command.RESET, b"", "AA AA AA 96 69 00 03 10 FF EC"),
    ("SAM status", Command.STATUS, b"", "AA AA AA 96 69 00 03 11 FF ED"),
    ("SAM id", Command.READER_ID, b"", "AA AA AA 96 69 00 03 12 FF EE"),
    ("find card", Command.FIND, b"", "AA AA AA 96 69 00 03 20 01 22"),
    ("select card", Command.SELECT, b"", "AA AA AA 96 69 00 03 20 02 21"),
    ("read base", Command.READ, b"", "AA AA AA 96 69 00 03 30 01 32"),
    ("read appended", Command.READ_APPENDED, b"", "AA AA AA 96 69 00 03 30 03 30"),
    ("read chip no.", Command.READ_CHIP_NUMBER, b"", "AA AA AA 96 69 00 03 30 05 36"),
    (
        *("read with fingerprint", Command.READ_WITH_FINGERPRINT, b""),
        "AA AA AA 96 69 00 03 30 10 23",
    ),
    ("max RF bytes, 50", Command.RF_SIZE, b"\x50", "AA AA AA 96 69 00 04 61 FF 50 CA"),
    ("max RF bytes, 58", Command.RF_SIZE, b"\x58", "AA AA AA 96 69 00 04 61 FF 58 C2"),
]

# A.5: situation, frame, meaning, bytes of data.
ANSWERS = [
    ("ok, no data", "AA AA AA 96 69 00 04 00 00 90 94", Meaning.OK, 0),
    ("find ok", "AA AA AA 96 69 00 08 00 00 9F 00 00 00 00 97", Meaning.FOUND, 4),
    ("find: no card", "AA AA AA 96 69 00 04 00 00 80 84", Meaning.NO_CARD, 0),
    (
        *("select ok", "AA AA AA 96 69 00 0C 00 00 90 00 00 00 00 00 00 00 00 9C"),
        *(Meaning.OK, 8),
    ),
    ("select failed", "AA AA AA 96 69 00 04 00 00 81 85", Meaning.RETRY, 0),
    ("read failed", "AA AA AA 96 69 00 04 00 00 41 45", Meaning.RETRY, 0),
    ("no such item", "AA AA AA 96 69 00 04 00 00 91 95", Meaning.NO_CONTENT, 0),
    (
        "SAM id",
        "AA AA AA 96 69 00 14 00 00 90 05 00 01 00 AF DC 32 01 87 D6 12 00 B1 68 DE 3A"
        " BE",
        *(Meaning.OK, 16),
    ),
]

A5_ELSEWHERE = {
    "base read, 1295 bytes": "core/test_card_frames.py::test_published_sizes_of_a_read",
    "with fingerprint, 2321, 1809 and 1297 bytes": (
        "core/test_card_frames.py::test_published_sizes_of_a_read"
    ),
    "own length fields": (
        "core/test_card_answers.py::test_a_record_that_contradicts_its_lengths_is_none"
    ),
    "appended addresses": (
        FIELDS + "test_addresses_added_later_are_decoded_without_their_padding"
    ),
    "chip no.": CYCLE + "test_a_reader_without_30_03_is_tested_with_30_05",
}

# A.7: SW3, what it means to us, and the tests of what is done about it.
STATUSES = {
    0x90: (Meaning.OK, [CYCLE + "test_a_record_is_told_with_its_reader"]),
    0x9F: (Meaning.FOUND, [CYCLE + "test_a_card_is_announced_once_per_laying"]),
    0x10: (Meaning.NOT_HEARD, [TWICE + "[status-10:1@2002]"]),
    0x11: (Meaning.NOT_HEARD, [TWICE + "[status-11:1@3001]"]),
    0x21: (
        Meaning.NOT_SUPPORTED,
        [
            PASSES + "[status-21:1@2002]",
            DIALOGUE
            + "test_a_reader_that_reads_no_fingerprints_gives_the_card_all_the_same",
        ],
    ),
    0x24: (Meaning.RETRY, [PASSES + "[status-24:1]", BROKEN + "[status-24]"]),
    0x31: (
        Meaning.RETRY_THEN_REJECT,
        [PASSES + "[status-31:1]", NAMED + "[status-31]"],
    ),
    0x32: (Meaning.REJECTED, [NAMED + "[status-32]"]),
    0x33: (
        Meaning.RETRY_THEN_REJECT,
        [PASSES + "[status-33:2]", NAMED + "[status-33]"],
    ),
    0x40: (Meaning.WRONG_CARD, [NAMED + "[status-40]"]),
    0x41: (Meaning.RETRY, [PASSES + "[status-41:2]", NAMED + "[status-41]"]),
    0x47: (Meaning.RETRY, [PASSES + "[status-47:2]", NAMED + "[status-47]"]),
    0x60: (
        Meaning.READER_FAULT,
        [PASSES + "[status-60:1]", BROKEN + "[status-60]"],
    ),
    0x66: (
        Meaning.READER_FAULT,
        [
            BROKEN + "[status-66]",
            DIALOGUE + "test_a_broken_reader_is_asked_twice_a_minute_only",
        ],
    ),
    0x80: (Meaning.NO_CARD, [CYCLE + "test_a_card_is_announced_once_per_laying"]),
    0x81: (Meaning.RETRY, [PASSES + "[status-81:2]", NAMED + "[status-81]"]),
    0x91: (
        Meaning.NO_CONTENT,
        [DIALOGUE + "test_a_trace_has_no_data_and_does_not_grow[00 00 91]"],
    ),
}
A7_UNKNOWN = [
    NAMED + "[status-55@3001]",
    DIALOGUE + "test_unknown_statuses_are_counted",
]

# A.8: seconds to the first byte and to the last. 61 FF has no row: our own guess.
TIMES = {
    Command.STATUS: (0.5, 1.0),
    Command.READER_ID: (0.5, 1.0),
    Command.FIND: (0.8, 1.5),
    Command.SELECT: (0.8, 1.5),
    Command.READ: (2.0, 3.0),
    Command.READ_APPENDED: (1.5, 2.5),
    Command.READ_CHIP_NUMBER: (1.5, 2.5),
    Command.READ_WITH_FINGERPRINT: (3.0, 5.0),
    Command.RESET: (2.0, 5.0),
}

A8_RULES = {
    "wire time below 115200": (
        "core/test_card_exchange.py::test_a_slow_line_has_more_time_for_a_record"
    ),
    "gap inside a frame": (
        "core/test_card_exchange.py::test_a_gap_inside_a_frame_is_damage"
    ),
    "silence before the next command": (
        "core/test_card_exchange.py::test_after_damage_only_silence_counts"
    ),
    "three cycles, then hold still": (
        CYCLE + "test_four_seconds_without_success_are_told_even_after_one_cycle"
    ),
    "dead commands: reset, then reopen": DIALOGUE + "test_transcript",
    "dead commands count in a row": (
        DIALOGUE + "test_dead_commands_count_in_a_row_only"
    ),
    "a card that was read is halted": (
        "simulators/test_sdt_reader.py::"
        "test_a_card_that_was_read_is_halted_until_it_is_lifted_or_the_field_drops"
    ),
    "removal by 30 03": READING + "test_a_card_is_read_once_until_it_is_lifted",
    "removal before it was read": (
        CYCLE + "test_a_card_taken_before_it_was_read_is_told_once_after_a_second"
    ),
    "removal by 30 05": CYCLE + "test_a_reader_without_30_03_is_tested_with_30_05",
    "without a removal test": (
        CYCLE + "test_a_reader_without_any_removal_test_tells_no_removal"
    ),
    "hung chip": DIALOGUE + "test_a_hung_chip_is_freed_by_a_reset_after_ten_seconds",
    "other rates": (
        "readers/test_reader_alone.py::"
        "test_a_reader_at_another_rate_is_found_and_left_as_it_is"
    ),
}

# B.7, what a serial reader or its card can bring about.
TROUBLES = {
    "serial node missing": (
        Trouble.READER_ABSENT,
        [READING + "test_a_missing_reader_is_told_once_and_awaited"],
    ),
    "no permission or busy": (
        Trouble.READER_CONFIG,
        [
            SERIAL + "test_a_device_in_use_is_refused",
            SERIAL + "test_a_device_locked_by_another_process_is_refused",
            SERIAL + "test_no_permission_says_what_to_do",
            SERIAL + "test_what_is_no_reader_says_what_to_do",
        ],
    ),
    "unplug mid-read": (
        Trouble.READER_ABSENT,
        [
            READING + "test_unplug_in_the_middle_of_a_record",
            SERIAL + "test_unplug_is_told_once_and_the_device_let_go",
        ],
    ),
    "silence": (
        Trouble.READER_SILENT,
        [BROKEN + "[silent]", DIALOGUE + "test_transcript"],
    ),
    "xor or length error": (
        None,  # counted
        [PASSES + "[bad-xor:2]", PASSES + "[len-big:1]", PASSES + "[len-small:1]"],
    ),
    "status 60, 66": (
        Trouble.READER_FAULT,
        [BROKEN + "[status-60]", BROKEN + "[status-66]"],
    ),
    "status 31, 32, 33": (
        Trouble.CARD_REJECTED,
        [NAMED + "[status-31]", NAMED + "[status-32]", NAMED + "[status-33]"],
    ),
    "status 40": (Trouble.WRONG_CARD, [NAMED + "[status-40]"]),
    "status 41, 47, 81": (
        Trouble.HOLD_STILL,
        [NAMED + "[status-41]", NAMED + "[status-47]", NAMED + "[status-81]"],
    ),
    "unknown layout": (
        Trouble.CARD_UNSUPPORTED,
        [
            FIELDS + "test_an_unknown_layout_is_not_parsed",
            READING + "test_a_card_of_unknown_layout_is_named",
        ],
    ),
    "number, birth or sex do not agree": (
        Trouble.CARD_INCONSISTENT,
        [
            FIELDS + "test_doubts_of_a_resident[CardDoubt.CHECK_DIGIT]",
            FIELDS + "test_doubts_of_a_resident[CardDoubt.BIRTH]",
            FIELDS + "test_doubts_of_a_resident[CardDoubt.SEX]",
            FIELDS + "test_a_field_that_makes_no_sense_is_named",
        ],
    ),
    "expired or not yet valid": (None, [FIELDS + "test_validity"]),  # a Reason
    "no decoder for the portrait": (
        None,  # a Reason
        ["edges/test_portrait_decoder.py::test_no_command_is_no_decoder"],
    ),
    "decoder fails": (
        None,
        [
            "edges/test_portrait_decoder.py::test_a_program_that_fails_even_with_a_picture"
        ],
    ),
    "decoder never ends": (
        None,
        ["edges/test_portrait_decoder.py::test_a_program_that_never_ends_is_killed"],
    ),
    "oversize picture": (
        None,
        ["edges/test_portrait_decoder.py::test_a_gigabyte_is_cut_off"],
    ),
}

ELSEWHERE = [
    *A5_ELSEWHERE.values(),
    *(test for _, tests in STATUSES.values() for test in tests),
    *A7_UNKNOWN,
    *A8_RULES.values(),
    *(test for _, tests in TROUBLES.values() for test in tests),
]
