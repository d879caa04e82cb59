"""What hsflowd costs a host at polling=1: one JSON line.

    sudo BUILD_DIR=build/release tests/support/sandbox.sh /usr/bin/python3 tests/bench/hsflowd_bench.py [--interfaces N] [--seconds N]

In a network namespace with loopback, one veth interface with the agent's address, and N (0, an even number) dummy interfaces that are
up. Only the counters of the host are exported. The CPU time (proc(5), /proc/PID/task/TID/schedstat, in ns) is that of all threads
over SECONDS (60). The memory is measured afterwards (/proc/PID/smaps_rollup). 1 MB is 10^6 bytes.
"""

import argparse
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

from testbed import Collector, Testbed, hsflowd_config, run, wait_for  # noqa: E402


def cpu_ns(pid):
    """/proc/PID/schedstat has the first thread only."""
    return sum(int((task / "schedstat").read_text().split()[0]) for task in pathlib.Path(f"/proc/{pid}/task").iterdir())


def memory_kib(pid):
    text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
    return {name: int(re.search(rf"^{name}:\s+(\d+) kB$", text, re.M)[1]) for name in ("Rss", "Pss", "Anonymous")}


def add_interfaces(count):
    """dummy(4) interfaces, or pairs of veth(4) where the kernel has none."""
    kind = "dummy" if has_dummy() else "veth"
    lines = ["link add mgmt0 type veth peer name wire0", "addr add 192.0.2.1/24 dev mgmt0", "link set wire0 up", "link set mgmt0 up"]
    if kind == "dummy":
        lines += [f"link add d{number} type dummy" for number in range(count)]
    else:
        lines += [f"link add d{number} type veth peer name d{number + 1}" for number in range(0, count, 2)]
    lines += [f"link set d{number} up" for number in range(count)]
    with tempfile.NamedTemporaryFile("w") as batch:
        batch.write("\n".join(lines) + "\n")
        batch.flush()
        run("ip", "-batch", batch.name)
    return kind


def has_dummy():
    if subprocess.run(["ip", "link", "add", "probe0", "type", "dummy"], stderr=subprocess.DEVNULL).returncode != 0:
        return False
    run("ip", "link", "del", "probe0")
    return True


def measure(interfaces, seconds):
    kind = add_interfaces(interfaces)
    with tempfile.TemporaryDirectory() as directory:
        bed, collector = Testbed(directory), Collector()
        daemon = bed.hsflowd(hsflowd_config(collector))
        wait_for(lambda: collector.receive()["sequence_number"] >= 5, "the first polls")
        begin, cpu, wakeups = time.monotonic(), cpu_ns(daemon.pid), daemon.wakeups()
        while time.monotonic() - begin < seconds:
            collector.receive()
        elapsed, used, woken = time.monotonic() - begin, cpu_ns(daemon.pid) - cpu, daemon.wakeups() - wakeups
        memory = memory_kib(daemon.pid)
        print(json.dumps({
            "bench": "hsflowd at polling=1", "interfaces": interfaces, "kind": kind, "seconds": round(elapsed, 1),
            "cpu_ms_per_s": round(used / elapsed / 1e6, 3), "wakeups_per_s": round(woken / elapsed, 1),
            "resident_mb": round(memory["Rss"] * 1024 / 1e6, 2), "anonymous_mb": round(memory["Anonymous"] * 1024 / 1e6, 2),
            "proportional_mb": round(memory["Pss"] * 1024 / 1e6, 2)}), flush=True)
        collector.close()
        bed.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--interfaces", type=int, default=0, metavar="N", help="dummy interfaces (default: 0)")
    parser.add_argument("--seconds", type=float, default=60, metavar="N", help="how long to measure the CPU time (default: 60)")
    options = parser.parse_args()
    measure(options.interfaces, options.seconds)
