#!/bin/bash
# Usage: make_guest.sh DIR
# Makes DIR/vmlinuz and DIR/initrd.gz for the KVM bed: Debian's kernel for virtual machines, with busybox and the
# virtio modules. The kernel's package is unpacked and not installed. Does nothing when they are there already.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
dir=$1
if [ -s "$dir/initrd.gz" ] && [ "$dir/initrd.gz" -nt "$here/guest-init" ]; then
    exit 0
fi
mkdir -p "$dir"
dir=$(cd "$dir" && pwd)
work=$(mktemp -d "$dir/work.XXXXXX")
trap 'rm -rf "$work"' EXIT

package=$(apt-cache depends linux-image-cloud-amd64 | sed -n 's/.*Depends: \(linux-image-[0-9].*\)/\1/p' | head -n 1)
[ -n "$package" ] || { echo "make_guest.sh: apt knows no linux-image-cloud-amd64 (apt-get update?)" >&2; exit 1; }
cd "$work"
apt-get -qq -o APT::Sandbox::User=root download "$package"
dpkg-deb -x ./*.deb kernel
version=$(ls kernel/lib/modules)
depmod -b kernel "$version"

mkdir -p root/bin root/modules root/proc root/sys root/dev
cp /bin/busybox root/bin/
cp "$here/guest-init" root/init
chmod 755 root/init
# Each with what it needs, in the order in which they are loaded.
for module in virtio_pci virtio_balloon virtio_net virtio_blk acpiphp; do
    modprobe -d "$work/kernel" -S "$version" --show-depends "$module" 2> /dev/null || true
done | awk '$1 == "insmod" && !seen[$2]++ { print $2 }' > modules
while read -r file; do
    cp "$file" root/modules/
    basename "$file" >> root/modules/order
done < modules
(cd root && find . | LC_ALL=C sort | cpio --quiet -o -H newc -R 0:0 | gzip -1) > initrd.gz
mv "kernel/boot/vmlinuz-$version" "$dir/vmlinuz"
mv initrd.gz "$dir/initrd.gz"
