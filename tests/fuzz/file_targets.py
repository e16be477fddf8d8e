"""Files that people and other programs write: TOML, CSV, JSON lines, names of keys.

Leaves to others: keys (`signed_targets`), updates, pictures.
"""

import json
from collections.abc import Callable
from pathlib import Path

import msgspec

from fuzz.engine import Subject, Target
from fuzz.mutate import Mutate, json_bytes, lines, with_tokens
from likeness import config, strict_toml
from likeness.bench import acts_labels, pair_list, presentation_list, visit_file
from likeness.bench.replay_files import ReplayFiles
from likeness.carrier.settings import Settings as CarrierSettings
from likeness.carrier.trust import Trust
from likeness.core import pkcs11_uri, policy_values, profile
from likeness.core.update import Bundle, Ledger, Offer, refuse_unfit
from likeness.core.update import Here as UpdateHere
from likeness.core.vocabulary import Environment
from likeness.edges.model_sets import LEDGER, ModelSets, candidates
from likeness.errors import ConfigError, UpdateRefused, UsageError
from likeness.models_in_use import policy_of_set
from likeness.simulators import card_file
from likeness.vision.manifest import MANIFEST, models_dir, read_manifest
from results import FACTS, bench
from terminals import settings, to_toml

Read = Callable[[Path], str]

# What the lists name; else each would be refused for what is not there.
THERE = ("x/1.jpg", "x/2.jpg", "y/1", "x/2", "1.mp4", "2.mp4", "3")
WORDS = (
    *(b'"production"', b'"test"', b'"usb"', b'"feed"', b'"new_number"', b'"blink"'),
    *(b'"credential:x"', b'"pkcs11:token=a;object=b"', b'"https://a"', b'"strict"'),
    *(b"[terminal]", b"[mqtt]", b"[[mqtt]]", b"[camera]", b"[card]", b"[a.b.c]", b"#"),
)


def _toml(name: str, read: Read, *texts: str) -> Callable[[Path], Subject]:
    """Return a maker for a target whose inputs are one file of TOML."""
    return _file(name, read, lines(*WORDS), *(text.encode() for text in texts))


def _file(
    name: str, read: Read, mutate: Mutate, *seeds: bytes
) -> Callable[[Path], Subject]:
    def make(folder: Path) -> Subject:
        path = folder / name
        for there in THERE:
            (folder / there).parent.mkdir(exist_ok=True)
            (folder / there).touch()

        def run(data: bytes) -> str:
            path.write_bytes(data)
            return read(path)

        return Subject(seeds, mutate, run)

    return make


# --- TOML ---------------------------------------------------------------------------
def _read_config(path: Path) -> str:
    config.load(path)
    return "configuration"


def _config(folder: Path) -> Subject:
    whole = to_toml(settings(folder, folder / "clip.mp4"))
    short = '[terminal]\ndevice = "shop-7"\n[mqtt]\nhost = "a"\nca_file = "/a"\n'
    return _toml("likeness.toml", _read_config, whole, short)(folder)


def _read_visit(path: Path) -> str:
    (plan,) = visit_file.find([path])
    return f"visit {plan.problem[-20:]}"


VISIT = """visit = 1
video = "clip.mp4"
start_s = 0.0
end_s = 12.0
purpose = "new_number"
acts = ["blink", "turn_left"]
profile = "standard"
[card]
portrait = "card.jpg"
degrade = false
[expect]
label = "genuine"
species = ""
"""


def _read_manifest(path: Path) -> str:
    found = read_manifest(path.parent)
    return f"manifest {min(3, len(found.model))}"


def _manifest(folder: Path) -> Subject:
    text = (models_dir() / MANIFEST).read_text(encoding="utf-8")
    return _toml(MANIFEST, _read_manifest, text)(folder)


def _read_policy(path: Path) -> str:
    file, _ = policy_of_set(path.parent)
    for known in profile.PROFILES.values():
        if file is not None:
            policy_values.moved(known, file)
    return "policy"


POLICY = """policy = 1
[standard]
acts = 4
window_s = 8.0
accept_score = 0.5
refer_score = 0.4
live_from = 0.5
attack_below = 0.4
[strict]
tries = 2
min_face_px = 100
"""

CARD = """kind = "cn_resident"
name = "样本一"
sex = 1
birth = 1990-01-02
number = "999999199001020016"
valid_from = 2020-01-01
valid_to = 2040-01-01
"""


def _read_card(path: Path) -> str:
    card_file.load(path)
    return "card"


def _read_carrier(path: Path) -> str:
    strict_toml.load(path, CarrierSettings)
    return "settings"


# --- CSV ----------------------------------------------------------------------------
CSV_WORDS = (b"a", b"b", b"same", b"clip", b"file", b"label", b"1", b"0", b"live", b'"')
PAIRS = (
    b"a,b,same,group,identity_a,identity_b\nx/1.jpg,x/2.jpg,1,g,x,x\ny/1,x/2,0,,y,x\n"
)
SHOWN = b"file,label,species\n1.mp4,live,\n2.mp4,attack,print\n3,bonafide,x\n"
LABELS = (
    b"clip,frame_from,frame_peak,frame_to,act,sure,note\n"
    b"1.mp4,1,2,3,blink,1,\n2.mp4,0,0,0,squint,0,low\n"
)


