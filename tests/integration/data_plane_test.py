"""What ovs-vswitchd really sends, with the userspace datapath: packets go in, samples and counters come out."""

import itertools
import socket

import pytest

from cable import FRAME_BYTES, Guest
from testbed import (SHARED_FILE, Collector, add_bridge, hsflowd_config, publish, settings, sflow_of, sflow_status, vsctl,
                     wait_for)

SO_RCVBUFFORCE = 33  # socket(7); Python has no name for it
LOST = r"(reconnect|jsonrpc)\|WARN|connection (attempt failed|closed|dropped)"


@pytest.fixture
def switch(bed):
    bed.server = bed.ovsdb_server()
    bed.switch = bed.vswitchd()
    bed.guests = []
    yield bed
    for guest in bed.guests:
        guest.close()


@pytest.fixture
def collectors():
    made = [Collector(address, any_padding=True) for address in ("127.0.0.1", "127.0.0.2", "::1")]
    for collector in made:
        collector.socket.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 1 << 23)  # whatever comes while nobody reads
    yield made
    for collector in made:
        collector.close()


def bridge_with_guest(bed, name):
    add_bridge(name, "netdev", wait=True)
    bed.guests.append(Guest(name, f"{name}-g"))
    return bed.guests[-1]


def targets(*collectors):
    return [f"{collector.address} {collector.port}" for collector in collectors]


def samples(datagrams, kind):
    return [sample for datagram in datagrams for sample in datagram["samples"] if sample["type"] == kind]


def in_force(bed, bridge, **columns):
    """Waits until ovs-vswitchd has taken the row over from the database."""
    wait_for(lambda: {key: (sflow_of(bridge) or {}).get(key) for key in columns} == columns, f"{columns}")
    vsctl("set", "open_vswitch", ".", "external_ids:settled=yes", wait=True)
    vsctl("remove", "open_vswitch", ".", "external_ids", "settled", wait=True)


def all_of(collector, condition):
    """What arrives until condition(datagrams) holds."""
    datagrams = []
    while not condition(datagrams):
        datagrams.append(collector.receive())
    return datagrams


