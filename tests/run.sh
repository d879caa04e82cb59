#!/bin/bash
# Installs what is missing, builds, and runs all tests, as root on Debian 12.
set -eu

usage() {
    cat << 'TEXT'
Usage: tests/run.sh [--asan | --tsan] [--werror] [--without-xen] [-- CTEST-ARGUMENTS]

Installs the missing packages, builds, and runs the unit tests, the integration tests and the tests with
virtual machines. --asan and --tsan leave out the test with Xen.

  --asan         build with AddressSanitizer and UndefinedBehaviorSanitizer (clang)
  --tsan         build with ThreadSanitizer
  --werror       treat compiler warnings as errors
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
if ! reason=$(tests/support/sandbox.sh --check); then
    echo "run.sh: this machine cannot run the tests: $reason" >&2
    exit 1
fi
if [ $preset = asan ]; then
    tests/setup.sh --asan
    rm -rf build/asan/CMakeCache.txt build/asan/CMakeFiles # CMake forgets SANITIZE when the compiler is another one than before
else
    tests/setup.sh
fi
cmake --preset "$preset" "${options[@]}" > /dev/null
cmake --build --preset "$preset"
# tests/CMakeLists.txt says how many halves of a core each test takes.
exec ctest --preset "$preset" --no-tests=error -j $((2 * $(nproc))) "$@"
