#!/bin/bash
# Sets up, builds and tests: the whole of it, as root, on a fresh Debian 12.
set -eu

usage() {
    cat << 'TEXT'
Usage: tests/run.sh [--asan | --tsan] [--werror] [--without-xen] [-- CTEST-ARGUMENTS]

Installs the packages that are missing, builds, and runs the unit and integration tests, and those
with virtual machines. The one with Xen is not part of --asan and --tsan.

  --asan         with AddressSanitizer and UndefinedBehaviorSanitizer
  --tsan         with ThreadSanitizer
  --werror       compiler warnings are errors
  --without-xen  skip the test that boots Xen (vm.xen_test)
TEXT
}

preset=debug
options=()
while [ $# -gt 0 ]; do
    case $1 in
        --asan) preset=asan ;;
        --tsan) preset=tsan ;;
        --without-xen)
            echo "vm.xen_test will be skipped (--without-xen)"
            export WITHOUT_XEN=1
            ;;
        --werror) options+=(-DWARNINGS_AS_ERRORS=ON) ;;
        --) shift; break ;;
        --help) usage; exit 0 ;;
        *) usage >&2; exit 2 ;;
    esac
    shift
done

cd "$(dirname "$0")/.."
tests/setup.sh
cmake --preset "$preset" "${options[@]}" > /dev/null
cmake --build --preset "$preset"
# Each integration test has namespaces of its own, so they run side by side.
exec ctest --preset "$preset" --no-tests=error -j "$(nproc)" "$@"
