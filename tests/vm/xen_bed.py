"""Xen under QEMU: dom0 with two paravirtual guests on a bridge of Open vSwitch, and beyond dom0's NIC a collector."""

import base64
import re
import struct

from testbed import sflow

BRIDGE = "xenbr0"
DOM0 = "10.77.0.1"
OUTSIDE = "10.77.0.254"  # the collector
DISK_MIB = 8
MEMORY_MIB = {1: 96, 2: 112}
CPUS = {1: 1, 2: 1}  # with more each, an emulated Xen is mostly busy with waiting for the other
GUEST_BOOT = 600.0  # seconds, on a machine that does other things too

# eth0 is the physical NIC: one end of a veth pair, the other end is the network outside.
NETWORK = f"""set -e
ovs-vsctl --may-exist add-br {BRIDGE}
ip link set {BRIDGE} up
ip address add {DOM0}/24 dev {BRIDGE}
ip netns add outside
ip link add eth0 type veth peer name wire0 netns outside
ip -n outside link set wire0 up
ip -n outside address add {OUTSIDE}/24 dev wire0
ip link set eth0 up
ovs-vsctl --may-exist add-port {BRIDGE} eth0
modprobe -a loop xen-netback xen-blkback
until xenstore-exists /local/domain/0/name; do sleep 0.2; done
xl sched-credit2 -d Domain-0 -w 4096 # sixteen times that of a guest
"""
CONFIG = "sflow { DNSSD = on  xen { } }"
# Warnings that may come. An emulated machine that does other things too is slow, so that anything with a deadline may exceed
# it, most of all while a domain is made. While dnsmasq is restarted, nothing answers.
TOLERATED = ["`DNSSD` is deprecated", "does not answer", "has not returned", "Timeout while contacting DNS servers",
             "no server could be reached", r"\|timeval\|WARN\|",
             "Network is unreachable",  # until set_up_network()
             "Unit uses MemoryLimit="]  # of the self-contained RPM: systemd 219 has no MemoryMax=
RPM = "rpm --force-debian --nodeps"
DATAGRAMS = "/run/datagrams"
COLLECTOR = f"""import socket
receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
receiver.bind(("{OUTSIDE}", 6343))
with open("{DATAGRAMS}", "w") as datagrams:
    while True:
        print(receiver.recv(65535).hex(), file=datagrams, flush=True)
"""


def uuid_of(number):
    return f"00000000-0000-4000-8000-{number:012d}"


def mac_of(number):
    return f"00:16:3e:00:00:{number:02x}"


def domain_config(number):
    """Guest 1 is vm1, 10.77.0.11; it is loud (initrd/guest-init)."""
    peer, loud = 3 - number, "loud" if number == 1 else ""
    return f"""name = "vm{number}"
type = "pv"
uuid = "{uuid_of(number)}"
kernel = "/srv/guest/vmlinux"
ramdisk = "/srv/guest/initrd"
extra = "console=hvc0 mitigations=off quiet address=10.77.0.{10 + number} peer=10.77.0.{10 + peer} pause=5 {loud}"
memory = {MEMORY_MIB[number]}
vcpus = {CPUS[number]}
vif = [ "mac={mac_of(number)},bridge={BRIDGE},script=vif-openvswitch" ]
disk = [ "phy:/dev/loop{number},xvda,w" ]
on_reboot = "destroy"
on_crash = "destroy"
"""


def tapdisk_statistics(rd_req, rd_sectors, wr_req, wr_sectors, errors):
    """blktap's drivers/tapdisk-metrics-stats.h, in a page as tapdisk makes it."""
    statistics = struct.pack("=Ixxxx11Q", 1, 0, rd_req, rd_req, rd_sectors, 1, wr_req, wr_req, wr_sectors, 1, errors, 0)
    return statistics.ljust(4096, b"\0")


def older_tapdisk_statistics(rd_req, rd_sectors, wr_req, wr_sectors):
    """blktap's include/blktap3.h."""
    return struct.pack("=14Q", 0, 0, 0, rd_req, rd_req, rd_sectors, 1, 1, wr_req, wr_req, wr_sectors, 1, 1, 0).ljust(4096, b"\0")


def create(number):
    """libxl gives its scripts 40 s, which a busy machine may exceed."""
    return f"for try in 1 2 3 4; do xl create -q /etc/xen/vm{number}.cfg && break; done"


