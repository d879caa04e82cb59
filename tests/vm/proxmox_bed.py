"""A Proxmox VE node in a booted guest, as far as hsflowd sees one: its files, real scopes of systemd, real devices, and guests that do
what they are told. A loop device on tmpfs is their disk: nothing else writes to it, so each byte and request is known."""

import textwrap

DISK_REQUEST = 65536
CONFIGURATIONS = {
    "qemu-server/100": """name: web1
        memory: 4096
        cores: 2
        net0: virtio=BC:24:11:00:01:00,bridge=vmbr0,firewall=1
        smbios1: uuid=10000000-0000-4000-8000-000000000100
        [snapshot]
        name: web1-before""",
    "qemu-server/101": "net0: e1000=BC:24:11:00:01:01,bridge=vmbr0",
    "lxc/102": """hostname: dns1
        cores: 1
        net0: name=eth0,bridge=vmbr0,hwaddr=BC:24:11:00:01:02,type=veth""",
}
# argv: the VMID, and a device for a tap to open or ""; then commands from a FIFO, one a line. Each is answered in a file when it is
# done. In between it only waits, so that its CPU time and memory are known.
PROGRAM = r'''
import fcntl, mmap, os, socket, struct, sys, time
vmid, tap = sys.argv[1:]
fd = -1
if tap:
    fd = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(fd, 0x400454CA, struct.pack("16sH22x", tap.encode(), 0x1002))  # TUNSETIFF: IFF_TAP | IFF_NO_PI
kept = []
block = mmap.mmap(-1, 65536)
block.write(b"x" * 65536)

def burn(seconds):
    end = time.process_time() + float(seconds)
    while time.process_time() < end:
        pass

def touch(mebibytes):
    kept.append(mmap.mmap(-1, int(mebibytes) << 20))
    for page in range(0, len(kept[-1]), 4096):
        kept[-1][page] = 1

def disk(requests, writes):
    device = os.open(open("/run/bed/disk").read().strip(), os.O_RDWR | os.O_DIRECT)
    for number in range(int(requests)):
        if writes:
            os.pwrite(device, block, number * 65536)
        else:
            os.preadv(device, [block], number * 65536)
    os.close(device)

def send(frames, size):
    for _ in range(int(frames)):
        os.write(fd, b"\x02\0\0\0\0\1" + bytes.fromhex("bc241100" + "0100") + b"\x88\xb5" + bytes(int(size) - 14))

os.makedirs("/run/bed", exist_ok=True)
commands = f"/run/bed/{vmid}"
os.path.exists(commands) or os.mkfifo(commands)
open(commands + ".ready", "w").close()
while True:
    with open(commands) as lines:
        for line in lines:
            name, *arguments = line.split()
            {"burn": burn, "touch": touch, "write": lambda n: disk(n, True), "read": lambda n: disk(n, False), "send": send}[name](*arguments)
            open(commands + ".done", "w").close()
'''
MANAGER = """Package: pve-manager
Version: 9.0
Architecture: all
Maintainer: Test bed <bed@example.com>
Description: stands for the manager of Proxmox VE
"""


