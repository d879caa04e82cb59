#!/bin/bash
# Installs the missing Debian packages. Does nothing when all are installed.
set -eu

usage() {
    cat << 'TEXT'
Usage: tests/setup.sh [--build | --demo | --asan | --checks | --platforms] [--progress | --list]

Installs the Debian packages that the build, all tests and the demo need.

  --build      only those for a whole build: also modules for virtual machines, man pages, packages and unit tests
  --demo       only those for the demo, which does without the modules for virtual machines
  --asan       also those for the preset asan
  --checks     also those of --asan, and those for the static checks and the tests of our packages
  --platforms  also those of --checks, and those for tests/platforms.sh
  --progress   print the percentage that is done, one number per line
  --list       print their names and install nothing
TEXT
}

build=(
    g++ cmake ninja-build pkg-config make python3
    libc-ares-dev libcap-ng-dev libcli11-dev libexpected-dev libfmt-dev libgcrypt20-dev libmnl-dev libpcap-dev libspdlog-dev libssl-dev
    libsystemd-dev libyaml-cpp-dev nlohmann-json3-dev openvswitch-source uuid-dev
)
whole=(catch2 dpkg-dev file libpugixml-dev libvirt-dev libxen-dev lowdown)
demo=(bind9 iproute2 iputils-ping jq mount openvswitch-switch util-linux)
tests=(procps python3-jsonschema python3-pytest python3-pytest-timeout tshark)
vms=(
    busybox-static cpio e2fsprogs kmod libvirt-clients libvirt-daemon libvirt-daemon-driver-qemu mmdebstrap
    qemu-system-x86 qemu-utils
)
asan=(clang libclang-rt-dev llvm) # llvm-symbolizer(1) names the lines of a report
checks=(
    clang-format clang-tidy git pyflakes3 shellcheck
    apt-utils createrepo-c dnf gpg lintian man-db patchelf rpm systemd # for packages, repositories, and guests that boot
)
platforms=(ansible-core gpg gpg-agent openssh-client qemu-system-arm yamllint zstd) # zstd for Ubuntu's kernel modules

packages=("${build[@]}" "${whole[@]}" "${demo[@]}" "${tests[@]}" "${vms[@]}")
progress=false
list=false
while [ $# -gt 0 ]; do
    case $1 in
        --build) packages=("${build[@]}" "${whole[@]}") ;;
        --demo) packages=("${build[@]}" "${demo[@]}") ;;
        --asan) packages+=("${asan[@]}") ;;
        --checks) packages+=("${asan[@]}" "${checks[@]}") ;;
        --platforms) packages+=("${asan[@]}" "${checks[@]}" "${platforms[@]}") ;;
        --progress) progress=true ;;
        --list) list=true ;;
        --help) usage; exit 0 ;;
        *) usage >&2; exit 2 ;;
    esac
    shift
done

if $list; then
    printf '%s\n' "${packages[@]}"
    exit 0
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
$progress || echo "Installing ${missing[*]}"

log=$(mktemp)
policy=
trap 'rm -f "$log" $policy' EXIT
trap 'exit 1' INT TERM HUP
# No package starts its services (deb-systemd-invoke(1p), invoke-rc.d(8)).
if [ ! -e /usr/sbin/policy-rc.d ]; then
    policy=/usr/sbin/policy-rc.d
    printf '#!/bin/sh\nexit 101\n' > $policy
    chmod 755 $policy
fi

install_missing() {
    apt-get -qq update &&
        apt-get -qq install -y --no-install-recommends -o APT::Status-Fd=3 "${missing[@]}" 3> >(percentages)
}

percentages() { # from apt's status lines: dlstatus:…:PERCENT:… while it downloads, then pmstatus:…:PERCENT:…
    if $progress; then
        awk -F: '{ percent = int($1 == "dlstatus" ? $3 / 2 : 50 + $3 / 2) } percent > last { print last = percent; fflush() }' >&4
    else
        cat > /dev/null
    fi
}

export DEBIAN_FRONTEND=noninteractive
if ! install_missing 4>&1 > "$log" 2>&1; then
    tail -n 40 "$log" >&2
    echo "setup.sh: cannot install: ${missing[*]}" >&2
    exit 1
fi
