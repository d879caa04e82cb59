#!/bin/bash
# Usage: unpack_openvswitch.sh SUITE ROOT
# Unpacks Open vSwitch of a release of Debian or Ubuntu, and what its programs need, into the directory ROOT. Nothing is installed.
set -euo pipefail
suite=$1 root=$2

rm -rf "$root.new"
"$(dirname "$0")/../support/make_root.sh" "$suite" "$root.new" --variant=extract --include=openvswitch-switch
(
    cd "$root.new"
    mkdir -p dev proc run sys tmp var etc
    touch etc/hosts # otherwise the programs complain
    # What the scripts of base-files and update-alternatives(1) would make.
    for directory in bin sbin lib lib64; do
        [ -e $directory ] || ln -s "usr/$directory" $directory
    done
    [ -e var/run ] || ln -s /run var/run
    for file in usr/lib/openvswitch-*/*; do
        case $file in
            */lib*.so*) ln -s "/$file" usr/lib/*-linux-gnu/ ;;
            */ovs-vswitchd) ln -s "/$file" usr/sbin/ ;;
        esac
    done
)
mv "$root.new" "$root"
