"""What the guests of Open vSwitch's ports cost hsflowd: a JSON line.

    sudo BUILD_DIR=$PWD/build/release tests/support/sandbox.sh /usr/bin/python3 tests/bench/ports_bench.py [PORTS]

PORTS (10000) real network devices, each the port of another guest, as sflowovsd publishes them. At polling=1 all are polled at
once: `poll_ms` is what reading them takes, as `hsflowd status` says, and `cpu_ms_per_poll` is all CPU time of hsflowd (proc(5),
/proc/PID/task/TID/schedstat, in ns), the encoding of 10,000 samples among it.
"""

import json
import pathlib
import re
import statistics
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

from testbed import Collector, Testbed, hsflowd_config, run, status, wait_for  # noqa: E402

POLLS = 20


def cpu_ns(pid):
    return sum(int((task / "schedstat").read_text().split()[0]) for task in pathlib.Path(f"/proc/{pid}/task").iterdir())


def rss_kib(pid):
    return int(re.search(r"^VmRSS:\s+(\d+)", pathlib.Path(f"/proc/{pid}/status").read_text(), re.M)[1])


def ports_cost_us():
    return next(source["cost_us"] for source in status()["sources"] if source["name"] == "ports")


def guest_port(number, if_index):
    name = f"tap{number}"
    return {"name": name, "port": name, "ofport": number % 65000 + 1, "ifindex": if_index, "type": "", "mac": "fe:00:00:00:00:01",
            "tag": 10, "guest": {"kind": "vm", "writer": "libvirt", "uuid": f"00000000-0000-4000-8000-{number:012}",
                                 "key": f"00000000-0000-4000-8000-{number:012}", "name": None,
                                 "mac": f"52:54:00:{number >> 16:02x}:{number >> 8 & 255:02x}:{number & 255:02x}"}}


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10000
    with tempfile.TemporaryDirectory() as directory:
        batch = pathlib.Path(directory, "batch")
        batch.write_text("".join(f"link add tap{i} type veth peer name tap{i + 1}\n" for i in range(0, count, 2)))
        run("ip", "-batch", batch)
        ports = [guest_port(i, int(pathlib.Path(f"/sys/class/net/tap{i}/ifindex").read_text())) for i in range(count)]
        file = pathlib.Path(directory, "ports.json")
        file.write_text(json.dumps({"version": 1, "bridges": [{"name": "br0", "ports": ports}]}))
        bed, collector = Testbed(directory), Collector()
        begin = time.monotonic()
        daemon = bed.hsflowd(hsflowd_config(collector, "agentIP = 192.0.2.1"), "--ports-file", file)
        wait_for(lambda: next(row["count"] for row in status()["data_sources"] if row["name"] == "vms") == count if
                 collector.receive() else False, "every guest is known", deadline=60)
        known = time.monotonic() - begin
        wait_for(ports_cost_us, "the first poll")
        time.sleep(3)
        costs = []
        begin, cpu = time.monotonic(), cpu_ns(daemon.pid)
        time.sleep(POLLS)
        elapsed, used = time.monotonic() - begin, cpu_ns(daemon.pid) - cpu
        for _ in range(POLLS):  # asking costs too, so afterwards
            time.sleep(1)
            costs.append(ports_cost_us() / 1000)
        print(json.dumps({"bench": "guests of ports", "ports": count, "file_bytes": file.stat().st_size, "known_after_s": round(known, 3),
                          "poll_ms": {"median": round(statistics.median(costs), 2), "min": round(min(costs), 2),
                                      "max": round(max(costs), 2)},
                          "cpu_ms_per_poll": round(used / round(elapsed) / 1e6, 1), "rss_kib": rss_kib(daemon.pid)}), flush=True)
        collector.close()
        bed.close()


if __name__ == "__main__":
    main()
