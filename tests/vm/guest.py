"""A Debian guest with systemd and Open vSwitch's kernel data path, emulated by QEMU (TCG): it needs neither /dev/kvm nor root's
network, and nothing of the machine's is touched.

The image is made once, by mmdebstrap, and kept under a name that has the hash of what decides it. Each run writes to an
overlay of its own. Commands go through a virtio serial port to tests/vm/guest/agent.
"""

import base64
import hashlib
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache")) / "sflow-agent"
SUITE = "bookworm"
PACKAGES = [
    "systemd-sysv", "dbus", "udev", "kmod", "procps", "iproute2", "iputils-ping", "jq",
    "linux-image-cloud-amd64", "initramfs-tools", "zstd", "openvswitch-switch", "dnsmasq-base",
    # what our packages depend on: the guest has no network to get it from
    "libc-ares2", "libfmt9", "libmnl0", "libpcap0.8", "libspdlog1.10", "libssl3", "libsystemd0", "libyaml-cpp0.7",
]
UUID = "5f1c0de5-0001-4001-8001-00000000f10e"  # of the guest, in its firmware
BOOT_DEADLINE = 420  # seconds; about 40 on two idle cores


def run(*command, **options):
    return subprocess.run([str(word) for word in command], check=True, **options)


def image():
    """The directory with disk.raw, vmlinuz and initrd; made if it is not there."""
    files = sorted(path for path in (HERE / "guest").rglob("*") if path.is_file())
    key = hashlib.sha256(repr((SUITE, PACKAGES)).encode() + pathlib.Path(__file__).read_bytes())
    for file in files:
        key.update(file.name.encode() + file.read_bytes())
    made = CACHE / f"guest-{key.hexdigest()[:16]}"
    if not made.exists():
        building = CACHE / f"guest-building-{os.getpid()}"
        building.mkdir(parents=True)
        try:
            build_image(building)
            building.rename(made)
        finally:
            shutil.rmtree(building, ignore_errors=True)
    return made


def build_image(directory):
    root = directory / "root"
    run("mmdebstrap", "--quiet", "--mode=root", "--variant=minbase", "--aptopt=APT::Install-Recommends \"false\"",
        "--dpkgopt=path-exclude=/usr/share/locale/*", "--dpkgopt=path-exclude=/usr/share/man/*",
        "--include=" + ",".join(PACKAGES), SUITE, root, stdout=sys.stderr)
    shutil.copytree(HERE / "guest", root, dirs_exist_ok=True)
    units = root / "etc/systemd/system"
    for unit in [*units.glob("bed-*.service"), units / "srv-packages.mount"]:
        link = units / "multi-user.target.wants" / unit.name
        link.symlink_to(f"../{unit.name}")
    for name, content in {"hostname": "bed\n", "hosts": "127.0.0.1 localhost bed\n", "fstab": "/dev/vda / ext4 noatime 0 1\n",
                          "resolv.conf": "nameserver 127.0.0.1\nsearch example.com\n", "machine-id": ""}.items():
        (root / "etc" / name).write_text(content)
    shutil.copy(next((root / "boot").glob("vmlinuz-*")), directory / "vmlinuz")
    shutil.copy(next((root / "boot").glob("initrd.img-*")), directory / "initrd")
    with open(directory / "disk.raw", "wb") as disk:
        disk.truncate(2 << 30)
    run("mke2fs", "-q", "-F", "-t", "ext4", "-O", "^metadata_csum", "-m", "0", "-d", root, directory / "disk.raw")
    shutil.rmtree(root)


class Guest:
    """One guest, from power on to the end of the with statement. `packages` is a directory of .deb files: an apt repository in
    the guest."""

    def __init__(self, work, packages):
        self.work = work
        self.console = work / "console"
        base = image()
        run("qemu-img", "create", "-q", "-f", "qcow2", "-F", "raw", "-b", base / "disk.raw", work / "disk.qcow2")
        run("mke2fs", "-q", "-t", "ext2", "-d", packages, work / "packages.raw", "256M")
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(work / "agent"))
        listener.listen()
        self.qemu = subprocess.Popen([
            "qemu-system-x86_64", "-accel", "tcg,thread=multi,tb-size=512", "-cpu", "qemu64", "-smp", "2", "-m", "1024",
            "-display", "none", "-vga", "none", "-nodefaults", "-nic", "none", "-uuid", UUID,
            "-serial", f"file:{self.console}", "-kernel", str(base / "vmlinuz"), "-initrd", str(base / "initrd"),
            "-append", "root=/dev/vda rw console=ttyS0 quiet mitigations=off systemd.show_status=0 net.ifnames=0",
            "-drive", f"file={work / 'disk.qcow2'},if=virtio,format=qcow2,cache=unsafe",
            "-drive", f"file={work / 'packages.raw'},if=virtio,format=raw,readonly=on",
            "-device", "virtio-rng-pci", "-device", "virtio-serial-pci",
            "-chardev", f"socket,id=agent,path={work / 'agent'}", "-device", "virtserialport,chardev=agent,name=bed"],
            stdin=subprocess.DEVNULL)
        self.channel, _ = listener.accept()
        listener.close()
        self.buffer = b""
        self.boot_id = self.wait_for_boot()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.qemu.kill()
        self.qemu.wait()
        self.channel.close()

    def line(self, deadline):
        while b"\n" not in self.buffer:
            self.channel.settimeout(max(0.01, deadline - time.monotonic()))
            try:
                received = self.channel.recv(65536)
            except TimeoutError:
                received = b""
            if not received:
                tail = self.console.read_text(errors="replace")[-3000:]
                raise AssertionError(f"the guest does not answer; its console ends with\n{tail}")
            self.buffer += received
        line, self.buffer = self.buffer.split(b"\n", 1)
        return line.decode().split()

    def wait_for_boot(self):
        deadline = time.monotonic() + BOOT_DEADLINE
        while True:
            words = self.line(deadline)
            if words[0] == "BOOTED":
                return words[1]

    def try_sh(self, script, timeout=120):
        """The exit status and the output of a bash script in the guest."""
        self.channel.sendall(base64.b64encode(script.encode()) + b"\n")
        status, *output = self.line(time.monotonic() + timeout)
        return int(status), base64.b64decode("".join(output)).decode(errors="replace")

    def sh(self, script, timeout=120):
        status, output = self.try_sh(script, timeout)
        assert status == 0, f"{script}: {status}: {output}"
        return output.strip()

    def wait_for(self, script, what, timeout=120):
        """What the script prints, when it first succeeds."""
        deadline = time.monotonic() + timeout
        while True:
            status, output = self.try_sh(script)
            if status == 0:
                return output.strip()
            assert time.monotonic() < deadline, f"not within {timeout} s: {what}: {output}"
            time.sleep(0.2)

    def reboot(self):
        self.channel.sendall(base64.b64encode(b"systemctl --no-block reboot") + b"\n")
        before, self.boot_id = self.boot_id, self.wait_for_boot()
        assert self.boot_id != before
