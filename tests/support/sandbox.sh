#!/bin/bash
# Usage: sandbox.sh COMMAND...
# Runs COMMAND as root in network, mount and process namespaces of its own: loopback only, and an empty /run, so that
# Open vSwitch, hsflowd and sflowovsd use their usual paths without meeting the machine's. Whatever COMMAND leaves
# running ends with it, and all of it ends with this script, also when that is killed: the kernel ends a process
# namespace with its first process, and that one with its parent.
set -eu

if [ "$(id -u)" -ne 0 ]; then
    echo "sandbox.sh: must be root to make namespaces" >&2
    exit 1
fi
# What a shell starts in the background ignores SIGINT unless it is told otherwise.
# shellcheck disable=SC2016 # expanded inside
env --default-signal=INT,QUIT setpriv --pdeathsig KILL unshare --net --mount --pid --fork --kill-child=KILL --mount-proc bash -c '
    set -eu
    mount -t tmpfs -o mode=0755 tmpfs /run
    mount -t sysfs sysfs /sys # of this network namespace
    mkdir -p /run/hsflowd /run/openvswitch /run/netns
    ip link set lo up
    status=0
    "$@" || status=$? # not exec: the first process of a namespace must reap what others leave
    exit $status
' sandbox "$@" &
# unshare(1) blocks the gentler signals.
trap 'kill -KILL $! 2> /dev/null; exit 1' INT TERM HUP
status=0
wait $! || status=$?
exit $status
