"""How soon bridges have sFlow and a changed port is in the ports file, and what sflowovsd costs: JSON lines, one a measurement.

    sudo BUILD_DIR=build/release tests/support/sandbox.sh /usr/bin/python3 tests/bench/sflowovsd_bench.py [BRIDGES[:PORTS]...]

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

from testbed import PORTS_FILE, Monitor, Testbed, publish, run, settings, text_of, vsctl, wait_for  # noqa: E402
from time_to_sflow import MONITORED, insert_bridges, seconds_to_sflow, when_sampled  # noqa: E402

ADDED = 20
CHANGED = 5  # ports
IDLE_SECONDS = 60


def measurement(name, bridges, value, unit, **more):
    print(json.dumps({"name": name, "bridges": bridges, "value": round(value, 3), "unit": unit, **more}), flush=True)


def rss_mib(daemon, which):
    return int(re.search(rf"^{which}:\s+(\d+)", pathlib.Path(f"/proc/{daemon.pid}/status").read_text(), re.M)[1]) / 1024


def insert_ports(names, count):
    """Ports as libvirt makes them, on each of the bridges."""
    for begin in range(0, count, 1000):
        operations = []
        for i in range(begin, min(begin + 1000, count)):
            ids = [["attached-mac", f"52:54:00:{i >> 16:02x}:{i >> 8 & 255:02x}:{i & 255:02x}"], ["iface-status", "active"],
                   ["iface-id", f"00000000-0000-4000-8000-{i:012}"], ["vm-id", f"00000000-0000-4000-9000-{i:012}"]]
            operations += [
                {"op": "insert", "table": "Interface", "uuid-name": f"i{i}",
                 "row": {"name": f"vnet{i}", "ofport": i % 1000 + 1, "ifindex": i + 10, "mac_in_use": "fe:54:00:00:00:01",
                         "external_ids": ["map", ids]}},
                {"op": "insert", "table": "Port", "row": {"name": f"vnet{i}", "interfaces": ["named-uuid", f"i{i}"]}, "uuid-name": f"p{i}"},
                {"op": "mutate", "table": "Bridge", "where": [["name", "==", names[i % len(names)]]],
                 "mutations": [["ports", "insert", ["named-uuid", f"p{i}"]]]}]
        monitor = Monitor({})
        monitor.call("transact", ["Open_vSwitch", *operations])
        monitor.close()


def seconds_to_file(number):
    """From the change of a port until the file has it."""
    monitor = Monitor({})
    tag = 1000 + number
    begin = time.monotonic()
    monitor.call("transact", ["Open_vSwitch", {"op": "update", "table": "Port", "where": [["name", "==", "vnet7"]], "row": {"tag": tag}}])
    wait_for(lambda: f'"tag":{tag}' in text_of(PORTS_FILE), "the change is in the file")
    monitor.close()
    return time.monotonic() - begin


def measure(bridges, ports, directory):
    bed = Testbed(directory)
    bed.ovsdb_server()
    monitor = Monitor(MONITORED)
    names = [f"br{i}" for i in range(bridges)]
    insert_bridges(monitor, names, "dummy")
    wait_for(lambda: len(run("ovs-vsctl", "--no-wait", "list-br").split()) == bridges, "the bridges")
    monitor.close()
    insert_ports(names, ports)

    monitor = Monitor(MONITORED)
    publish(settings())
    begin = time.monotonic()
    daemon = bed.sflowovsd()
    measurement("cold start until every bridge has sFlow", bridges, when_sampled(monitor, names) - begin, "s",
                updates=monitor.update_count, ports=ports)
    if ports:
        wait_for(lambda: f"vnet{ports - 1}" in text_of(PORTS_FILE), "the ports file")
        measurement("cold start until the ports file is complete", bridges, time.monotonic() - begin, "s", ports=ports)

    added = sorted(1000 * seconds_to_sflow(monitor, f"later{i}", "dummy") for i in range(ADDED))
    measurement("bridge added until it has sFlow, median", bridges, statistics.median(added), "ms",
                least=round(added[0], 3), most=round(added[-1], 3), of=ADDED)

    if ports:
        changed = sorted(seconds_to_file(number) for number in range(CHANGED))
        measurement("port changed until the ports file has it, median", bridges, statistics.median(changed), "s",
                    least=round(changed[0], 3), most=round(changed[-1], 3), of=CHANGED, ports=ports)
        before = daemon.cpu_ticks()
        for number in range(100):
            vsctl("set", "interface", "vnet8", f"mac_in_use=\"fe:54:00:00:01:{number:02x}\"")
        measurement("CPU for 100 changes of a port", bridges, daemon.cpu_ticks() - before, "ticks", ports=ports)

    time.sleep(2)  # the ports file may be written a second after the last change
    before = daemon.cpu_ticks()
    time.sleep(IDLE_SECONDS)
    measurement("CPU while nothing happens", bridges, daemon.cpu_ticks() - before, f"ticks in {IDLE_SECONDS} s", ports=ports)
    measurement("resident memory", bridges, rss_mib(daemon, "VmRSS"), "MiB", ports=ports)
    measurement("peak resident memory", bridges, rss_mib(daemon, "VmHWM"), "MiB", ports=ports)
    monitor.close()
    bed.close()


if __name__ == "__main__":
    for argument in sys.argv[1:] or ["200", "1000", "5000", "1000:10000", "1:10000"]:
        bridge_count, _, port_count = argument.partition(":")
        with tempfile.TemporaryDirectory() as directory:
            measure(int(bridge_count), int(port_count or 0), directory)
