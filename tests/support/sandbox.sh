#!/bin/bash
# Usage: sandbox.sh COMMAND...
# Runs COMMAND as root in network, mount and process namespaces of its own: loopback only, and an empty /run, so that
# Open vSwitch, hsflowd and sflowovsd use their usual paths without meeting the machine's. Whatever COMMAND leaves
# running ends with it, also when this script is killed: the kernel ends a process namespace with its first process.
set -eu

if [ "$(id -u)" -ne 0 ]; then
    echo "sandbox.sh: must be root to make namespaces" >&2
    exit 1
fi
# shellcheck disable=SC2016 # expanded inside
exec unshare --net --mount --pid --fork --kill-child=KILL --mount-proc bash -c '
    set -eu
    mount -t tmpfs -o mode=0755 tmpfs /run
    mount -t sysfs sysfs /sys # of this network namespace
    mkdir -p /run/hsflowd /run/openvswitch /run/netns
    ip link set lo up
    "$@" &
    trap "kill $! 2> /dev/null || true" INT TERM HUP
    status=0
    # A trapped signal ends wait(1) early; the second one is for the command to end.
    wait $! || status=$?
    wait $! 2> /dev/null || status=$?
    exit $status
' sandbox "$@"