def _read_pairs(path: Path) -> str:
    pairs = pair_list.read_pairs(path, "columns")
    pair_list.identities_of(pairs)
    pair_list.find_pictures(pairs, path.parent)
    return "pairs"


def _read_shown(path: Path) -> str:
    listed = presentation_list.read_presentations(path)
    presentation_list.find_recordings(listed, path.parent)
    return "presentations"


def _read_labels(path: Path) -> str:
    labels = acts_labels.read_labels(path)
    acts_labels.find_clips(labels, path.parent)
    return "labels"


# --- JSON ---------------------------------------------------------------------------
def _replays(folder: Path) -> Subject:
    inputs = {"a": {name: "1" for name in ("visit", "feed", "portrait")}}
    inputs["a"] |= {name: "1" for name in ("policy", "models", "software", "key")}
    line = dict.fromkeys(("label", "verdict", "reasons", "acts", "frames"), "x")
    whole = json.dumps({"id": "a", **line, "inputs": inputs["a"]}).encode()

    def run(data: bytes) -> str:
        for name in ("results.jsonl", "timelines.jsonl"):
            (folder / name).write_bytes(data)
        files = ReplayFiles(folder, inputs, resume=True)
        files.close()
        return f"kept {len(files.kept)} {min(1, len(files.tracks))}"

    return Subject([whole, whole + b"\n" + whole], json_bytes, run)


def _trust(folder: Path) -> Subject:
    near = bench(folder)
    good = (near.keys.devices / f"{FACTS.device}.json").read_bytes()
    kid = near.signer.kid
    (folder / "devices").mkdir()

    def run(data: bytes) -> str:
        (folder / "devices" / f"{FACTS.device}.json").write_bytes(data)
        trust = Trust(folder / "devices")
        known = trust.key(FACTS.device, kid) is not None
        allowed = trust.allows(FACTS.device, Environment.PRODUCTION)
        return f"known {known}" if known or allowed else "refused Device:"

    return Subject([good], json_bytes, run)


def _ledger(folder: Path) -> Subject:
    sets = ModelSets(folder)
    sets.folder.mkdir()
    (sets.folder / ("0" * 64)).mkdir()
    bundle = Bundle(number=3, min_daemon="0.1.0", variants=("w8",))
    offer = Offer(digest="0" * 64, length=1, bundle=bundle)
    ledger = Ledger(accepted=2, accepted_digest="1" * 64, current="0" * 64)
    seeds = [msgspec.json.encode(one) for one in (offer, ledger)]

    def run(data: bytes) -> str:
        (sets.folder / LEDGER).write_bytes(data)
        (sets.folder / ("0" * 64) / "offer.json").write_bytes(data)
        found = sets.ledger()
        candidates(found)
        refuse_unfit(offer, found, UpdateHere("0.4.0", "x86_64", "w8"))
        return f"ledger {found.accepted > 0} {bool(found.current)}"

    return Subject(seeds, json_bytes, run)


# --- names of keys ------------------------------------------------------------------
def _uri(_folder: Path) -> Subject:
    text = (
        b"pkcs11:token=likeness;object=device;id=%01%02;serial=7;type=private"
        b"?module-path=/usr/lib/a.so&pin-source=credential:token.pin"
    )
    words = (b"%00", b"%ff", b"pin-value=1", b"file:", b";", b"&", b"?", b"=", b"type=")

    def run(data: bytes) -> str:
        found = pkcs11_uri.parse(data.decode("utf-8", "surrogateescape"))
        text = str(found)
        if len(text) <= pkcs11_uri.LONGEST and pkcs11_uri.parse(text) != found:
            raise AssertionError("a name that is written as another")
        return "uri"

    return Subject([text, text.replace(b"id=%01%02;", b"")], with_tokens(*words), run)


ANY = (ConfigError, UsageError)
TARGETS = (
    Target("configuration", _config, ANY, share=6),
    Target("visit file", _toml("a.toml", _read_visit, VISIT), ANY, share=6),
    Target("manifest", _manifest, ANY, share=0.3),
    Target("policy", _toml("policy.toml", _read_policy, POLICY), ANY, share=4),
    Target(
        "carrier's settings",
        _toml("c.toml", _read_carrier, 'keys = "a"\ndatabase = "b"\nport = 1\n'),
        ANY,
    ),
    Target("card file", _toml("card.toml", _read_card, CARD), ANY, share=2),
    Target("pairs", _file("p.csv", _read_pairs, lines(*CSV_WORDS), PAIRS), ANY, 3),
    Target("presentations", _file("s.csv", _read_shown, lines(*CSV_WORDS), SHOWN), ANY),
    Target("labels", _file("l.csv", _read_labels, lines(*CSV_WORDS), LABELS), ANY, 3),
    Target("former replay", _replays, ANY, share=0.5),
    Target("device file", _trust, ANY, share=2),
    Target("model ledger", _ledger, (UpdateRefused,), share=2),
    Target("pkcs11 uri", _uri, (ConfigError,), share=14),
)
