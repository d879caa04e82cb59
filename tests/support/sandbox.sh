#!/bin/bash
# Runs a command as root in its own network, mount and process namespaces: loopback only, and an empty /run, so that Open
# vSwitch, hsflowd and sflowovsd use their usual paths and never meet the host's. sandbox_files.sh says which files of the
# machine the command can change. Everything that the command leaves running ends with it. All of it ends with this script,
# even if that is killed: the kernel ends a process namespace with its first process, and that one with its parent.
set -eu

usage() {
    cat << 'TEXT'
Usage: tests/support/sandbox.sh COMMAND...
       tests/support/sandbox.sh --check

  --check  print why this machine cannot run the tests or the demo, if so, and exit with 1
TEXT
}

files=("$(dirname "$0")/sandbox_files.sh")
command -v mount > /dev/null || files=() # not yet installed on a bare system

become() { # in namespaces: the script $1 with its arguments
    # A shell starts background commands with SIGINT ignored.
    exec env --default-signal=INT,QUIT setpriv --pdeathsig KILL \
        unshare --net --mount --pid --fork --kill-child=KILL --mount-proc "${files[@]}" bash -c "set -eu; $1" sandbox "${@:2}"
}

obstacle() { # prints why the namespaces cannot be created, and nothing if they can
    local output
    if [ "$(id -u)" -ne 0 ]; then
        echo "must be root to create namespaces (use sudo)"
    elif ! output=$(LC_ALL=C become true 2>&1); then
        case $output in
            *"filesystem propagation: Invalid argument"*)
                echo "the root directory is not a mount point, as in a chroot (first run: mount --bind DIRECTORY DIRECTORY)" ;;
            *"unshare failed: Operation not permitted"* | *"filesystem propagation: "*"denied"*)
                echo "namespaces are not permitted (CAP_SYS_ADMIN is missing, as in a container without --privileged)" ;;
            *"unshare failed: No space left on device"*)
                echo "the kernel allows no more namespaces (see /proc/sys/user/max_net_namespaces)" ;;
            *"unshare failed: Invalid argument"*)
                echo "the kernel has no network, mount or process namespaces" ;;
            *"mount: /run/dev"*)
                echo "the namespaces cannot have a /dev of their own (${output##*$'\n'})" ;;
            *"cp: "*)
                echo "the namespaces cannot have a copy of /etc (${output##*$'\n'})" ;;
            *"mount: /: "*)
                echo "the root directory cannot be made read-only in a new namespace (${output##*$'\n'})" ;;
            *"mount: "* | *"mount /proc failed"*)
                echo "tmpfs, sysfs or proc cannot be mounted in a new namespace (${output##*$'\n'})" ;;
            *) echo "namespaces cannot be created (${output##*$'\n'})" ;;
        esac
    fi
}

obstacle_for_all() { # prints what else keeps the demo or some of the tests from running
    if [ "$(stat -c %t:%T /dev/net/tun 2> /dev/null)" != a:c8 ]; then
        echo "/dev/net/tun is missing, which Open vSwitch's userspace datapath needs (a container gets it with --device /dev/net/tun)"
    elif ! (: <> /dev/net/tun) 2> /dev/null; then
        echo "/dev/net/tun cannot be opened, which Open vSwitch's userspace datapath needs (in a virtual machine: modprobe tun)"
    elif command -v ip > /dev/null && ! (become '
            ip link set lo up
            ip link add probe0 type veth peer name probe1
            ip link add probe2 type bridge') 2> /dev/null; then
        echo "the kernel has no veth or bridge devices"
    fi
}

case ${1:-} in
    "") usage >&2; exit 2 ;;
    --help) usage; exit 0 ;;
    --check)
        reason=$(obstacle)
        [ -n "$reason" ] || reason=$(obstacle_for_all)
        [ -z "$reason" ] || { echo "$reason"; exit 1; }
        exit 0
        ;;
esac

reason=$(obstacle)
if [ -n "$reason" ]; then
    echo "sandbox.sh: $reason" >&2
    exit 1
fi
# shellcheck disable=SC2016 # expanded inside
become '
    ip link set lo up
    status=0
    "$@" || status=$? # not exec: the first process of a namespace must reap what others leave
    exit $status
' "$@" &
# unshare(1) blocks the gentler signals.
trap 'kill -KILL $! 2> /dev/null; exit 1' INT TERM HUP
status=0
wait $! || status=$?
exit $status
