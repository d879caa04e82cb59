#!/bin/bash
# Usage, in sandbox.sh: with_openvswitch.sh ROOT COMMAND...
# Runs the command with the Open vSwitch whose packages are unpacked in ROOT (unpack_openvswitch.sh): its schema, and its programs. Of
# this system, these see /dev, /proc, /run, /sys and /tmp.
set -euo pipefail
root=$1
shift

for directory in dev proc run sys tmp; do
    mount --rbind "/$directory" "$root/$directory"
done
mount --bind "$root/usr/share/openvswitch" /usr/share/openvswitch

shopt -s nullglob
programs=/run/with_openvswitch
mkdir $programs
for program in ovsdb-{server,client,tool} ovs-{vswitchd,vsctl,appctl,ofctl}; do
    found=("$root"/usr/{bin,sbin}/"$program"*)
    printf '#!/bin/sh\nexec chroot %q %q "$@"\n' "$root" "${found[0]#"$root"}" > "$programs/$program"
    chmod +x "$programs/$program"
done
PATH=$programs:$PATH exec "$@"
