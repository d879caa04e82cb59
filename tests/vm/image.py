"""The image of the guests that boot: a release of Debian or Ubuntu with systemd and Open vSwitch. Debian 12 is also dom0 when Xen is
below it. Made once, by mmdebstrap, and kept in build/vm under a name that has the hash of what decides it."""

import hashlib
import lzma
import os
import pathlib
import shutil
import struct
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
MAKE_ROOT = HERE.parent / "support/make_root.sh"
KEPT = HERE.parents[1] / "build/vm"
DEBIAN_12 = "bookworm"
PACKAGES = [
    "systemd-sysv", "dbus", "udev", "kmod", "procps", "iproute2", "iputils-ping", "jq", "openvswitch-switch", "dnsmasq-base", "python3", "rpm",
]
VIRTUAL_MACHINES = ["libvirt-clients", "libvirt-daemon-driver-qemu", "libvirt-daemon-system", "qemu-system-x86"]
# Of Debian 12, whose image is made before our packages are: Xen, and what our packages depend on.
DEBIAN_12_PACKAGES = [
    "xen-utils-4.17", "xen-utils-common",
    "openssh-server", "python3-apt",  # for Ansible; sshd is started by its test only
    "libc-ares2", "libcap-ng0", "libfmt9", "libgcrypt20", "libmnl0", "libpcap0.8", "libpugixml1v5", "libspdlog1.10", "libssl3", "libsystemd0", "libuuid1",
    "libyaml-cpp0.7",
]
XEN = "xen-hypervisor-4.17-amd64"
# By suite: what depends on the newest kernel, and the packages that this kernel is in.
KERNELS = {"ubuntu": ("linux-image-virtual", ["linux-image", "linux-modules", "linux-modules-extra"]),
           "debian": ("linux-image-amd64", ["linux-image"])}
UBUNTU = ["xenial", "bionic", "focal", "jammy", "noble"]
DISK_MODULES = ["virtio_pci", "virtio_blk", "crc32c_generic", "ext4"]
MODULES = [*DISK_MODULES, "virtio_console", "virtio_net", "virtio_rng", "autofs4", "openvswitch", "veth", "tun", "dummy", "vrf", "bonding", "bridge", "loop"]
XEN_MODULES = ["xen-evtchn", "xen-privcmd", "xenfs", "xen-gntdev", "xen-gntalloc", "xen-netback", "xen-blkback"]
# Units, generators and udev's rules of what the guests have not got: an emulated systemd goes through all units there are at each
# daemon-reload, and through their square at each service(8).
UNWANTED = {
    "lib/systemd/system": """apt-daily* autovt@* blockdev@* bluetooth* boot-complete* console-getty* container-getty* crypt* debug-shell*
        dpkg-db-backup* e2scrub* emergency* factory-reset* first-boot* fstrim* getty* halt* hibernate* hwclock* hybrid-sleep* initrd*
        integritysetup* kexec* machine.slice pam_namespace* printer* proc-sys-fs-binfmt* quotaon* rc* remote-* rescue* rpcbind*
        runlevel* serial-getty* sleep* smartcard* sound* suspend* swap.target sys-fs-fuse* system-systemd* system-update*
        systemd-ask-password* systemd-backlight* systemd-binfmt* systemd-boot-check* systemd-firstboot* systemd-fsck*
        systemd-halt* systemd-hibernate* systemd-hybrid* systemd-initctl* systemd-kexec* systemd-localed* systemd-logind*
        systemd-machine-id* systemd-network* systemd-pcrphase* systemd-pstore* systemd-quota* systemd-repart* systemd-rfkill*
        systemd-suspend* systemd-sysext* systemd-time* systemd-tmpfiles-clean* systemd-udev-settle* systemd-update-utmp*
        systemd-user-sessions* systemd-volatile* usb-gadget* user-.slice* user-runtime* user@* uuidd* veritysetup* x11-common*""",
    "lib/systemd/system-generators": "*-cryptsetup-* *-debug-* *-getty-* *-gpt-auto-* *-hibernate-* *-integritysetup-* *-rc-local-* "
                                     "*-run-* *-system-update-* *-veritysetup-*",
    "lib/udev/rules.d": "[67]* 80-[!d]* 8[1-9]* 9[0-8]*",
    "etc/systemd/system": "*.wants/apt-daily* *.wants/dpkg-db-backup* *.wants/e2scrub* *.wants/fstrim* *.wants/getty* *.wants/libvirt* "
                          "*.wants/remote-fs* *.wants/ssh* *.wants/systemd-pstore* *.wants/uuidd* *.wants/virtlo*",
    "etc/libvirt/qemu/networks/autostart": "*",
    "etc/init.d": "hwclock* uuidd xendomains",
    "etc/apt": "sources.list sources.list.d/0*",  # the guest has no network
    "etc/dpkg/dpkg.cfg.d": "99mmdebstrap",  # what is left out of Debian's packages: ours are tested as they are
}