class XenBed:
    def __init__(self, guest):
        self.dom0 = guest
        self.sh = guest.sh
        self.read = 0  # bytes of what the collector received
        self.said = None  # by DNS
        self.set_up_network()

    def set_up_network(self):
        """At each boot."""
        self.sh(NETWORK)
        self.write("/run/collector.py", COLLECTOR)
        self.sh("systemd-run -q --collect --unit=collector ip netns exec outside python3 /run/collector.py")

    def start_guests(self):
        """In the background."""
        for number in (1, 2):
            self.sh(f"truncate -s {DISK_MIB}M /var/lib/vm{number}.img && losetup /dev/loop{number} /var/lib/vm{number}.img")
            self.write(f"/etc/xen/vm{number}.cfg", domain_config(number))
        self.sh(f"systemd-run -q --unit=guests sh -c '{create(1)}; {create(2)}'")

    def wait_for_guests(self):
        for number in (1, 2):
            self.wait_for_guest(number)
        self.sh("until systemctl show -P SubState guests | grep -q dead; do sleep 0.2; done", timeout=GUEST_BOOT)

    def write(self, path, text):
        self.sh(f"cat > {path} << 'END_OF_FILE'\n{text}\nEND_OF_FILE")

    def create(self, number):
        self.sh(create(number), timeout=GUEST_BOOT)

    def wait_for_guest(self, number):
        self.dom0.wait_for(f"ping -q -c 1 -W 1 10.77.0.{10 + number} || {{ xl list; journalctl --no-pager -u guests; false; }}",
                           f"vm{number} has booted", timeout=GUEST_BOOT)

    def domain_of(self, number):
        return int(self.sh(f"xl domid vm{number}"))

    def vif_of(self, number):
        """Its device in dom0."""
        return f"vif{self.domain_of(number)}.0"

    def serve_disk(self, number, device, sectors, pid=None):
        """The keys of a disk that tapback has connected, without a tapdisk."""
        domain = self.domain_of(number)
        keys = f"/local/domain/0/backend/vbd3/{domain}/{device}"
        process = f"xenstore-write {keys}/kthread-pid {pid}" if pid else ""
        self.sh(f"""set -e
            xenstore-write {keys}/sectors {sectors} {keys}/sector-size 512
            {process}
            mkdir -p -m 600 /dev/shm/vbd3-{domain}-{device}""")

    def write_shared(self, path, content):
        """As tapdisk does: nobody but root may look."""
        encoded = base64.b64encode(content).decode()
        self.sh(f"""set -e
            umask 077
            mkdir -p /dev/shm/{path.rsplit("/", 1)[0]}
            echo {encoded} | base64 -d > /dev/shm/{path}.new
            mv /dev/shm/{path}.new /dev/shm/{path}""")

    def zone(self, sampling, polling):
        """What DNS says from now on; true when it said something else before."""
        before, self.said = self.said, (sampling, polling)
        if before == self.said:
            return False
        self.write("/etc/bed-dns.conf", f"""port=53
listen-address=127.0.0.1
local=/example.com/
local-ttl=5
address=/collector.example.com/{OUTSIDE}
srv-host=_sflow._udp.example.com,collector.example.com,6343
txt-record=_sflow._udp.example.com,txtvers=1,sampling={sampling},polling={polling}""")
        self.sh("systemctl restart bed-dns")
        return True

    def install_rpm(self):
        """As in 2010. Debian's dom0 has systemd, but rpm knows of no package with it."""
        self.write("/etc/hsflowd.conf", CONFIG)  # of a previous installation
        return self.sh(f"{RPM} --install /srv/packages/sflow-agent-xcp-*-1.x86_64.rpm 2>&1")

    def install_debs(self):
        """As an administrator does it; nothing but service(8) starts the services."""
        policy = "/usr/sbin/policy-rc.d"
        self.write("/etc/hsflowd.conf", CONFIG)
        self.write(policy, "#!/bin/sh\nexit 101")
        self.sh(f"""set -e
            chmod 755 {policy}
            apt-get -qq update
            DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o Dpkg::Options::=--force-confold install hsflowd hsflowd-xen sflowovsd
            rm {policy}""", timeout=1200)

    def reconfigure(self, config):
        """Returns when hsflowd has taken it."""
        count = "journalctl --no-pager -q -b -u hsflowd | grep -c ': reloaded' || true"
        before = int(self.sh(count))
        self.write("/etc/hsflowd.conf", config)
        self.sh("systemctl reload hsflowd")
        self.dom0.wait_for(f"test $({count}) -gt {before}", "hsflowd has reloaded")

    def state_of_services(self):
        return self.sh("systemctl is-active hsflowd sflowovsd || true").split()

    def log(self, priority="info"):
        return self.sh(f"journalctl --no-pager -q -b -u hsflowd -u sflowovsd -p {priority}")

    def unannounced_warnings(self):
        return [line for line in self.log("warning").splitlines() if not any(re.search(pattern, line) for pattern in TOLERATED)]

    def within(self, seconds):
        """The datagrams since the last call, or those of the next seconds. The independent decoder checks each."""
        tenths = max(1, round(seconds * 10))
        text = self.sh(f"""exec 2> /dev/null
                           for _ in $(seq {tenths}); do [ $(stat -c %s {DATAGRAMS}) -gt {self.read} ] && break; sleep 0.1; done
                           tail -c +{self.read + 1} {DATAGRAMS}; echo .""")
        whole = text[:text.rindex(".")]
        whole = whole[:whole.rfind("\n") + 1]
        self.read += len(whole)
        return [decode(bytes.fromhex(line)) for line in whole.splitlines()]


def decode(data):
    datagram = sflow.decode(data, any_padding=True)
    ours = datagram["sub_agent_id"] == 100000  # ovs-vswitchd does not clear its padding
    return sflow.decode(data) if ours else datagram