class ProxmoxBed:
    """VM 100 is web1, with known devices and disk; VM 101 has neither name nor UUID; the container 102 is dns1."""

    def __init__(self, guest):
        self.guest = guest
        self.install_manager()
        self.configure()
        self.start_vms()
        self.start_container()

    def install_manager(self):
        """After hsflowd, as its package has to notice."""
        self.guest.sh(f"""set -e
            mkdir -p /root/pve/DEBIAN /root/pve/usr/bin && touch /root/pve/usr/bin/pvesh
            printf %s '{MANAGER}' > /root/pve/DEBIAN/control
            dpkg-deb -b /root/pve /root/pve.deb && dpkg -i /root/pve.deb""")

    def configure(self):
        files = "\n".join(f"printf '%s\\n' '{textwrap.dedent('        ' + text)}' > nodes/bed/{name}.conf"
                          for name, text in CONFIGURATIONS.items())
        self.guest.sh(f"""set -e
            mkdir -p /run/bed /run/qemu-server /etc/pve/nodes/bed/qemu-server /etc/pve/nodes/bed/lxc && cd /etc/pve
            ln -s nodes/bed/qemu-server nodes/bed/lxc .
            {files}
            chown root:www-data nodes/bed/*/*.conf && chmod 640 nodes/bed/*/*.conf
            truncate -s 16M /run/bed/image && losetup -f --show /run/bed/image > /run/bed/disk
            cat > /run/bed/guest.py << 'END_OF_FILE'
{PROGRAM}
END_OF_FILE""")

    def start_vms(self):
        """Without IPv6 on their taps, which would send packets of its own."""
        self.guest.sh("""set -e
            sysctl -q net.ipv6.conf.default.disable_ipv6=1
            modprobe tun
            for vmid in 100 101; do
                systemd-run -q --scope --slice=qemu.slice --unit=$vmid -p IOAccounting=yes -p MemoryAccounting=yes \\
                    python3 /run/bed/guest.py $vmid tap${vmid}i0 > /run/bed/$vmid.log 2>&1 < /dev/null &
            done
            until [ -e /run/bed/100.ready ] && [ -e /run/bed/101.ready ]; do sleep 0.1; done
            for vmid in 100 101; do
                ip link set tap${vmid}i0 up
                head -n 1 /sys/fs/cgroup/qemu.slice/$vmid.scope/cgroup.procs > /run/qemu-server/$vmid.pid
            done
            ip address add 10.7.0.1/24 dev tap100i0
            ip neighbor add 10.7.0.2 lladdr bc:24:11:00:01:00 dev tap100i0 nud permanent
            ovs-vsctl add-br vmbr0 -- add-port vmbr0 fwln100o0 -- set interface fwln100o0 type=internal""")

    def start_container(self):
        self.guest.sh("""set -e
            cd /sys/fs/cgroup
            echo '+cpu +io +memory' > cgroup.subtree_control
            mkdir lxc && echo '+cpu +io +memory' > lxc/cgroup.subtree_control && mkdir -p lxc/102/ns
            ip netns add ct102
            ip link add veth102i0 type veth peer name eth0 netns ct102
            ip netns exec ct102 sysctl -q net.ipv6.conf.all.disable_ipv6=1
            ip -n ct102 link set eth0 address bc:24:11:00:01:02
            ip -n ct102 link set eth0 up
            ip link set veth102i0 up
            ip -n ct102 address add 10.8.0.2/24 dev eth0
            ip -n ct102 neighbor add 10.8.0.1 lladdr 02:00:00:00:00:01 dev eth0 nud permanent
            (echo $BASHPID > lxc/102/ns/cgroup.procs && exec python3 /run/bed/guest.py 102 '') > /run/bed/102.log 2>&1 < /dev/null &
            until [ -e /run/bed/102.ready ]; do sleep 0.1; done""")

    def command(self, vmid, text):
        """Has the guest do it, to the end."""
        self.guest.sh(f"""rm -f /run/bed/{vmid}.done && echo '{text}' > /run/bed/{vmid}
            until [ -e /run/bed/{vmid}.done ]; do sleep 0.05; done""", timeout=120)

    def send_to(self, address, packets, size, netns=None):
        """UDP with `size` bytes each."""
        program = (f"import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); "
                   f"[s.sendto(bytes({size}), (\"{address}\", 9)) for _ in range({packets})]")
        self.guest.sh(f"{f'ip netns exec {netns}' if netns else ''} python3 -c '{program}'")

    def if_index(self, device):
        return int(self.guest.sh(f"cat /sys/class/net/{device}/ifindex"))

    def close(self):
        self.guest.sh("""for vmid in 100 101; do kill $(cat /sys/fs/cgroup/qemu.slice/$vmid.scope/cgroup.procs); done
            kill $(cat /sys/fs/cgroup/lxc/102/ns/cgroup.procs)
            until [ ! -e /sys/fs/cgroup/qemu.slice/100.scope ] && rmdir /sys/fs/cgroup/lxc/102/ns 2> /dev/null; do sleep 0.1; done
            rmdir /sys/fs/cgroup/lxc/102 /sys/fs/cgroup/lxc
            losetup -d $(cat /run/bed/disk)
            ip netns del ct102
            ovs-vsctl del-br vmbr0
            sysctl -q net.ipv6.conf.default.disable_ipv6=0
            rm -r /etc/pve /run/qemu-server /run/bed /root/pve /root/pve.deb
            dpkg --purge pve-manager""")


def of_guest(name, condition):
    """A jq expression: a sample of that guest for which `condition` holds, where $r are its records by type."""
    return (f'any(.samples[] | select(.source_class == 3); ((.records // []) | map({{(.type): .}}) | add) as $r | '
            f'$r.host_descr.hostname == "{name}" and ({condition}))')