def run(*command, **options):
    return subprocess.run([str(word) for word in command], check=True, **options)


def image(suite=DEBIAN_12, packages=None):
    """The directory with disk.raw, vmlinuz and initrd, and with Debian 12 also xen and vmlinux; made if it is not there. The guest
    has no network: what the .deb files in `packages` depend on is installed."""
    included = [*PACKAGES, *(VIRTUAL_MACHINES if packages or suite == DEBIAN_12 else []),
                *(DEBIAN_12_PACKAGES if suite == DEBIAN_12 else dependencies(packages) if packages else [])]
    key = hashlib.sha256(pathlib.Path(__file__).read_bytes() + MAKE_ROOT.read_bytes() + " ".join(included).encode())
    for file in sorted(path for name in ("guest", "initrd") for path in (HERE / name).rglob("*") if path.is_file()):
        key.update(file.name.encode() + file.read_bytes())
    made = KEPT / f"guest-{suite}-{key.hexdigest()[:16]}"
    if not made.exists():
        for left in [*KEPT.glob(f"guest-{suite}-*"), *KEPT.glob("building-*")]:  # of other versions, and of who was killed
            if not os.path.exists("/proc/" + left.name.removeprefix("building-")):
                shutil.rmtree(left)
        building = KEPT / f"building-{os.getpid()}"
        building.mkdir(parents=True)
        try:
            build_image(building, suite, included)
            building.rename(made)
        finally:
            shutil.rmtree(building, ignore_errors=True)
    return made


def dependencies(packages):
    """What the packages in a directory depend on, without those packages."""
    def field(package, name):
        return run("dpkg-deb", "-f", package, name, capture_output=True, text=True).stdout.strip()
    files = list(packages.glob("*.deb"))
    named = {word.split("|")[0].split("(")[0].strip() for file in files for word in field(file, "Depends").split(",") if word.strip()}
    return sorted(named - {field(file, "Package") for file in files})


def download(suite):
    """A hook of mmdebstrap(1). Unpacked and not installed: the kernel's scripts would make an initrd that knows all existing disks."""
    newest, parts = KERNELS["ubuntu" if suite in UBUNTU else "debian"]
    names = [f'"{part}-$version"' for part in parts] + ([XEN] if suite == DEBIAN_12 else [])
    return f"""set -e; cd "$1/../packages"; export APT_CONFIG="$MMDEBSTRAP_APT_CONFIG"
        version=$(apt-cache depends {newest} | sed -n 's/.*Depends: linux-image-\\([0-9].*\\)/\\1/p' | head -n 1)
        apt-get -qq -o APT::Sandbox::User=root download {' '.join(names)}"""


