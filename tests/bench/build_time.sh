#!/bin/bash
# Measures clean builds, and prints a JSON line for each.
set -eu

usage() {
    cat << 'TEXT'
Usage: tests/bench/build_time.sh [--preset PRESET] [--jobs N] [TARGET...]

Builds in a temporary directory, without ccache, and prints CPU seconds (user and system) and seconds of time for
libopenvswitch, then for the targets without it. Use an idle machine.

  --preset PRESET  the preset of CMakePresets.json (default: release)
  --jobs N         commands at a time (default: one for each core)
  TARGET           what to build: all with tests (the default), products for both daemons, or a target of the build
TEXT
}

preset=release
jobs=$(nproc)
while [ $# -gt 0 ]; do
    case $1 in
        --preset) preset=$2; shift ;;
        --jobs) jobs=$2; shift ;;
        --help) usage; exit 0 ;;
        -*) usage >&2; exit 2 ;;
        *) break ;;
    esac
    shift
done
[ $# -gt 0 ] || set -- all products

cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM HUP
export CCACHE_DISABLE=1

measure() { # NAME COMMAND...
    local name=$1 TIMEFORMAT="%U %S %R" user system wall
    shift
    { time "$@" > "$work/log" 2>&1; } 2> "$work/time" || { tail -n 40 "$work/log" >&2; exit 1; }
    read -r user system wall < "$work/time"
    printf '{"bench": "clean build", "preset": "%s", "built": "%s", "commands": %d, "user_s": %s, "system_s": %s, "cpu_s": %s, "wall_s": %s, "jobs": %d}\n' \
        "$preset" "$name" "$(grep -c '^\[[0-9]*/[0-9]*\] ' "$work/log" || true)" "$user" "$system" \
        "$(awk "BEGIN { print $user + $system }")" "$wall" "$jobs"
}

for target in "$@"; do
    build=$work/$target
    options=()
    targets=("$target")
    if [ "$target" = products ]; then
        options=(-DBUILD_TESTING=OFF)
        targets=(hsflowd_daemon sflowovsd_daemon)
    fi
    cmake --preset "$preset" -B "$build" -DOVS_CACHE_DIR="$work/cache" "${options[@]}" > "$work/log" 2>&1 ||
        { cat "$work/log" >&2; exit 1; }
    if [ -e "$work/cache" ]; then # built already
        ninja -C "$build" openvswitch_build > /dev/null
    else
        measure libopenvswitch ninja -C "$build" -j "$jobs" openvswitch_build
    fi
    measure "$target" ninja -C "$build" -j "$jobs" "${targets[@]}"
    rm -rf "$build"
done
