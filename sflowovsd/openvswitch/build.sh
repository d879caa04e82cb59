#!/bin/bash
# Usage: build.sh SOURCE PREFIX CACHE
# Creates PREFIX/lib/libopenvswitch.a and PREFIX/include: builds them from SOURCE (a tarball or a directory) and keeps a copy
# in the directory CACHE, or copies them from there. CC, PYTHON3 and MAKE come from the environment. So do, if set, HOST, for
# which CC compiles (configure --host), and PROGRESS, the file that says how far the build is.
set -eu

source=$1 prefix=$2 cache=$3

publish() { # $1: a finished result
    rm -rf "$prefix"
    mkdir -p "$(dirname "$prefix")"
    cp -a "$1" "$prefix"
    touch "$prefix/lib/libopenvswitch.a" # newer than what it was made from, for the build system
}

if [ -e "$cache/complete" ]; then
    publish "$cache"
    exit 0
fi

work=$(mktemp -d "$(dirname "$prefix")/openvswitch.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM HUP
mkdir "$work/source" "$work/build"
if [ -d "$source" ]; then
    cp -a "$source/." "$work/source/"
else
    tar -xf "$source" --strip-components=1 -C "$work/source"
fi

# The replica of the database has a structure for each row, with room for every column of the schema that the library was
# built with. Bridges have about thirty columns, of which sflowovsd uses four; the others would be most of its memory. The
# library itself uses dpdk_*.
"$PYTHON3" - "$work/source/vswitchd/vswitch.ovsschema" << 'PYTHON'
import json, sys
kept = {"Open_vSwitch": ["ovs_version", "dpdk_initialized", "dpdk_version"],
        "Bridge": ["name", "sflow", "external_ids", "ports"],
        "Port": ["name", "fake_bridge", "tag", "interfaces"],
        "Interface": ["name", "type", "ofport", "ifindex", "mac_in_use", "external_ids"],
        "sFlow": ["agent", "sampling", "polling", "header", "targets", "external_ids"]}
with open(sys.argv[1]) as file:
    schema = json.load(file)
schema["tables"] = {
    name: {**{key: value for key, value in schema["tables"][name].items() if key != "indexes"},
           "columns": {column: schema["tables"][name]["columns"][column] for column in columns}}
    for name, columns in kept.items()}
with open(sys.argv[1], "w") as file:
    json.dump(schema, file)
PYTHON

# The paths are the distribution's, so that sflowovsd finds ovsdb-server's db.sock. The choices are explicit, so that the
# result does not depend on what is installed on this machine.
cd "$work/build"
log=$work/log
# The headers that the library generates for itself first, then the library alone.
cat > Makefile.library << 'MAKEFILE'
include Makefile
library: $(BUILT_SOURCES)
	$(MAKE) lib/libopenvswitch.la
count:
	@echo $(words $(lib_libopenvswitch_la_OBJECTS))
MAKEFILE

# shellcheck disable=SC2153 # MAKE is the caller's
show_progress() { # until its file is gone, or this script
    local files
    files=$("$MAKE" -s -f Makefile.library count)
    while [ -e "$PROGRESS" ] && kill -0 $$ 2> /dev/null; do
        echo "$(find lib -maxdepth 1 -name '*.lo' | wc -l) of $files files" > "$PROGRESS.new"
        mv "$PROGRESS.new" "$PROGRESS"
        sleep 1
    done
}

make_library() {
    local status=0
    [ -z "${PROGRESS:-}" ] || show_progress &
    "$MAKE" -f Makefile.library -j"$(nproc)" library || status=$?
    [ -z "${PROGRESS:-}" ] || rm -f "$PROGRESS"
    return $status
}

[ -z "${PROGRESS:-}" ] || echo "configure" > "$PROGRESS"
if ! {
    "$work/source/configure" ${HOST:+"--host=$HOST"} --prefix=/usr --localstatedir=/var --sysconfdir=/etc --enable-ssl --disable-libcapng \
        --disable-shared --disable-afxdp ac_cv_lib_unbound_ub_ctx_create=no CC="$CC" CFLAGS="-O2 -g -fPIC -ffile-prefix-map=$work=openvswitch" \
        PYTHON3="$PYTHON3" &&
    make_library
} > "$log" 2>&1; then
    tail -n 40 "$log" >&2
    echo "build.sh: libopenvswitch did not build" >&2
    exit 1
fi

result=$work/result
mkdir -p "$result/lib" "$result/include"
cp lib/.libs/libopenvswitch.a "$result/lib/"
# The AVX-512 variants are a convenience library of their own, which libtool leaves out of the archive.
if [ -e lib/.libs/libopenvswitchavx512.a ]; then
    printf 'create %s\naddlib %s\naddlib %s\nsave\nend\n' \
        "$result/lib/all.a" lib/.libs/libopenvswitch.a lib/.libs/libopenvswitchavx512.a | ar -M
    mv "$result/lib/all.a" "$result/lib/libopenvswitch.a"
fi
cp -r "$work/source/include/." include/. "$result/include/"
# Without the wrappers around the C library's own headers, which are for Open vSwitch's C sources.
for header in "$work"/source/lib/*.h lib/*.h config.h; do
    case ${header##*/} in
        stdio.h | string.h) ;;
        *) cp "$header" "$result/include/" ;;
    esac
done
touch "$result/complete"

# A cache that cannot be written costs the next build a minute and nothing else.
new=$cache.new.$$
if mkdir -p "$(dirname "$cache")" && cp -a "$result" "$new"; then
    mv -T "$new" "$cache" 2> /dev/null || rm -rf "$new" # another build was faster
fi
publish "$result"
