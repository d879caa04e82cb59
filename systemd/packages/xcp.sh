#!/bin/bash
# Usage: [RELEASE=NUMBER] systemd/packages/xcp.sh BUILD DIRECTORY
# Makes sflow-agent-xcp-VERSION-RELEASE.x86_64.rpm in DIRECTORY from the finished release build in BUILD: hsflowd with its Xen module
# and sflowovsd, with the loader and all libraries that they use. docs/decisions/0026-self-contained-rpm.md says why.
set -eu
build=$(realpath "$1")
directory=$(realpath -m "$2")
cd "$(dirname "$0")/../.."

name=sflow-agent-xcp
private=/usr/lib/sflow-agent
documents=/usr/share/doc/$name
scripts=systemd/packages/rpm
of_cpack() { sed -n "s/^set($1 \"\(.*\)\")$/\1/p" "$build/CPackConfig.cmake"; }
version=$(of_cpack CPACK_PACKAGE_VERSION)
release=${RELEASE:-$(of_cpack CPACK_RPM_PACKAGE_RELEASE)}
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM HUP
root=$work/root

# ---------------------------------------------------------------- the files of the ordinary packages

for component in hsflowd hsflowd-xen sflowovsd; do
    DESTDIR=$root cmake --install "$build" --component $component --strip > /dev/null
