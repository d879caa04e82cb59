"""How soon bridges have sFlow, and what sflowovsd costs: JSON lines, one a measurement.

    sudo BUILD_DIR=build/release tests/support/sandbox.sh /usr/bin/python3 tests/bench/sflowovsd_bench.py [BRIDGES...]

The times are taken from the database's own update notifications (RFC 7047, section 4.1.6), beginning when the start of the
process or the transaction with the new bridge was asked for; so are the transactions: each of sflowovsd is one update.
ovs-vswitchd is not run: it takes no part in what is timed.
"""

import json
import pathlib
import re
import statistics
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

from testbed import Monitor, Testbed, publish, run, settings, wait_for  # noqa: E402
from time_to_sflow import MONITORED, insert_bridges, seconds_to_sflow, when_sampled  # noqa: E402

ADDED = 20
IDLE_SECONDS = 60


def measurement(name, bridges, value, unit, **more):
    print(json.dumps({"name": name, "bridges": bridges, "value": round(value, 3), "unit": unit, **more}), flush=True)


def peak_rss_kib(daemon):
    return int(re.search(r"^VmHWM:\s+(\d+)", pathlib.Path(f"/proc/{daemon.pid}/status").read_text(), re.M)[1])


def measure(bridges, directory):
    bed = Testbed(directory)
    bed.ovsdb_server()
    monitor = Monitor(MONITORED)
    names = [f"br{i}" for i in range(bridges)]
    insert_bridges(monitor, names, "dummy")
    wait_for(lambda: len(run("ovs-vsctl", "--no-wait", "list-br").split()) == bridges, "the bridges")
    monitor.close()

    monitor = Monitor(MONITORED)
    publish(settings())
    begin = time.monotonic()
    daemon = bed.sflowovsd()
    measurement("cold start until every bridge has sFlow", bridges, when_sampled(monitor, names) - begin, "s",
                updates=monitor.update_count)

    added = sorted(1000 * seconds_to_sflow(monitor, f"later{i}", "dummy") for i in range(ADDED))
    measurement("bridge added until it has sFlow, median", bridges, statistics.median(added), "ms",
                least=round(added[0], 3), most=round(added[-1], 3), of=ADDED)

    before = daemon.cpu_ticks()
    time.sleep(IDLE_SECONDS)
    measurement("CPU while nothing happens", bridges, daemon.cpu_ticks() - before, f"ticks in {IDLE_SECONDS} s")
    measurement("peak resident memory", bridges, peak_rss_kib(daemon) / 1024, "MiB")
    monitor.close()
    bed.close()


if __name__ == "__main__":
    for count in [int(argument) for argument in sys.argv[1:]] or [200, 1000, 5000]:
        with tempfile.TemporaryDirectory() as directory:
            measure(count, directory)
