#!/bin/bash
# Builds the packages for arm64 with Debian 12's cross compiler, and runs the unit tests and both daemons with QEMU.
#
# All of it is below build/platforms/arm64, and stays there for the next time:
#   build      a root with the compiler and, as packages of a foreign architecture, what the build needs
#   packages   our packages
#   root       a root of arm64 with our packages, what they depend on, and what it takes to boot (root.initrd, root.kernel)
#   daemons    scripts that run the daemons of root with QEMU
set -euo pipefail
cd "$(dirname "$0")/../.."

usage() {
    cat << 'TEXT'
Usage: tests/platforms/arm64.sh [--packages]

Cross-builds the packages for arm64 and tests them with QEMU, as root on Debian 12 for amd64.

  --packages  only build them, in build/platforms/arm64/packages
TEXT
}

packages_only=false
case ${1:-} in
    "") ;;
    --packages) packages_only=true ;;
    --help) usage; exit 0 ;;
    *) usage >&2; exit 2 ;;
esac

kept=$PWD/build/platforms/arm64
build=$kept/build packages=$kept/packages root=$kept/root

in_namespaces() { # what it mounts and starts ends with it, also when it is killed
    setpriv --pdeathsig KILL unshare --mount --pid --fork --kill-child=KILL --mount-proc "$@"
}

debian() { # DIRECTORY mmdebstrap's options: a root of Debian 12, made anew if the options are others than the last time
    local directory=$1
    shift
    if [ "$(cat "$directory.options" 2> /dev/null)" != "$*" ]; then
        rm -rf "$directory" "$directory".*
        mkdir -p "$(dirname "$directory")"
        in_namespaces mmdebstrap --quiet --mode=root --aptopt='APT::Install-Recommends "false"' \
            --dpkgopt=force-unsafe-io "$@" bookworm "$directory.new"
        mv "$directory.new" "$directory"
        echo "$*" > "$directory.options"
    fi
}

list() { # of mmdebstrap: one name a line
    sort -u | paste -sd ,
}

build_packages() { # the names in setup.sh, with the libraries of arm64 and the tools of this machine
    tests/setup.sh --build --list | xargs apt-cache show --no-all-versions | awk '
        /^Package: / { name = $2 }
        /^Architecture: / {
            if (name == "g++") print "crossbuild-essential-arm64"
            else if (name == "pkg-config") print "pkgconf:arm64"
            else if ($2 != "all" && (name ~ /-dev$/ || name == "catch2")) print name ":arm64"
            else print name
        }'
    printf '%s\n' gzip iproute2 qemu-user-static rpm
}

cross() { # COMMAND...: in the root for the build, where this repository has the same path
    # shellcheck disable=SC2016 # expanded inside
    in_namespaces bash -c '
        set -eu
        root=$1 repository=$2
        shift 2
        mkdir -p "$root$repository"
        echo "127.0.0.1 localhost" > "$root/etc/hosts"
        mount --bind "$root" "$root" # so that it can be the root of other namespaces
        mount --rbind /dev "$root/dev"
        mount --rbind /sys "$root/sys"
        mount -t proc proc "$root/proc"
        mount --bind "$repository" "$root$repository"
        exec chroot "$root" env --chdir="$repository" HOME=/root LC_ALL=C.UTF-8 \
            XDG_CACHE_HOME="$repository/build/platforms/arm64/cache" DEB_HOST_ARCH=arm64 "$@"' sh "$build" "$PWD" "$@"
}

# The maintainer scripts of another architecture run only where the kernel knows an interpreter for it (binfmt_misc), so nothing is
# configured. That is enough: apt has resolved the dependencies, and systemd makes users and enables services at its first boot.
root_packages() {
    printf '%s\n' base-files base-passwd bash coreutils dash findutils grep hostname iproute2 iputils-ping kmod libc-bin \
        linux-image-arm64 login mawk mount openvswitch-switch perl-base procps sed systemd-sysv udev util-linux
}

