#!/bin/bash
# Usage: make_guest.sh DIR
# Makes DIR/vmlinuz and DIR/initrd.gz for kvm_bed.py: Debian's kernel for virtual machines, with busybox and the virtio
# modules. The kernel's package is unpacked and not installed. Does nothing if both files are up to date.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
dir=$1
if [ -s "$dir/initrd.gz" ] && [ "$dir/initrd.gz" -nt "$here/../initrd/guest-init" ]; then
    exit 0
fi
mkdir -p "$dir"
dir=$(cd "$dir" && pwd)
work=$(mktemp -d "$dir/work.XXXXXX")
trap 'rm -rf "$work"' EXIT

package=$(apt-cache depends linux-image-cloud-amd64 | sed -n 's/.*Depends: \(linux-image-[0-9].*\)/\1/p' | head -n 1)
[ -n "$package" ] || { echo "make_guest.sh: apt does not know linux-image-cloud-amd64; run apt-get update" >&2; exit 1; }
cd "$work"
apt-get -qq -o APT::Sandbox::User=root download "$package"
dpkg-deb -x ./*.deb kernel
depmod -b kernel "$(ls kernel/lib/modules)"
"$here/../initrd/make_initrd.sh" "$here/../initrd/guest-init" kernel initrd virtio_pci virtio_balloon virtio_net virtio_blk acpiphp
gzip -1 initrd
mv kernel/boot/vmlinuz-* "$dir/vmlinuz"
mv initrd.gz "$dir/initrd.gz"
