"""Whether the daemons grow: hsflowd at polling=1 and sflowovsd, while everything around them comes and goes. JSON lines.

    tests/vm/kvm/make_guest.sh $PWD/build/release/tests/vm/guest
    sudo BUILD_DIR=$PWD/build/release tests/support/sandbox.sh /usr/bin/python3 tests/bench/soak.py [MINUTES]

With a real ovs-vswitchd, BIND, libvirtd and QEMU, MINUTES (120) long: each second one of these changes, in turn: a bridge, a pair of
interfaces, the zone, the configuration (with a reload), a question for the status; and each 20 s a guest. Each minute one line
with the resident memory (VmRSS in /proc/PID/status), the descriptors and the log lines of both. The last line of each daemon has its
growth after the first ten minutes: the slope of a line through the minutes (least squares), in kB an hour. 1 kB is 1,000 bytes.
"""

import itertools
import json
import os
import pathlib
import re
import statistics
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests/support"), str(ROOT / "tests/vm")]

from dns_server import NameServer, resolv_conf  # noqa: E402
from kvm_bed import MODULES, KvmBed  # noqa: E402
from testbed import Collector, Testbed, appctl, run, status, wait_for  # noqa: E402

WARM_UP = 10  # minutes
GUEST_EVERY = 20  # seconds
PORT = 16343


def config(round_number):
    return f"""sflow {{
  agentIP = 192.0.2.1
  polling = 1
  sampling = {400 + round_number % 2}
  dns-sd {{ domain = example.com min-ttl = 1 start-delay = 0 }}
  modules = {MODULES}
  kvm {{ }}
  interfaces {{ include = "soak*" }}
}}
"""


def records(round_number):
    targets = ["c1", "c2"][: 1 + round_number % 2]
    return "\n".join([f"_sflow._udp SRV 0 0 {PORT} {target}" for target in targets]
                     + [f"{target} A 127.0.0.{number}" for number, target in enumerate(targets, 1)]
                     + ['_sflow._udp TXT "txtvers=1" "polling=1"'])


class Soak:
    def __init__(self, directory):
        self.bed = Testbed(directory)
        self.kvm = KvmBed(self.bed, directory, guests=0)
        self.dns = NameServer(directory, records(0))
        self.collectors = [Collector(f"127.0.0.{number}", PORT, any_padding=True) for number in (1, 2)]  # ovs-vswitchd sends, too
        self.sflowovsd = self.bed.sflowovsd()
        self.hsflowd = self.bed.hsflowd(config(0))
        self.daemons = {"hsflowd": self.hsflowd, "sflowovsd": self.sflowovsd}
        self.kvm.guests = 1
        self.guest_runs = False
        wait_for(lambda: self.collectors[0].receive(), "the first datagram")

    def bridge(self, number):
        if number % 2:
            run("ovs-vsctl", "--timeout=20", "del-br", "soak")
        else:
            run("ovs-vsctl", "--timeout=20", "add-br", "soak", "--", "set", "bridge", "soak", "datapath_type=netdev")

    def interfaces(self, number):
        if number % 2:
            run("ip", "link", "del", "soak0")
        else:
            run("ip", "link", "add", "soak0", "up", "type", "veth", "peer", "name", "soak1")

    def zone(self, number):
        self.dns.change(records(number))

    def reload(self, number):
        self.hsflowd.reload(config(number))

    def questions(self, _):
        assert status()["settings"]
        appctl("sflow/status")

    def guest(self):
        if self.guest_runs:
            self.kvm.virsh("destroy", "g1")
        else:
            self.kvm.create(1)
        self.guest_runs = not self.guest_runs

    def drain(self):
        for collector in self.collectors:
            collector.drain()

    def close(self):
        self.kvm.close()
        for collector in self.collectors:
            collector.close()
        self.dns.close()
        for daemon in self.bed.ours:
            daemon.tolerate("")
        self.bed.close()


def measure(daemon):
    text = pathlib.Path(f"/proc/{daemon.pid}/status").read_text()
    return {"rss_kb": round(int(re.search(r"^VmRSS:\s+(\d+)", text, re.M)[1]) * 1.024),
            "descriptors": len(os.listdir(f"/proc/{daemon.pid}/fd")), "log_lines": daemon.text().count("\n")}


def soak(minutes, directory):
    bed = Soak(directory)
    seen = {name: [] for name in bed.daemons}
    begin = time.monotonic()
    try:
        changes = itertools.cycle([bed.bridge, bed.interfaces, bed.zone, bed.reload, bed.questions])
        turns = {change: 0 for change in (bed.bridge, bed.interfaces, bed.zone, bed.reload, bed.questions)}
        for second in range(minutes * 60):
            time.sleep(max(0.0, begin + second - time.monotonic()))
            change = next(changes)
            change(turns[change])
            turns[change] += 1
            if second % GUEST_EVERY == 0:
                bed.guest()
            bed.drain()
            if second % 60 == 59:
                for name, daemon in bed.daemons.items():
                    seen[name].append(measure(daemon))
                    print(json.dumps({"daemon": name, "minute": second // 60 + 1, **seen[name][-1]}), flush=True)
    finally:
        bed.close()
    for name, rows in seen.items():
        rows = rows[WARM_UP:]
        slope = statistics.linear_regression(range(len(rows)), [row["rss_kb"] for row in rows]).slope
        descriptors = [row["descriptors"] for row in rows]
        print(json.dumps({"daemon": name, "minutes": minutes, "kb_per_hour": round(slope * 60, 1),
                          "descriptors": [min(descriptors), max(descriptors)], "changes": sum(turns.values())}), flush=True)


if __name__ == "__main__":
    duration = int(sys.argv[1]) if len(sys.argv) > 1 else 120
    if duration < WARM_UP + 2:
        sys.exit(f"MINUTES must be at least {WARM_UP + 2}")
    with tempfile.TemporaryDirectory() as temporary:
        temporary = pathlib.Path(temporary)
        with resolv_conf(temporary):
            soak(duration, temporary)
