"""A hypervisor in the namespaces that sandbox.sh made: libvirtd with real QEMU guests (TCG, because there is no /dev/kvm) on a
real bridge of Open vSwitch (userspace data path)."""

import os
import pathlib
import shutil
import signal
import subprocess

from testbed import BUILD, Daemon, add_bridge, run, wait_for

GUEST = pathlib.Path(os.environ.get("GUEST_DIR", BUILD / "tests/vm/guest"))
BRIDGE = "br0"
MODULES = BUILD / "hsflowd/guests/modules"
BOOT = 240.0  # seconds, on a machine that does other things too
if os.environ.get("SANITIZE"):
    # A sanitizer looks for the functions that it replaces once, at start. hsflowd's module loads libtirpc, which has some, later.
    os.environ["LD_PRELOAD"] = "libtirpc.so.3"
    os.environ["ASAN_OPTIONS"] = os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"

LIBVIRTD_CONF = 'auth_unix_ro = "none"\nauth_unix_rw = "none"\nunix_sock_group = "root"\n'
# Everything as root, and nothing of the machine's: no cgroups, no namespaces of libvirt's own, no virtlogd.
QEMU_CONF = """user = "root"
group = "root"
dynamic_ownership = 0
remember_owner = 0
security_driver = "none"
namespaces = [ ]
cgroup_controllers = [ ]
stdio_handler = "file"
"""


def domain_xml(number, directory, peer):
    """Guest 1 is g1, 10.99.0.11, 52:54:00:99:00:01; odd ones are loud."""
    loud = "loud" if number % 2 else ""
    # On a busy machine an emulated CPU measures its clocks against each other wrongly, and then time runs away.
    clocks = "no_timer_check tsc=unstable clocksource=acpi_pm"
    return f"""<domain type='qemu'>
  <name>g{number}</name>
  <uuid>{uuid_of(number)}</uuid>
  <metadata><o:libosinfo xmlns:o="http://libosinfo.org/xmlns/libvirt/domain/1.0">
    <o:os id="http://debian.org/debian/12"/></o:libosinfo></metadata>
  <memory unit='MiB'>96</memory>
  <vcpu>1</vcpu>
  <os>
    <type arch='x86_64' machine='pc'>hvm</type>
    <kernel>{GUEST}/vmlinuz</kernel><initrd>{GUEST}/initrd.gz</initrd>
    <cmdline>console=ttyS0 quiet panic=1 {clocks} address=10.99.0.{10 + number} peer=10.99.0.{10 + peer} {loud}</cmdline>
  </os>
  <features><acpi/></features>
  <on_reboot>destroy</on_reboot><on_crash>destroy</on_crash>
  <devices>
    <emulator>/usr/bin/qemu-system-x86_64</emulator>
    <disk type='file' device='disk'><driver name='qemu' type='raw'/>
      <source file='{directory}/g{number}.img'/><target dev='vda' bus='virtio'/></disk>
    {nic_xml(number)}
    <controller type='usb' model='none'/>
    <memballoon model='virtio'/>
    <serial type='file'><source path='{directory}/g{number}.console'/><target port='0'/></serial>
    <video><model type='none'/></video>
  </devices>
</domain>
"""


def nic_xml(number, slot=0):
    return (f"<interface type='bridge'><mac address='52:54:00:99:{slot:02x}:{number:02x}'/><source bridge='{BRIDGE}'/>"
            "<virtualport type='openvswitch'/><model type='virtio'/><rom enabled='no'/></interface>")


def uuid_of(number):
    return f"00000000-0000-4000-8000-{number:012d}"


def configure_libvirt():
    """In the sandbox's own /etc, where no network of the machine's libvirt starts."""
    shutil.rmtree("/etc/libvirt", ignore_errors=True)
    os.mkdir("/etc/libvirt")
    pathlib.Path("/etc/libvirt/libvirtd.conf").write_text(LIBVIRTD_CONF)
    pathlib.Path("/etc/libvirt/qemu.conf").write_text(QEMU_CONF)
    pathlib.Path("/etc/libvirt/libvirt.conf").write_text('uri_default = "qemu:///system"\n')
    # libvirtd insists on a user that only another package makes.
    for name, line in (("passwd", "libvirt-qemu:x:64055:64055::/nonexistent:/usr/sbin/nologin\n"),
                       ("group", "kvm:x:64054:\nlibvirt-qemu:x:64055:\n")):
        file = pathlib.Path("/etc", name)
        if "libvirt-qemu:" not in file.read_text():
            file.write_text(file.read_text() + line)


class KvmBed:
    def __init__(self, bed, directory, guests=2):
        self.bed = bed
        self.directory = directory
        self.guests = guests
        configure_libvirt()
        bed.ovsdb_server()
        bed.vswitchd()
        add_bridge(BRIDGE, "netdev", wait=True)
        run("ip", "addr", "add", "10.99.0.1/24", "dev", BRIDGE)
        run("ip", "link", "set", BRIDGE, "up")
        self.libvirtd = Daemon(["libvirtd", "--config", "/etc/libvirt/libvirtd.conf"], directory / "libvirtd.log")
        bed.others.append(self.libvirtd)
        self.wait_for_libvirtd()
        for number in range(1, guests + 1):
            self.create(number)
            self.wait_for_guest(number)

    def wait_for_libvirtd(self):
        wait_for(lambda: subprocess.run(["virsh", "-q", "uri"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                        timeout=30).returncode == 0, "libvirtd answers", deadline=60)

    def virsh(self, *command):
        return run("virsh", "-q", *command)

    def create(self, number):
        with open(self.image(number), "wb") as image:
            image.truncate(8 << 20)
        file = self.directory / f"g{number}.xml"
        file.write_text(domain_xml(number, self.directory, number % self.guests + 1))
        self.virsh("create", file)

    def image(self, number):
        return self.directory / f"g{number}.img"

    def wait_for_guest(self, number):
        console = self.directory / f"g{number}.console"
        wait_for(lambda: console.exists() and "guest: ready" in console.read_text(errors="replace"),
                 f"g{number} has booted", deadline=BOOT)

    def tap(self, number):
        """Its device on the host."""
        return self.virsh("domiflist", f"g{number}").split()[0]

    def qemu(self, number):
        return int(pathlib.Path(f"/run/libvirt/qemu/g{number}.pid").read_text())

    def restart_libvirtd(self):
        self.libvirtd.stop()
        self.libvirtd.start()
        self.wait_for_libvirtd()

    def close(self):
        """Guests first: libvirtd leaves them running when it ends."""
        for pid_file in pathlib.Path("/run/libvirt/qemu").glob("g*.pid"):
            os.kill(int(pid_file.read_text()), signal.SIGCONT)
        for name in self.virsh("list", "--name").split():
            self.virsh("destroy", name)