def build_image(directory, suite, included):
    root, packages, kernel = directory / "root", directory / "packages", directory / "kernel"
    packages.mkdir()
    run(MAKE_ROOT, suite, root, *(f"--dpkgopt=path-exclude=/usr/share/{name}/*" for name in ("doc", "i18n", "locale", "man")),
        "--include=" + ",".join(included), f"--customize-hook={download(suite)}", stdout=sys.stderr)
    for package in packages.glob("*.deb"):
        run("dpkg-deb", "-x", package, kernel)
    if not (kernel / "lib").exists():  # since Debian 13
        (kernel / "lib").symlink_to("usr/lib")
    for suffix, unpacker in {"xz": ["unxz"], "zst": ["unzstd", "-q", "--rm"]}.items():  # busybox's insmod does not
        if modules := list(kernel.rglob(f"*.ko.{suffix}")):
            run("xargs", *unpacker, input="\n".join(map(str, modules)), text=True)
    configure(root)
    install_kernel(kernel, root, directory, with_xen=suite == DEBIAN_12)
    with open(directory / "disk.raw", "wb") as disk:
        disk.truncate(2 << 30)
    run("mke2fs", "-q", "-F", "-t", "ext4", "-O", "^metadata_csum", "-m", "0", "-d", root, directory / "disk.raw")
    for done_with in (root, packages, kernel):
        shutil.rmtree(done_with)


def configure(root):
    shutil.copytree(HERE / "guest", root, dirs_exist_ok=True)
    units = root / "etc/systemd/system"
    for unit in [*units.glob("bed-*.service"), units / "srv-packages.mount"]:
        link = units / "multi-user.target.wants" / unit.name
        link.symlink_to(f"../{unit.name}")
    for directory, names in UNWANTED.items():
        for path in [path for name in names.split() for path in (root / directory).glob(name)]:
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    for name, content in {"hostname": "bed\n", "hosts": "127.0.0.1 localhost bed\n", "fstab": "/dev/vda / ext4 noatime 0 1\n",
                          "dpkg/dpkg.cfg.d/bed": "force-unsafe-io\n", "resolv.conf": "nameserver 127.0.0.1\nsearch example.com\n", "machine-id": ""}.items():
        (root / "etc" / name).write_text(content)


def install_kernel(tree, root, directory, with_xen):
    """The kernel for QEMU, the few modules, and with Xen its kernel and what its guests boot from, in /srv/guest."""
    [version] = os.listdir(tree / "lib/modules")
    run("depmod", "-b", tree, version)
    source, target = tree / "lib/modules" / version, root / "lib/modules" / version
    for module in MODULES + (XEN_MODULES if with_xen else []):
        shown = run("modprobe", "-d", tree, "-S", version, "--show-depends", module, capture_output=True, text=True).stdout
        for line in shown.splitlines():
            if line.startswith("insmod "):
                file = pathlib.Path(line.split()[1]).relative_to(source)
                (target / file.parent).mkdir(parents=True, exist_ok=True)
                shutil.copy(source / file, target / file)
    for file in source.glob("modules.[ob]*"):  # modules.order, modules.builtin*
        shutil.copy(file, target)
    run("depmod", "-b", root, version)

    [compressed] = (tree / "boot").glob("vmlinuz-*")
    shutil.move(compressed, directory / "vmlinuz")
    run(HERE / "initrd/make_initrd.sh", HERE / "initrd/disk-init", tree, directory / "initrd", *DISK_MODULES)
    if with_xen:
        install_xen(tree, root, directory)


def install_xen(tree, root, directory):
    (directory / "vmlinux").write_bytes(unpacked((directory / "vmlinuz").read_bytes()))
    run("strip", directory / "vmlinux")
    guest = root / "srv/guest"
    guest.mkdir()
    shutil.copy(directory / "vmlinux", guest)
    run(HERE / "initrd/make_initrd.sh", HERE / "initrd/guest-init", tree, guest / "initrd", "xen-netfront", "xen-blkfront")
    with open(directory / "xen", "wb") as xen:
        run("gzip", "-dc", next((tree / "boot").glob("xen-*-amd64.gz")), stdout=xen)


def unpacked(kernel):
    """The ELF file in a bzImage, which Xen takes as it is: the emulated CPU need not unpack it for each domain. The boot protocol
    (Documentation/x86/boot.rst in Linux) says where the payload is."""
    [setup_sectors] = struct.unpack_from("<B", kernel, 0x1f1)
    offset, length = struct.unpack_from("<II", kernel, 0x248)
    begin = (1 + (setup_sectors or 4)) * 512 + offset
    return lzma.LZMADecompressor(lzma.FORMAT_XZ).decompress(kernel[begin:begin + length])


if __name__ == "__main__":
    print(image())
