"""A guest, Debian 12 or another release, with systemd and Open vSwitch's kernel data path, emulated by QEMU (TCG): it needs neither /dev/kvm nor root's
network, and nothing of the machine's is touched.

Each run writes to an overlay of its own on the image (image.py). Commands go through a virtio serial port to tests/vm/guest/agent.
"""

import base64
import socket
import subprocess
import time

from image import DEBIAN_12, image, run

UUID = "5f1c0de5-0001-4001-8001-00000000f10e"  # of the guest, in its firmware
BOOT_DEADLINE = 420  # seconds; about 40 on two idle cores
KERNEL_OPTIONS = "mitigations=off quiet systemd.show_status=0 net.ifnames=0"
XEN_OPTIONS = ("console=com1 com1=115200,8n1 dom0_mem=1024M,max:1024M dom0_max_vcpus=2 loglvl=warning guest_loglvl=warning "
               "noreboot spec-ctrl=no xpti=no watchdog=0")


def boot_options(xen, kernel_options):
    if xen:  # multiboot: the hypervisor, and as its modules dom0's kernel and initrd
        # One CPU more than dom0 has: what is the machine's differs from what is dom0's.
        return ["-m", "2048", "-smp", "3", "-kernel", "xen", "-append", XEN_OPTIONS,
                "-initrd", f"vmlinux console=hvc0 {kernel_options},initrd"]
    return ["-m", "1024", "-smp", "2", "-kernel", "vmlinuz", "-initrd", "initrd",
            "-append", f"root=/dev/vda rw console=ttyS0 {kernel_options}"]


class Guest:
    """One guest, from power on to the end of the with statement. `packages` is a directory of .deb files: an apt repository in
    the guest, which has what they depend on unless `with_dependencies` is false. With `xen` the guest is Xen's dom0. `nic` is as in
    qemu(1)."""

    def __init__(self, work, packages, xen=False, suite=DEBIAN_12, with_dependencies=True, kernel_options="", nic="none"):
        self.work = work
        self.console = work / "console"
        base = image(suite, packages if with_dependencies else None)
        run("qemu-img", "create", "-q", "-f", "qcow2", "-F", "raw", "-b", base / "disk.raw", work / "disk.qcow2")
        run("mke2fs", "-q", "-t", "ext2", "-d", packages, work / "packages.raw", "256M", stdout=subprocess.DEVNULL)
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(work / "agent"))
        listener.listen()
        self.qemu = subprocess.Popen([
            "setpriv", "--pdeathsig", "KILL",  # also when this process is killed
            "qemu-system-x86_64", "-accel", "tcg,thread=multi,tb-size=512", "-cpu", "qemu64", *boot_options(xen, f"{KERNEL_OPTIONS} {kernel_options}"),
            "-display", "none", "-vga", "none", "-nodefaults", "-nic", nic, "-uuid", UUID,
            "-serial", f"file:{self.console}",
            "-drive", f"file={work / 'disk.qcow2'},if=virtio,format=qcow2,cache=unsafe",
            "-drive", f"file={work / 'packages.raw'},if=virtio,format=raw,readonly=on",
            "-device", "virtio-rng-pci", "-device", "virtio-serial-pci",
            "-chardev", f"socket,id=agent,path={work / 'agent'}", "-device", "virtserialport,chardev=agent,name=bed"],
            stdin=subprocess.DEVNULL, cwd=base)
        listener.settimeout(60)
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

    def try_sh(self, script, timeout=300):
        """The exit status of a bash script in the guest, its output, and what it said on standard error."""
        self.channel.sendall(base64.b64encode(script.encode()) + b"\n")
        status, *texts = self.line(time.monotonic() + timeout)
        output, complaints = (base64.b64decode(text).decode(errors="replace") for text in (*texts, "")[:2])
        return int(status), output, complaints

    def sh(self, script, timeout=300):
        status, output, complaints = self.try_sh(script, timeout)
        assert status == 0, f"{script}: {status}: {output}{complaints}"
        return output.strip()

    def wait_for(self, script, what, timeout=240):
        """What the script prints, when it first succeeds."""
        deadline = time.monotonic() + timeout
        while True:
            status, output, complaints = self.try_sh(script)
            if status == 0:
                return output.strip()
            assert time.monotonic() < deadline, f"not within {timeout} s: {what}: {output}{complaints}"
            time.sleep(0.2)

    def reboot(self):
        self.channel.sendall(base64.b64encode(b"systemctl --no-block reboot") + b"\n")
        before, self.boot_id = self.boot_id, self.wait_for_boot()
        assert self.boot_id != before
