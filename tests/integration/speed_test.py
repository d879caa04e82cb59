"""How fast sflowovsd must be. Runs alone: other tests would be measured with it."""

import itertools
import statistics
import time

from testbed import PORTS_FILE, SLOW, Monitor, at_best, publish, settings, text_of, vsctl, wait_for
from time_to_sflow import MONITORED, insert_bridges, seconds_to_sflow, when_sampled


def test_200_bridges_have_the_row_within_half_a_second_and_later_ones_within_20_ms(ovs):
    monitor = Monitor(MONITORED)
    names = [f"br{i}" for i in range(200)]
    insert_bridges(monitor, names, "dummy")
    vsctl("set", "bridge", "br0", "other_config:settled=yes", wait=True)  # ovs-vswitchd has made them all
    monitor.close()

    monitor = Monitor(MONITORED)
    publish(settings())

    def cold_start():
        begin = time.monotonic()
        ovs.sflowovsd()
        print(f"200 bridges: {(when_sampled(monitor, names) - begin) * 1000:.1f} ms from the start of sflowovsd")

    def without_rows():
        nonlocal monitor
        monitor.close()
        ovs.ours[-1].stop()
        vsctl(*(word for name in names for word in ("--", "clear", "bridge", name, "sflow")))
        monitor = Monitor(MONITORED)
    at_best(0.5 * SLOW, cold_start, again=without_rows)

    median = statistics.median(seconds_to_sflow(monitor, f"later{i}", "dummy") for i in range(20))
    print(f"bridge added to sFlow set: median {median * 1000:.2f} ms of 20")
    assert median < 0.020 * SLOW
    monitor.close()


def test_a_changed_port_is_in_the_ports_file_within_a_second_and_the_first_change_at_once(bed):
    bed.ovsdb_server()
    vsctl("add-br", "br0")
    bed.sflowovsd()

    tags = itertools.count(1)

    def change():
        tag = next(tags)
        vsctl("set", "port", "br0", f"tag={tag}")
        wait_for(lambda: f'"tag":{tag},' in text_of(PORTS_FILE), "the change is in the file")

    def a_second_without():
        wait_for(lambda: time.time() - PORTS_FILE.stat().st_mtime > 1.1, "the next change is a first one")

    wait_for(lambda: '"br0"' in text_of(PORTS_FILE), "the file")
    for _ in range(5):
        at_best(1.1 * SLOW, change)
    a_second_without()
    at_best(0.2 * SLOW, change, again=a_second_without)
