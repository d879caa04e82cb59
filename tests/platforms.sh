#!/bin/bash
# Tests what is too slow for the gate: other releases, architectures and servers. Installs nothing on this machine but Debian packages.
set -euo pipefail
cd "$(dirname "$0")/.."
# Variables that would change or weaken the tests.
unset BUILD_DIR PACKAGES PYTEST_ADDOPTS SUITE UPDATE_EXPECTED XEN_PACKAGES
logs=build/platforms/logs

usage() {
    cat << 'TEXT'
Usage: tests/platforms.sh [--list | PART...]

Runs all parts, one after the other, or those that are named, as root. A part that fails does not stop the others, but makes the exit
status 1; so does a test that is skipped. Prints a table for docs/testing.md. The logs are in build/platforms/logs.

  --list  print the names of the parts
TEXT
}

# ---------------------------------------------------------------- the parts

# Builds on that release, runs the tests there, and boots it with the packages.
release() { # SUITE
    tests/platforms/in_release.sh "$1" bash -euc '
        cmake --preset release
        cmake --build --preset release
        .ci/run release_tests
        BUILD_DIR=build/release tests/packages/build.sh build/packages'
    SUITE=$1 PACKAGES=$PWD/build/platforms/$1/build/packages tests/support/pytest.sh -s tests/vm/boot_test.py
}

part_debian13() { release trixie; }
part_ubuntu24_04() { release noble; }
# What their compilers cannot build: the self-contained RPM.
part_debian11() { SUITE=bullseye BUILD_DIR=build/release tests/support/pytest.sh -s tests/vm/old_releases_test.py; }
part_ubuntu16_04() { SUITE=xenial BUILD_DIR=build/release tests/support/pytest.sh -s tests/vm/old_releases_test.py; }
part_servers() { tests/platforms/servers.sh; }
part_arm64() { tests/platforms/arm64.sh; }
part_repository() { tests/packages/reproducible.sh; }
part_ansible() { tests/support/pytest.sh -s tests/platforms/ansible_test.py; }
part_xen_deb() { XEN_PACKAGES=deb PACKAGES=$PWD/build/packages BUILD_DIR=build/release tests/support/pytest.sh -s tests/vm/xen_test.py; }
part_xcp_units() { tests/support/pytest.sh tests/platforms/xcp_xenial_test.py; }

# ---------------------------------------------------------------- all of them

mapfile -t parts < <(sed -n 's/^part_\([a-z0-9_]*\)().*/\1/p' "$0")
case ${1:-} in
    --help) usage; exit 0 ;;
    --list) printf '%s\n' "${parts[@]}"; exit 0 ;;
    --part) "part_$2"; exit 0 ;;
esac
for part in "$@"; do
    if ! declare -F "part_$part" > /dev/null; then
        usage >&2
        exit 2
    fi
done
[ $# -eq 0 ] || parts=("$@")

mkdir -p $logs
tests/setup.sh --platforms
tests/packages/build.sh build/packages DEB RPM XCP > $logs/packages.log 2>&1 || {
    tail -n 40 $logs/packages.log
    exit 1
}

failed=0
table=
for part in "${parts[@]}"; do
    echo "$part: $logs/$part.log"
    begin=$SECONDS
    result=passed
    # Another process: where a function is followed by ||, a command in it that fails would not end it.
    if ! "$0" --part "$part" > "$logs/$part.log" 2>&1; then
        result=failed
        failed=1
        tail -n 40 "$logs/$part.log"
    fi
    # Each part may print what it tested in lines that begin so.
    versions=$(sed -n 's/^versions: //p' "$logs/$part.log" | sort -u | paste -sd ';' | sed 's/;/; /g')
    table+="| \`$part\` | $result | $((SECONDS - begin)) | $versions |"$'\n'
done
printf '\n%s, commit %s:\n\n| Part | Result | Seconds | Versions |\n|---|---|---|---|\n%s' \
    "$(date +%F)" "$(git describe --always --dirty)" "$table"
[ $failed -eq 0 ]
