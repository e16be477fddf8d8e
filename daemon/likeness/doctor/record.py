"""Checks what `likeness record` needs, where recordings are configured at all.

Leaves to others: camera, readers and swap, which it shares with the visits; the folder,
which is named with each recording.
"""

from pathlib import Path

from likeness import config
from likeness.doctor.finding import Finding, fail, fail_by, ok
from likeness.edges import key_files
from likeness.errors import ConfigError
from likeness.recording import words


def record(settings: config.Config) -> Finding:
    """Look at the bench's key and the words that ask for consent."""
    given = settings.record
    try:
        jwk = key_files.public_jwk(key_files.load_public(Path(given.bench_key)))
    except ConfigError as fault:
        return fail(
            f"record.bench_key: {fault}",
            "bring the bench's public key, of 'likeness record keys make'",
        )
    try:
        asking = words.load(settings, with_card=True)
    except ConfigError as fault:
        return fail_by(str(fault), "see [record] and screen.texts_dir")
    languages = len(asking.words)
    return ok(
        f"sealed for {jwk['kid'][:12]}, kept by {given.by} for {given.keep_days} days,"
        f" asked for in {languages} languages"
    )