done
# Users are made by a script, and the drop-ins are for newer units.
rm -r "$root"/usr/share/hsflowd "$root"/usr/share/doc/{hsflowd-xen,sflowovsd} "$root"/usr/lib/{sysusers.d,systemd/system/hsflowd.service.d}
rm -f "$root"/usr/share/doc/hsflowd/{changelog.Debian.gz,examples/*.conf}
mv "$root/usr/share/doc/hsflowd" "$root$documents"
install -m 644 conf/hsflowd.conf "$root$documents/examples"
install -m 644 systemd/xcp/*.service "$root/usr/lib/systemd/system"
install -m 755 -d "$root/var/lib/hsflowd"

# ---------------------------------------------------------------- the loader and the libraries

daemons=("$root"/usr/sbin/{hsflowd,sflowovsd})
modules=("$root"/usr/lib/*/hsflowd/*.so)
install -m 755 -d "$root$private" "$root$documents/libraries/common-licenses"
interpreter=$(patchelf --print-interpreter "${daemons[0]}")
loader=$private/$(basename "$interpreter")
# "NAME => PATH (ADDRESS)"; glibc 2.36 has the name services files and dns in libc itself (nss(5)).
libraries=$(ldd "${daemons[@]}" "${modules[@]}" | awk '/not found/ { print; exit 1 } $2 == "=>" { print $3 }' | sort -u) ||
    { echo "xcp.sh: $libraries" >&2; exit 1; }
provides=
for library in $interpreter $libraries; do
    install -m 755 "$(realpath "$library")" "$root$private/$(basename "$library")"
    # dpkg knows a file by the name it was packaged with, before or after /lib became a link to /usr/lib.
    owner=$(dpkg -S "$(realpath "$library")" 2> /dev/null || dpkg -S "$(realpath "$library" | sed 's#^/usr##')")
    package=${owner%%:*}
    read -r package_version source source_version \
        <<< "$(dpkg-query -W -f '${Version} ${source:Package} ${source:Version}\n' "$package" | head -n 1)"
    printf '%-28s %-20s %-24s %s %s\n' "$(basename "$library")" "$package" "$package_version" "$source" "$source_version" >> "$work/libraries"
    cp -L "/usr/share/doc/$package/copyright" "$root$documents/libraries/$package.copyright"
    provides+="Provides: bundled($source) = ${source_version//[-~+:]/.}"$'\n'
done
# The licences that the copyright files refer to.
grep -oh '/usr/share/common-licenses/[A-Za-z0-9.-]*[A-Za-z0-9]' "$root$documents"/{copyright,libraries/*.copyright} | sort -u |
    xargs cp -Lt "$root$documents/libraries/common-licenses"
{
    echo "# Libraries of Debian in $private: file, package, version, source package and its version. The sources are at https://snapshot.debian.org/."
    sort "$work/libraries"
} > "$root$documents/libraries/versions"

patchelf --set-interpreter "$loader" --force-rpath --set-rpath "$private" "${daemons[@]}"
patchelf --force-rpath --set-rpath "$private" "${modules[@]}"
# The host's cache of libraries would complete what is missing here with libraries of another glibc, which may crash the daemon.
/usr/bin/python3 - "$root$loader" << 'END'
import sys
with open(sys.argv[1], "r+b") as loader:
    content = loader.read()
    assert content.count(b"/etc/ld.so.cache\0") == 1, "the loader names its cache in another way"
    loader.seek(content.index(b"/etc/ld.so.cache\0"))
    loader.write(b"/nonexistent/ldc\0")
END

# ---------------------------------------------------------------- the package

part() { # SCRIPT...: "%" begins a macro of rpm
    local file
    for file in "$@"; do sed 's/%/%%/g' "$scripts/$file"; done
}
find "$root" -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +
cat > "$work/$name.spec" << END
Name: $name
Version: $version
Release: $release
Summary: sFlow agent for XCP-ng and XenServer: host counters, Xen's domains, Open vSwitch
License: Apache-2.0, and the licences in $documents/libraries
Vendor: $(of_cpack CPACK_PACKAGE_VENDOR)
Group: System Environment/Daemons
# It needs the kernel and systemd. Its libraries are its own, and nobody else's.
AutoReqProv: no
Requires: systemd
# The same files; also those of host-sflow.
Conflicts: hsflowd, hsflowd-xen, sflowovsd
$(sort -u <<< "${provides%$'\n'}")

%description
hsflowd sends the counters of this host (CPU, memory, disks, network) and of each domain that Xen runs to sFlow collectors.
sflowovsd keeps one row of Open vSwitch's sFlow table on every bridge, so that ovs-vswitchd samples packets for them.
The package brings all libraries that it uses, and fits XCP-ng 8.3, XenServer 8 and other hosts with an older C library.

%install
cp -a $root/. %{buildroot}

%pre
$(part $name.pre)

%post
$(part $name.post)

%preun
$(part $name.preun sflowovsd.preun hsflowd.preun)

%postun
$(part sflowovsd.postun hsflowd.postun)

%files
%defattr(-,root,root)
%dir $private
%dir ${modules[0]%/*/*}
%dir ${modules[0]%/*}
%dir %attr(0755,hsflowd,hsflowd) /var/lib/hsflowd
%config(noreplace) /etc/hsflowd.conf
%config(noreplace) /etc/default/hsflowd
%config(noreplace) /etc/default/sflowovsd
$documents
$(find "$root" ! -type d ! -path "$root/etc/*" ! -path "$root$documents/*" -printf '/%P\n' | sort)
END
sed -i "s#$root##; s#^cp -a /#cp -a $root/#" "$work/$name.spec"
# rpm 4.11 of CentOS 7 reads xz, but not zstd.
rpmbuild -bb --quiet --target x86_64 --define "_topdir $work/rpmbuild" --define "_rpmdir $work" \
    --define "_rpmfilename %{NAME}-%{VERSION}-%{RELEASE}.%{ARCH}.rpm" --define "_binary_payload w6.xzdio" \
    --define "_buildhost localhost" --define "use_source_date_epoch_as_buildtime 1" --define "clamp_mtime_to_source_date_epoch 1" \
    --define "debug_package %{nil}" --define "__os_install_post %{nil}" --define "_build_id_links none" "$work/$name.spec" > "$work/log" 2>&1 ||
    { cat "$work/log"; exit 1; }
mkdir -p "$directory"
mv "$work/$name-$version-$release.x86_64.rpm" "$directory"
