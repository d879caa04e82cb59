"""What polling costs hsflowd: JSON lines, one a measurement.

    sudo BUILD_DIR=build/release tests/support/sandbox.sh /usr/bin/python3 tests/bench/counters_bench.py [INTERFACES]

CPU time is the process's own (proc(5), /proc/PID/schedstat, in ns) over polls at polling=1, everything else that the daemon
does among it. First a plain host, then one with INTERFACES (1000) veths that are not exported, then with all of them exported.
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
    """Of all threads; /proc/PID/schedstat has the first one only."""
    return sum(int((task / "schedstat").read_text().split()[0]) for task in pathlib.Path(f"/proc/{pid}/task").iterdir())


def rss_anon_kib(pid):
    return int(re.search(r"^RssAnon:\s+(\d+)", pathlib.Path(f"/proc/{pid}/status").read_text(), re.M)[1])


def measure(name, more):
    with tempfile.TemporaryDirectory() as directory:
        bed, collector = Testbed(directory), Collector()
        daemon = bed.hsflowd(hsflowd_config(collector, "agentIP = 192.0.2.1\n  " + more))
        wait_for(lambda: collector.receive()["sequence_number"] >= 2, "the first polls")

        def next_poll():
            uptime = collector.receive()["uptime"]
            while collector.receive()["uptime"] - uptime < 500:
                pass
        next_poll()
        costs, sources = [], []
        begin, cpu = time.monotonic(), cpu_ns(daemon.pid)
        for _ in range(POLLS):
            next_poll()
        elapsed, used = time.monotonic() - begin, cpu_ns(daemon.pid) - cpu
        for _ in range(5):  # asking costs too, so afterwards
            next_poll()
            now = status()["sources"]
            sources.append(sum(source["cost_us"] for source in now if source["name"] != "interfaces"))
            costs.append(sum(source["cost_us"] for source in now))
        for _ in range(3):  # until the memory of these documents is given back
            next_poll()
        polls = round(elapsed)
        print(json.dumps({"bench": name, "cpu_ms_per_poll": round(used / polls / 1e6, 3),
                          "percent_of_a_core_at_polling_1": round(100 * used / 1e9 / elapsed, 3),
                          "host_sources_ms": round(statistics.median(sources) / 1000, 3),
                          "all_sources_ms": round(statistics.median(costs) / 1000, 3),
                          "rss_anon_kib": rss_anon_kib(daemon.pid), "polls": polls}), flush=True)
        collector.close()
        bed.close()


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    measure("plain host", "")
    with tempfile.NamedTemporaryFile("w") as batch:
        for i in range(count // 2):
            batch.write(f"link add va{i} type veth peer name vb{i}\nlink set va{i} up\nlink set vb{i} up\n")
        batch.flush()
        run("ip", "-batch", batch.name)
    measure(f"{count} interfaces, none exported", "")
    measure(f"{count} interfaces, all exported", "interfaces { include = v* }")


if __name__ == "__main__":
    main()
