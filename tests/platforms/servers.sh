#!/bin/bash
# Usage: tests/platforms/servers.sh [SUITE...]
# Tests sflowovsd with the ovsdb-server and ovs-vswitchd of releases of Debian and Ubuntu, and prints a table. BUILD_DIR names the build
# under test. The unpacked packages are kept in build/platforms, and the output of the tests beside them.
set -euo pipefail
cd "$(dirname "$0")/../.."
export BUILD_DIR=${BUILD_DIR:-$PWD/build/release}
[ $# -gt 0 ] || set -- xenial bionic focal bullseye bookworm noble trixie

failed=0
versions=
table="| Open vSwitch | Release | Tests passed | Seconds |"$'\n'"|---|---|---|---|"$'\n'
for suite in "$@"; do
    root=$PWD/build/platforms/openvswitch-$suite
    mkdir -p "${root%/*}"
    [ -d "$root" ] || tests/platforms/unpack_openvswitch.sh "$suite" "$root"
    files=(tests/platforms/servers_test.py tests/integration/{sflowovsd,sflowovsd_choice,sflowovsd_commands,old_schema}_test.py)
    case $suite in
        xenial) files+=(tests/integration/ports_file_test.py) ;; # its server sends changes in another way (RFC 7047 without extensions)
        bionic) ;;
        *) files+=(tests/integration/data_plane_test.py) ;; # before 2.10, `agent` cannot be an address, as it is there
    esac
    begin=$SECONDS
    tests/support/sandbox.sh tests/platforms/with_openvswitch.sh "$root" bash -c '
        ovs-vswitchd --version | head -n 1
        exec /usr/bin/python3 -m pytest -q -rs -c tests/pytest.ini "$@"' "$suite" "${files[@]}" 2>&1 | tee "$root.log" || true
    version=$(sed -n 's/^ovs-vswitchd (Open vSwitch) //p' "$root.log")
    versions+="$version "
    result=$(tail -n 1 "$root.log")
    if [[ $result =~ ^([0-9]+)\ passed\ in ]]; then # and nothing was skipped
        result=${BASH_REMATCH[1]}
    else
        failed=1
    fi
    table+="| $version | $suite | $result | $((SECONDS - begin)) |"$'\n'
done
printf '\n%s' "$table"
echo "versions: Open vSwitch ${versions% }"
exit $failed
