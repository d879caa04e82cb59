#!/bin/bash
# Installs the Debian packages that building, testing and the demo need. Does nothing when they are all there.
set -eu

packages=(
    # build
    g++ cmake ninja-build pkg-config make python3
    libc-ares-dev libcli11-dev libexpected-dev libfmt-dev libgcrypt20-dev libmnl-dev libpcap-dev libpugixml-dev libspdlog-dev libssl-dev libsystemd-dev libvirt-dev libxen-dev libyaml-cpp-dev
    lowdown nlohmann-json3-dev openvswitch-source uuid-dev
    # tests and demo
    bind9 catch2 iproute2 iputils-ping jq openvswitch-switch procps python3-pytest python3-pytest-timeout tshark util-linux
    # virtual machines
    busybox-static cpio dpkg-dev e2fsprogs file kmod libvirt-clients libvirt-daemon libvirt-daemon-driver-qemu mmdebstrap qemu-system-x86 qemu-utils
)
if [ "${1:-}" = --checks ]; then # what only CI needs
    packages+=(
        clang clang-format clang-tidy libclang-rt-14-dev pyflakes3 shellcheck
        # packages, installed and booted
        lintian man-db rpm systemd
    )
fi

missing=()
for package in "${packages[@]}"; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0

if [ "$(id -u)" -ne 0 ]; then
    echo "setup.sh: must be root to install: ${missing[*]}" >&2
    exit 1
fi
echo "Installing ${missing[*]}"

# No service of the machine is started, whatever a package would like (deb-systemd-invoke(1p), invoke-rc.d(8)).
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
    printf '#!/bin/sh\nexit 101\n' > $policy
    chmod 755 $policy
    trap 'rm -f $policy' EXIT
    trap 'exit 1' INT TERM HUP
fi
export DEBIAN_FRONTEND=noninteractive
apt-get -qq update
apt-get -qq install -y --no-install-recommends "${missing[@]}" > /dev/null