def test_packets_are_sampled_at_the_rate_with_the_header_size_and_the_agent_address(switch, collectors):
    rate, frames = 16, 16_000
    guest = bridge_with_guest(switch, "br0")
    publish(settings(sampling=rate, header=64, polling=1, collectors=targets(*collectors), agent_ip="192.0.2.77"))
    switch.sflowovsd()
    in_force(switch, "br0", sampling=rate)
    before = guest.received()
    guest.send(frames)
    switched = guest.received() - before
    expected = switched / rate
    deviation = (switched / rate * (1 - 1 / rate)) ** 0.5  # of a binomial distribution
    for collector in collectors:
        # The last samples leave with the next tick of a second.
        datagrams = collector.drain()
        last = datagrams[-1]["uptime"] + 2000
        datagrams += all_of(collector, lambda got: got and got[-1]["uptime"] >= last)
        flows = samples(datagrams, "flow")
        print(f"{collector.address}: {len(flows)} samples of {switched} packets, {expected:.0f} expected")
        assert abs(len(flows) - expected) < 6 * deviation
        assert {datagram["agent_address"] for datagram in datagrams} == {"192.0.2.77"}
        assert {sample["sampling_rate"] for sample in flows} == {rate}
        headers = [record for sample in flows for record in sample["records"] if record["type"] == "sampled_header"]
        assert {len(record["header"]) // 2 for record in headers} == {64}
        assert {record["frame_length"] for record in headers} == {FRAME_BYTES + 4}


def test_with_sampling_off_the_counters_still_come(switch, collectors):
    guest = bridge_with_guest(switch, "br0")
    publish(settings(sampling=0, polling=1, collectors=targets(collectors[0])))
    switch.sflowovsd()
    in_force(switch, "br0", sampling=4294967295)
    guest.send(500)
    datagrams = all_of(collectors[0], lambda got: len(samples(got, "counters")) >= 6)
    assert not samples(datagrams, "flow")


def test_changes_of_agent_targets_header_and_bridges_are_on_the_wire(switch, collectors):
    first, second, _ = collectors
    guest = bridge_with_guest(switch, "br0")
    publish(settings(sampling=1, polling=1, collectors=targets(first)))
    switch.sflowovsd()
    in_force(switch, "br0", sampling=1)
    guest.send(10)
    assert all_of(first, lambda got: samples(got, "flow"))[-1]["agent_address"] == "10.0.0.1"

    publish(settings(sampling=1, polling=1, collectors=targets(first), agent_ip="2001:db8::7", revision=2))
    in_force(switch, "br0", agent="2001:db8::7")
    first.drain()
    guest.send(10)
    assert all_of(first, lambda got: samples(got, "flow"))[-1]["agent_address"] == "2001:db8::7"

    publish(settings(sampling=1, polling=1, header=32, collectors=targets(second), revision=3))
    in_force(switch, "br0", header=32)
    first.drain()
    guest.send(10)
    flows = samples(all_of(second, lambda got: samples(got, "flow")), "flow")
    assert {len(record["header"]) // 2 for record in flows[0]["records"] if record["type"] == "sampled_header"} == {32}
    assert not first.drain()

    later = bridge_with_guest(switch, "br1")
    in_force(switch, "br1", sampling=1)
    second.drain()
    later.send(10)
    found = all_of(second, lambda got: {s["source_id_index"] for s in samples(got, "flow")} >= {1001})
    assert samples(found, "flow")

    vsctl("set", "bridge", "br1", "external_ids:sflow=off")
    wait_for(lambda: sflow_of("br1") is None, "br1 is off")
    in_force(switch, "br0", sampling=1)
    second.drain()
    later.send(50)
    guest.send(10)
    indices = {s["source_id_index"] for s in samples(all_of(second, lambda got: samples(got, "flow")), "flow")}
    assert 1001 not in indices


def restart(bed, name, config):
    if name == "hsflowd":
        bed.parts[name].stop()
        bed.parts[name] = bed.hsflowd(config)
    elif name == "sflowovsd":
        bed.parts[name].stop()
        bed.parts[name] = bed.sflowovsd()
        bed.parts[name].tolerate(LOST)
    elif name == "ovsdb-server":
        bed.parts[name].kill()
        bed.parts[name] = bed.ovsdb_server()
    else:
        bed.parts[name].kill()
        bed.parts[name] = bed.vswitchd()


@pytest.mark.parametrize("first", ["hsflowd", "sflowovsd", "ovsdb-server", "ovs-vswitchd"])
def test_samples_go_on_after_restarts_of_all_four_processes_in_any_order(switch, collectors, addresses, first):
    collector = collectors[0]
    guest = bridge_with_guest(switch, "br0")
    config = hsflowd_config(collector).replace("sampling = 512", "sampling = 2")
    switch.parts = {"ovsdb-server": switch.server, "ovs-vswitchd": switch.switch, "hsflowd": switch.hsflowd(config),
                    "sflowovsd": switch.sflowovsd()}
    switch.parts["sflowovsd"].tolerate(LOST)
    in_force(switch, "br0", sampling=2)
    uuid = sflow_of("br0")["_uuid"]
    rest = [name for name in switch.parts if name != first]
    for order in itertools.permutations(rest):
        for name in (first, *order):
            restart(switch, name, config)
        wait_for(lambda: sflow_status()["counts"] == {"sampled": 1}, f"after {first}, {order}: at rest")
        assert sflow_of("br0")["_uuid"] == uuid
        wait_for(guest.is_up, "the bridge is back")
        in_force(switch, "br0", sampling=2)
        collector.drain()
        guest.send(40)
        got = all_of(collector, lambda got: any(s["sampling_rate"] == 2 for s in samples(got, "flow")))
        assert next(d for d in got if samples([d], "flow"))["agent_address"] == "192.0.2.1"
        vsctl("clear", "bridge", "br0", "sflow")
        wait_for(lambda: sflow_of("br0"), "it is still looked after")
        uuid = sflow_of("br0")["_uuid"]
    assert SHARED_FILE.exists()
