#!/bin/bash
# Builds the packages and adds them to an apt repository and an rpm repository. `--help` says how.
set -eu

usage() {
    cat << 'TEXT'
Usage: systemd/packages/repository.sh [--sign KEY] [--suite NAME] DIRECTORY

Builds the packages from this source and adds them to two repositories, for a web server or for file: URLs:

  DIRECTORY/apt          for apt: suite NAME, component main
  DIRECTORY/rpm/NAME     for dnf

Packages that are already there are kept: other versions, other architectures, other suites.

  --sign KEY     sign the indices with this key of gpg(1), and export it to DIRECTORY/sflow-agent.asc
  --suite NAME   the release on which the packages were built (default: the codename of this host)

PACKAGES=DIR in the environment takes the packages in DIR and builds nothing.
TEXT
}

fail() {
    echo "repository.sh: $*" >&2
    exit 1
}

key='' suite='' directory=''
while [ $# -gt 0 ]; do
    case $1 in
        --sign | --suite)
            [ $# -ge 2 ] || { usage >&2; exit 2; }
            if [ "$1" = --sign ]; then key=$2; else suite=$2; fi
            shift
            ;;
        --help) usage; exit 0 ;;
        -*) usage >&2; exit 2 ;;
        *)
            [ -z "$directory" ] || { usage >&2; exit 2; }
            directory=$1
            ;;
    esac
    shift
done
[ -n "$directory" ] || { usage >&2; exit 2; }
if [ -z "$suite" ]; then
    # shellcheck source=/dev/null
    suite=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
    [ -n "$suite" ] || fail "this host has no codename in /etc/os-release; name one with --suite"
fi
[[ $suite =~ ^[a-z0-9][a-z0-9.-]*$ ]] || fail "not the name of a suite: $suite"
for tool in apt-ftparchive createrepo_c ${key:+gpg}; do
    command -v "$tool" > /dev/null || fail "$tool is missing; install it with tests/setup.sh --checks"
done
[ -z "$key" ] || gpg --batch --list-secret-keys "$key" > /dev/null 2>&1 || fail "gpg has no secret key $key"

packages=${PACKAGES:-}
mkdir -p "$directory"
directory=$(realpath "$directory")
work=$(mktemp -d "$directory/.new.XXXXXX") # on the same file system: what is served is exchanged by renaming
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM HUP
chmod 755 "$work"
if [ -n "$packages" ]; then
    packages=$(realpath "$packages")
else
    packages=$work/packages
    "$(dirname "$0")/../../tests/packages/build.sh" "$packages" DEB RPM XCP
fi
mapfile -t debs < <(find "$packages" -name '*.deb')
mapfile -t rpms < <(find "$packages" -name '*.rpm')
[ ${#debs[@]} -gt 0 ] || [ ${#rpms[@]} -gt 0 ] || fail "no packages in $packages"

add() { # DIRECTORY PACKAGE...: a client sees no half of a file
    local to=$1 file
    shift
    mkdir -p "$to"
    for file in "$@"; do
        install -m 644 "$file" "$work/package"
        mv "$work/package" "$to/${file##*/}"
    done
}

exchange() { # OLD NEW: directories
    mkdir -p "$(dirname "$1")"
    [ ! -e "$1" ] || mv "$1" "$work/old-${1##*/}"
    mv "$2" "$1"
}

sign() { # FILE SIGNATURE MODE...
    local file=$1 signature=$2
    shift 2
    gpg --batch --yes --armor --local-user "$key" --output "$signature" "$@" "$file"
}

if [ -n "$key" ]; then
    gpg --batch --armor --export "$key" > "$work/key"
    mv "$work/key" "$directory/sflow-agent.asc"
fi

if [ ${#debs[@]} -gt 0 ]; then
    add "$directory/apt/pool/$suite" "${debs[@]}"
    cd "$directory/apt"
    architectures=$(find "pool/$suite" -name '*.deb' | sed 's/.*_\(.*\)\.deb$/\1/' | grep -vx all | sort -u | xargs)
    for architecture in $architectures; do
        index=$work/dists/main/binary-$architecture
        mkdir -p "$index"
        apt-ftparchive --arch "$architecture" packages "pool/$suite" > "$index/Packages"
        gzip -9nk "$index/Packages"
        xz -k "$index/Packages"
    done
    apt-ftparchive -o APT::FTPArchive::Release::Origin=sflow-agent -o APT::FTPArchive::Release::Label=sflow-agent \
        -o "APT::FTPArchive::Release::Suite=$suite" -o "APT::FTPArchive::Release::Codename=$suite" \
        -o "APT::FTPArchive::Release::Architectures=$architectures" -o APT::FTPArchive::Release::Components=main \
        release "$work/dists" > "$work/Release"
    mv "$work/Release" "$work/dists/Release"
    if [ -n "$key" ]; then
        sign "$work/dists/Release" "$work/dists/InRelease" --clearsign
        sign "$work/dists/Release" "$work/dists/Release.gpg" --detach-sign
    fi
    exchange "$directory/apt/dists/$suite" "$work/dists"
fi

if [ ${#rpms[@]} -gt 0 ]; then
    add "$directory/rpm/$suite" "${rpms[@]}"
    createrepo_c --quiet --no-database --outputdir "$work" "$directory/rpm/$suite"
    [ -z "$key" ] || sign "$work/repodata/repomd.xml" "$work/repodata/repomd.xml.asc" --detach-sign
    exchange "$directory/rpm/$suite/repodata" "$work/repodata"
fi
echo "$directory: ${#debs[@]} Debian packages and ${#rpms[@]} RPMs are in the suite $suite"