modules() { # that the guest needs, with what they depend on
    local version
    version=$(ls "$root/lib/modules")
    for module in autofs4 dummy openvswitch veth virtio_console virtio_net virtio_pci virtio_rng; do
        modprobe -d "$root" -S "$version" --show-depends $module
    done | awk '$1 == "insmod" { print $2 }'
}

make_root() {
    ln -s mawk "$root/usr/bin/awk" # these two are alternatives
    ln -s ../lib/openvswitch-switch/ovs-vswitchd "$root/usr/sbin/ovs-vswitchd"
    cp "$root/usr/share/base-passwd/passwd.master" "$root/etc/passwd"
    cp "$root/usr/share/base-passwd/group.master" "$root/etc/group"
    rmdir "$root/var/run"
    ln -s /run "$root/var/run"
    : > "$root/etc/fstab"
    mkdir -p "$root/usr/local/sbin" "$root/etc/systemd/system/multi-user.target.wants"
    cp -a tests/vm/guest/etc/systemd/system/bed-{agent,network}.service "$root/etc/systemd/system/"
    cp -a tests/vm/guest/usr/local/sbin/bed-{agent,network} "$root/usr/local/sbin/"
    ln -s ../bed-agent.service ../bed-network.service "$root/etc/systemd/system/multi-user.target.wants/"
    ln -s lib/systemd/systemd "$root/init"

    depmod -b "$root" "$(ls "$root/lib/modules")"
    find "$root/lib/modules" -name '*.ko' -print0 | grep -zvxFf <(modules) | xargs -0 rm
    depmod -b "$root" "$(ls "$root/lib/modules")"
    mv "$root"/boot/vmlinuz-* "$root.kernel"
    rm -rf "${root:?}"/boot/* "$root"/usr/share/{doc,locale,man}/* "$root"/var/{cache,lib}/apt/*
    (cd "$root" && find . | cpio --quiet -o -H newc -R 0:0) > "$root.initrd.new"

    cp "$build/usr/bin/qemu-aarch64-static" "$root/usr/bin/"
    for daemon in hsflowd sflowovsd; do
        mkdir -p "$kept/daemons/$daemon"
        printf '#!/bin/sh\nexec chroot %s qemu-aarch64-static /usr/sbin/%s "$@"\n' "$root" $daemon > "$kept/daemons/$daemon/$daemon"
        chmod 755 "$kept/daemons/$daemon/$daemon"
    done
    mv "$root.initrd.new" "$root.initrd"
}

tests/setup.sh --platforms
debian "$build" --variant=apt --architectures=amd64,arm64 "--include=$(build_packages | list)"
cross env PRESET=arm64 tests/packages/build.sh "$packages" DEB RPM
! $packages_only || exit 0

cross cmake --preset arm64 -DBUILD_TESTING=ON > /dev/null
cross cmake --build --preset arm64 --target unit_tests
# Those with this tag need messages of netlink(7) that QEMU does not translate for a process.
cross qemu-aarch64-static build/arm64/tests/unit/unit_tests --warn NoAssertions "~[not-under-qemu-user]"

ours=("$packages"/*.deb)
debian "$root" --variant=extract --architectures=arm64 --hook-dir=/usr/share/mmdebstrap/hooks/file-mirror-automount \
    "--setup-hook=true $(cat "${ours[@]}" tests/vm/guest/usr/local/sbin/* | sha256sum)" \
    "--include=$(root_packages | list)" "${ours[@]/#/--include=}"
[ -e "$root.initrd" ] || make_root
# shellcheck disable=SC2016 # expanded inside
KERNEL=$root.kernel INITRD=$root.initrd BUILD_DIR=$kept/daemons tests/support/sandbox.sh bash -c '
    set -eu
    for directory in dev proc run sys tmp; do
        mount --rbind /$directory "$1/$directory"
    done
    shift
    "$@"' sh "$root" /usr/bin/python3 -m pytest -q -rs -c tests/pytest.ini -s tests/platforms/arm64_test.py
echo "versions: Debian 12 for arm64, $(cross aarch64-linux-gnu-g++ --version | head -n 1), $(cross qemu-aarch64-static --version | head -n 1)"
