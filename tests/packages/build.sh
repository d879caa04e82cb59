#!/bin/bash
# Usage: tests/packages/build.sh DIRECTORY [DEB|RPM|XCP]...
# Makes the packages (default: DEB) in DIRECTORY, the self-contained RPM (XCP) in DIRECTORY/xcp. Builds the release build first, or that
# of another preset with PRESET; with BUILD_DIR, uses the finished build there.
set -eu
directory=$(realpath -m "$1")
shift
cd "$(dirname "$0")/../.."

preset=${PRESET:-release}
build=${BUILD_DIR:-build/$preset}
if [ -z "${BUILD_DIR:-}" ]; then
    cmake --preset "$preset" -DBUILD_TESTING=OFF > /dev/null
    cmake --build --preset "$preset"
fi
mkdir -p "$directory"
for generator in "${@:-DEB}"; do
    if [ "$generator" = XCP ]; then
        rm -rf "$directory/xcp"
        systemd/packages/xcp.sh "$build" "$directory/xcp"
        continue
    fi
    rm -f "$directory"/{hsflowd,sflowovsd,sflow-agent}*."${generator,,}" # of an earlier version
    cpack --config "$build/CPackConfig.cmake" -B "$directory/staging" -G "$generator" > "$directory/cpack.log" ||
        { cat "$directory/cpack.log"; exit 1; }
    find "$directory/staging" -maxdepth 1 -type f \( -name '*.deb' -o -name '*.rpm' \) -exec mv -t "$directory" {} +
    rm -rf "$directory/staging" "$directory/cpack.log"
done
