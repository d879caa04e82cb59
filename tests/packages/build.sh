#!/bin/bash
# Usage: tests/packages/build.sh DIRECTORY [DEB|RPM]...
# Builds the packages of the release build; with BUILD_DIR those of the build that is there.
set -eu
directory=$(realpath -m "$1")
shift
cd "$(dirname "$0")/../.."

build=${BUILD_DIR:-build/release}
if [ -z "${BUILD_DIR:-}" ]; then
    cmake --preset release -DBUILD_TESTING=OFF > /dev/null
    cmake --build --preset release
fi
mkdir -p "$directory"
for generator in "${@:-DEB}"; do
    rm -f "$directory"/{hsflowd,sflowovsd}*."${generator,,}" # no package of an earlier version stays
    # Whatever cpack stages is its own business; the packages land in DIRECTORY.
    cpack --config "$build/CPackConfig.cmake" -B "$directory/staging" -G "$generator" > "$directory/cpack.log" ||
        { cat "$directory/cpack.log"; exit 1; }
    find "$directory/staging" -maxdepth 1 -type f \( -name '*.deb' -o -name '*.rpm' \) -exec mv -t "$directory" {} +
    rm -rf "$directory/staging" "$directory/cpack.log"
done
