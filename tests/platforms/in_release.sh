#!/bin/bash
# Usage: tests/platforms/in_release.sh SUITE COMMAND...
# Runs a command in that release of Debian or Ubuntu, which has what tests/setup.sh installs. The command starts in this tree, which
# is read-only there except build/: that is build/platforms/SUITE/build, and is kept, as is the release.
set -euo pipefail
suite=$1
shift
cd "$(dirname "$0")/../.."
kept=$PWD/build/platforms/$suite
root=$kept/root

mkdir -p "$kept/build"
if [ ! -d "$root" ]; then
    rm -rf "$root.new"
    tests/support/make_root.sh "$suite" "$root.new"
    mv "$root.new" "$root"
fi
mkdir -p "$root$PWD"
# What is mounted and started ends with this script, also when it is killed.
# shellcheck disable=SC2016 # expanded inside
exec setpriv --pdeathsig KILL unshare --mount --pid --fork --kill-child=KILL bash -euc '
    root=$1 source=$2 build=$3
    shift 3
    mount --bind "$root" "$root" # so that it can be the root of other namespaces
    mount --bind "$source" "$root$source"
    mount -o remount,bind,ro "$root$source"
    mount --bind "$build" "$root$source/build"
    mount --rbind /dev "$root/dev"
    mount --rbind /sys "$root/sys"
    mount -t proc proc "$root/proc"
    mount -t tmpfs tmpfs "$root/run"
    mount --bind "$(realpath /etc/resolv.conf)" "$root/etc/resolv.conf"
    exec chroot "$root" env -i HOME=/root LC_ALL=C.UTF-8 PATH=/usr/sbin:/usr/bin:/sbin:/bin bash -euc "
        cd \$0
        tests/setup.sh
        exec \"\$@\"" "$source" "$@"
' "$0" "$root" "$PWD" "$kept/build" "$@"
