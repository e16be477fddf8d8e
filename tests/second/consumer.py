"""A carrier in sixty lines: it shares no code with likeness, only the contract."""
# python consumer.py HOST PORT KEYS DATABASE ENVIRONMENT [CA CERT KEY]
import hashlib, json, os, queue, sqlite3, sys, time
from pathlib import Path
from jwcrypto import common, jwk, jws
from paho.mqtt import client as mqtt

HOST, PORT, KEYS, DATABASE, ENVIRONMENT, *TLS = sys.argv[1:]
FILES = [json.loads(p.read_text()) for p in Path(KEYS, "devices").glob("*.json")]
TRUSTED = {f["device"]: {k["kid"]: jwk.JWK(**k) for k in f["keys"]} for f in FILES}
MINE = jwk.JWK.from_pem(Path(KEYS, "receipt.key").read_bytes())
KINDS = {"likeness-result+jws", "likeness-epoch+jws", "likeness-key+jws"}
db = sqlite3.connect(DATABASE)  # a commit is on the disk
db.execute("CREATE TABLE IF NOT EXISTS record (device, epoch, seq, hash, prev, token,"
           " UNIQUE (device, epoch, seq))")  # who comes first to a place stays there
arrived = queue.SimpleQueue()

def believed(message):
    device, token = message.topic.split("/")[2], message.payload.decode("latin-1")
    try:  # anything may come: what is not this device's own is dropped
        signed = jws.JWS.from_jose_token(token)
        signed.verify(TRUSTED[device][signed.jose_header["kid"]], "ES256")
        said = json.loads(signed.payload)
        row = device, str(said["epoch"]), int(said["seq"])
        ours = said["iss"] == device and said["environment"] == ENVIRONMENT
        ours = ours and signed.jose_header["typ"] in KINDS
    except (common.JWException, KeyError, TypeError, ValueError):
        return None
    digest = hashlib.sha256(token.rpartition(".")[0].encode()).digest()
    rest = common.base64url_encode(digest), str(said.get("prev", "")), token
    return (*row, *rest) if ours else None

def send_receipt(device, epoch):
    upto, head = -1, ""  # how far the chain is here, each record naming the one before
    find = "SELECT seq, hash, prev FROM record WHERE device=? AND epoch=? ORDER BY seq"
    for seq, name, prev in db.execute(find, (device, epoch)):
        if (seq, prev) == (upto + 1, head):
            upto, head = seq, name
    says = {"aud": device, "jti": os.urandom(16).hex(), "iat": int(time.time()),
            "exp": int(time.time()) + 86400, "epoch": epoch, "upto": upto, "head": head}
    token = jws.JWS(json.dumps(says))
    top = {"alg": "ES256", "kid": MINE.thumbprint(), "typ": "likeness-receipt+jws"}
    token.add_signature(MINE, protected=json.dumps(top))
    if upto >= 0:
        line.publish(f"likeness/v1/{device}/receipt", token.serialize(compact=True), 1)

line = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, protocol=5, manual_ack=True)
line.on_connect = lambda *_: line.subscribe("likeness/v1/+/result", qos=1)
line.on_disconnect = lambda *_: os._exit(1)  # whoever started us starts us again
line.on_message = lambda _line, _data, message: arrived.put(message)
line.tls_set(*TLS) if TLS else None
line.connect(HOST, int(PORT))
line.loop_start()
while batch := [arrived.get()]:
    batch += [arrived.get() for _ in range(min(arrived.qsize(), 255))]
    rows = [row for row in map(believed, batch) if row]
    with db:
        db.executemany("INSERT OR IGNORE INTO record VALUES (?,?,?,?,?,?)", rows)
    [line.ack(one.mid, one.qos) for one in batch]  # now the broker may forget them,
    [send_receipt(*chain) for chain in {row[:2] for row in rows}]  # now the terminal
