#!/bin/bash
# Usage: make_initrd.sh INIT TREE OUTPUT MODULE...
# Makes OUTPUT, an initial file system (uncompressed cpio): busybox, INIT as its first program, and the modules of the
# unpacked kernel in TREE with their dependencies. /modules/order lists the modules in the order of loading.
set -euo pipefail
init=$1 tree=$2 output=$3
shift 3
version=$(ls "$tree/lib/modules")
root=$(mktemp -d "$output.XXXXXX")
trap 'rm -rf "$root"' EXIT

mkdir -p "$root"/{bin,dev,modules,proc,root,sys}
cp /bin/busybox "$root/bin/"
install -m 755 "$init" "$root/init"
touch "$root/modules/order" # a kernel may have all of them built in
for module in "$@"; do
    modprobe -d "$tree" -S "$version" --show-depends "$module" 2> /dev/null || true
done | awk '$1 == "insmod" && !seen[$2]++ { print $2 }' | while read -r file; do
    cp "$file" "$root/modules/"
    basename "$file" >> "$root/modules/order"
done
(cd "$root" && find . | LC_ALL=C sort | cpio --quiet -o -H newc -R 0:0) > "$output"
