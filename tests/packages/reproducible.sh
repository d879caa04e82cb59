#!/bin/bash
# Usage: tests/packages/reproducible.sh
# Builds the commit twice, completely, in directories of different names and at different times. Fails if a package differs.
set -eu
cd "$(dirname "$0")/../.."
commit=$(git rev-parse HEAD)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM HUP

for name in first second/in/another/place; do
    source=$work/$name/source
    git clone -q --no-hardlinks . "$source"
    git -C "$source" checkout -q --detach "$commit"
    # A cache of its own, so that Open vSwitch's library is built twice, too.
    cmake --preset release -S "$source" -DBUILD_TESTING=OFF -DOVS_CACHE_DIR="$work/$name/cache" > /dev/null
    cmake --build "$source/build/release"
    BUILD_DIR=$source/build/release "$source/tests/packages/build.sh" "$work/$name/packages" DEB RPM
done

count=0
differ=()
for package in "$work"/first/packages/*.{deb,rpm}; do
    count=$((count + 1))
    cmp "$package" "$work/second/in/another/place/packages/${package##*/}" || differ+=("${package##*/}")
done
[ $count -ge 6 ] || { echo "reproducible.sh: only $count packages" >&2; exit 1; }
[ ${#differ[@]} -eq 0 ] || { echo "reproducible.sh: these packages differ: ${differ[*]}" >&2; exit 1; }
echo "$count packages of $commit are identical, byte for byte"
