#!/bin/bash
# Usage: tests/support/make_root.sh SUITE DIRECTORY MMDEBSTRAP-OPTION...
# Makes the root directory of a release of Debian or Ubuntu. What it mounts and starts ends with it, also when it is killed.
set -euo pipefail
suite=$1 directory=$2
shift 2

options=(--quiet --mode=root --variant=minbase --include=apt --aptopt='APT::Install-Recommends "false"' --dpkgopt=force-unsafe-io)
case $suite in
    xenial | bionic | focal | jammy | noble)
        # Debian 12 does not have Ubuntu's keys. Debian 13 has, and its own keys are here.
        keys=$(mktemp -d)
        trap 'rm -rf "$keys"' EXIT
        mmdebstrap --quiet --mode=root --variant=extract --include=ubuntu-archive-keyring trixie "$keys" \
            http://deb.debian.org/debian
        mirror=http://archive.ubuntu.com/ubuntu
        signed="[signed-by=$keys/usr/share/keyrings/ubuntu-archive-keyring.gpg]"
        for pocket in "$suite" "$suite-updates" "$suite-security"; do
            sources+="deb $signed $mirror $pocket main universe"$'\n'
        done
        # What is installed later needs no path of this machine.
        options+=("--customize-hook=sed -i 's/\[signed-by=[^]]*\] //' \"\$1\"/etc/apt/sources.list")
        ;;
    *) sources="deb http://deb.debian.org/debian $suite main" ;;
esac
if [ "$suite" = xenial ]; then
    # Its systemd is configured before PAM is, without which its chfn(1) fails. Its dash needs a directory that the caller may leave out.
    # shellcheck disable=SC2016 # expanded by mmdebstrap
    options+=('--extract-hook=chroot "$1" dpkg-divert --quiet --rename --add /usr/bin/chfn && ln -s /bin/true "$1/usr/bin/chfn" && mkdir -p "$1/usr/share/man/man1"'
        '--essential-hook=rm "$1/usr/bin/chfn" && chroot "$1" dpkg-divert --quiet --rename --remove /usr/bin/chfn')
fi

setpriv --pdeathsig KILL unshare --mount --pid --fork --kill-child=KILL --mount-proc \
    mmdebstrap "${options[@]}" "$@" "$suite" "$directory" - <<< "$sources"
