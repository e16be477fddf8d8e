#!/usr/bin/env bash
# A broker for the bench with mutual TLS, on this machine only, from the shipped files:
#
#     bench-tls.sh FOLDER DEVICE…      then:  mosquitto -c FOLDER/mosquitto.conf
#
# Makes a test authority and certificates in FOLDER/pki where there are none yet; what a
# terminal or the carrier needs of them is printed. In the field the carrier's own
# authority issues, and the files go where likeness.conf says.
set -euo pipefail
if [ $# -lt 2 ]; then
    echo "usage: $0 FOLDER DEVICE..." >&2
    exit 2
fi
shipped=$(cd "$(dirname "$0")" && pwd)
likeness=$(command -v likeness || echo "$shipped/../../.venv/bin/likeness")
mkdir -p "$1"
folder=$(cd "$1" && pwd)
shift
pki="$folder/pki" files="$folder/likeness"

issue() { # KIND NAME [OPTION…]; one that is there stays
    [ -e "$pki/issued/$2.pem" ] || "$likeness" keys authority issue "$@" --dir "$pki" >/dev/null
}
issue broker broker --host localhost --host 127.0.0.1
issue carrier likeness-carrier
for device; do issue device "$device"; done

mkdir -p "$files"
cp "$pki"/{devices,carriers,devices-crl,carriers-crl}.pem "$pki"/issued/broker.{pem,key} \
    "$shipped"/likeness-{terminals,carrier}.acl "$files"
sed -e "s#/etc/mosquitto/likeness/#$files/#" \
    -e 's/^\(listener [0-9]*\)$/\1 127.0.0.1/' "$shipped/likeness.conf" >"$files/likeness.conf"
cat >"$folder/mosquitto.conf" <<END
# Started by root it would become another user, who cannot read this folder.
user $(id -un)
persistence false
include_dir $files
END
cat <<END
broker:   mosquitto -c $folder/mosquitto.conf
both:     ca_file = "$pki/server-ca.pem"
carrier:  port = 8884, cert_file = "$pki/issued/likeness-carrier.pem", key_file beside it (.key)
END
for device; do
    echo "$device:  port = 8883, cert_file = \"$pki/issued/$device.pem\", key_file beside it (.key)"
done