def record(datagram, name, kind):
    for sample in datagram["samples"]:
        records = {one["type"]: one for one in sample["records"]}
        if sample["source_class"] == 3 and records.get("host_descr", {}).get("hostname") == name:
            return sample["source_index"] if kind is None else records[kind]
    raise AssertionError(f"no sample of {name}")


def sees_proxmox_guests(guest, next_sample):
    """hsflowd runs, polls each second, and sends to a collector; next_sample(what, condition) returns a datagram for which the jq
    expression is true."""
    def wait_for(name, condition):
        return next_sample(f"{name}: {condition}", of_guest(name, condition))

    bed = ProxmoxBed(guest)
    assert "SupplementaryGroups=www-data" in guest.sh("systemctl cat hsflowd")
    first = wait_for("web1", "$r.virt_cpu.state == 1 and $r.virt_cpu.nr_virt_cpu == 2 and ($r.host_adapters.adapters | length) == 2")
    assert record(first, "web1", "host_descr")["uuid"] == "10000000-0000-4000-8000-000000000100"
    assert record(first, "web1", "virt_memory")["max_memory"] == 4096 << 20
    assert [(adapter["if_index"], adapter["mac_addresses"]) for adapter in record(first, "web1", "host_adapters")["adapters"]] == [
        (bed.if_index(device), ["bc:24:11:00:01:00"]) for device in ("tap100i0", "fwln100o0")]
    wait_for("VM101", "$r.host_adapters.adapters[0].mac_addresses[0] == \"bc:24:11:00:01:01\"")
    wait_for("dns1", "$r.virt_cpu.nr_virt_cpu == 1")

    disk = record(wait_for("web1", "true"), "web1", "virt_disk_io")  # it has read its program
    bed.command(100, "write 64")
    bed.command(100, "read 16")
    wait_for("web1", f"$r.virt_disk_io.wr_bytes == {disk['wr_bytes'] + 64 * DISK_REQUEST} and "
                     f"$r.virt_disk_io.wr_req == {disk['wr_req'] + 64} and "
                     f"$r.virt_disk_io.rd_bytes == {disk['rd_bytes'] + 16 * DISK_REQUEST} and "
                     f"$r.virt_disk_io.rd_req == {disk['rd_req'] + 16}")
    bed.send_to("10.7.0.2", 200, 100)
    bed.command(100, "send 100 500")
    wait_for("web1", "$r.virt_net_io.rx_packets == 200 and $r.virt_net_io.rx_bytes == 200 * (100 + 42) and "
                     "$r.virt_net_io.tx_packets == 100 and $r.virt_net_io.tx_bytes == 100 * 500")
    bed.command(101, "send 7 60")
    wait_for("VM101", "$r.virt_net_io.tx_packets == 7 and $r.virt_net_io.tx_bytes == 420 and $r.virt_net_io.rx_packets == 0")
    bed.send_to("10.8.0.1", 50, 300, netns="ct102")
    wait_for("dns1", "$r.virt_net_io.tx_packets == 50 and $r.virt_net_io.tx_bytes == 50 * (300 + 42) and $r.virt_net_io.rx_packets == 0")

    for name, vmid in {"web1": 100, "dns1": 102}.items():
        before = wait_for(name, "true")
        cpu, memory = record(before, name, "virt_cpu")["cpu_time"], record(before, name, "virt_memory")["memory"]
        bed.command(vmid, "burn 5")
        after = wait_for(name, f"$r.virt_cpu.cpu_time >= {cpu + 4900}")
        assert abs(record(after, name, "virt_cpu")["cpu_time"] - cpu - 5000) <= 100
        bed.command(vmid, "touch 48")
        after = wait_for(name, f"$r.virt_memory.memory > {memory + (47 << 20)}")
        assert abs(record(after, name, "virt_memory")["memory"] - memory - (48 << 20)) <= 1 << 20
    guest.sh("echo 1 > /sys/fs/cgroup/qemu.slice/100.scope/cgroup.freeze")
    wait_for("web1", "$r.virt_cpu.state == 3")
    guest.sh("echo 0 > /sys/fs/cgroup/qemu.slice/100.scope/cgroup.freeze")
    index = record(wait_for("web1", "$r.virt_cpu.state == 1"), "web1", None)
    guest.sh("systemctl restart hsflowd")
    assert record(wait_for("web1", "true"), "web1", None) == index
    assert guest.sh("journalctl -q -b -u hsflowd -p warning | grep proxmox || true") == ""
    bed.close()
    assert "www-data" not in guest.sh("systemctl cat hsflowd")
