#!/bin/bash
# Usage, in new mount, network and process namespaces (sandbox.sh): sandbox_files.sh COMMAND...
# Runs the command where it can change few files of the machine: those in `writable` below. Its /dev and /etc are its own, its
# /run, /var/cache, /var/lib and /var/log are empty, and everything else is read-only.
set -eu

# Temporary directories (also for tests that need a disk), this repository, and the build in use.
writable=(/tmp /var/tmp "${TMPDIR:-}" "$(realpath "$(dirname "$0")/../..")" "${BUILD_DIR:+$(realpath -m "$BUILD_DIR")}")
set_aside=()

set_writable_aside() { # below /run/aside, where make_all_read_only does not reach them
    local place
    for place in "${writable[@]}"; do
        [ -d "$place" ] || continue
        mkdir -p "/run/aside/${#set_aside[@]}"
        mount --rbind "$place" "/run/aside/${#set_aside[@]}"
        set_aside+=("$place")
    done
}

put_writable_back() {
    local number
    for number in "${!set_aside[@]}"; do
        mkdir -p "${set_aside[number]}" # one that an empty directory hides
        mount --move "/run/aside/$number" "${set_aside[number]}"
    done
    rmdir /run/aside/* /run/aside
}

make_all_read_only() {
    local point options
    while read -r _ _ _ _ point options _; do # proc(5), /proc/PID/mountinfo
        case $point in /proc | /proc/* | /run | /run/* | /sys | /sys/*) continue ;; esac
        # With all its options: those not named would be cleared. Fails for a mount that another one hides.
        mount -o "remount,bind,ro${options#r[ow]}" "$(printf %b "$point")" 2> /dev/null || true
    done < /proc/self/mountinfo
    mount -o remount,bind,ro / # this one must succeed
}

make_dev() { # DIRECTORY
    local node
    mkdir "$1"
    mount -t tmpfs -o mode=0755 tmpfs "$1"
    mkdir -m 1777 "$1/shm"
    mkdir "$1/net" "$1/pts"
    mount -t devpts -o newinstance,ptmxmode=0666,mode=0620 devpts "$1/pts"
    ln -s pts/ptmx "$1/ptmx"
    ln -s /proc/self/fd "$1/fd"
    ln -s /proc/self/fd/0 "$1/stdin"
    ln -s /proc/self/fd/1 "$1/stdout"
    ln -s /proc/self/fd/2 "$1/stderr"
    # The nodes of the machine, because mknod(1) is not permitted in every container. Nobody can remove a mount point, and a
    # read-only mount keeps the mode; programs can still write to the device.
    for node in null zero full random urandom tty net/tun; do
        [ -c "/dev/$node" ] || continue
        touch "$1/$node"
        mount -o bind,ro "/dev/$node" "$1/$node"
    done
}

mount -t tmpfs -o mode=0755 tmpfs /run
mount -t sysfs sysfs /sys # of this network namespace
set_writable_aside
make_dev /run/dev
mkdir /run/etc
mount -t tmpfs -o mode=0755 tmpfs /run/etc
cp -a /etc/. /run/etc
make_all_read_only
for directory in dev etc; do
    mount --move "/run/$directory" "/$directory"
    rmdir "/run/$directory"
done
for directory in cache lib log; do
    mount -t tmpfs -o mode=0755 tmpfs "/var/$directory"
done
put_writable_back
mkdir /run/hsflowd /run/openvswitch /run/netns
cd "$PWD" # in the new mount
exec "$@"
