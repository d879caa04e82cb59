"""What the integration tests of sflowovsd do not ask about an Open vSwitch of another release (servers.sh)."""

import json
import re

import pytest

from cable import Guest
from testbed import PORTS_FILE, Collector, add_bridge, hsflowd_config, publish, run, settings, sflow_of, text_of, vsctl, wait_for

FULL_VERSION, *VERSION = re.search(r"((\d+)\.(\d+)\.\d+)", run("ovs-vswitchd", "--version")).groups()
ACCEPTS_ADDRESSES = tuple(map(int, VERSION)) >= (2, 10)
UUID, OTHER = "74c745b6-f7ce-42cc-becb-d9d8a056cb9d", "0ec00fdc-8127-8817-40d4-79d61797f87a"


@pytest.fixture
def switch(bed):
    """As ovs-ctl(8) starts it: the database knows the version."""
    bed.ovsdb_server()
    bed.vswitchd("--enable-dummy")
    vsctl("set", "open_vswitch", ".", f"ovs_version={FULL_VERSION}")
    return bed


def port(name):
    """The entry of br0's port in the ports file."""
    text = text_of(PORTS_FILE)
    ports = [port for bridge in json.loads(text)["bridges"] for port in bridge["ports"]] if text else []
    return next((port for port in ports if port["name"] == name), None)


def test_packet_samples_and_counters_arrive_with_the_agent_address_of_the_host(switch, addresses):
    collector = Collector(any_padding=True)
    switch.hsflowd(hsflowd_config(collector).replace("sampling = 512", "sampling = 2"))
    switch.sflowovsd()
    add_bridge("br0", "netdev", wait=True)
    guest = Guest("br0", "br0-g")
    row = wait_for(lambda: sflow_of("br0"), "br0 has a row")
    assert row["agent"] == ("192.0.2.1" if ACCEPTS_ADDRESSES else "mgmt0")
    vsctl("set", "open_vswitch", ".", "external_ids:settled=yes", wait=True)  # ovs-vswitchd has the row
    guest.send(40)
    missing = {"flow", "counters"}
    while missing:
        datagram = collector.receive()
        assert datagram["agent_address"] == "192.0.2.1"
        if datagram["sub_agent_id"] < 100_000:  # of a bridge, not of hsflowd
            missing -= {sample["type"] for sample in datagram["samples"]}
    guest.close()
    collector.close()


def test_the_ports_file_follows_ports_and_their_guests(switch):
    add_bridge("br0")
    publish(settings())
    switch.sflowovsd()
    wait_for(lambda: port("br0"), "the port of the bridge itself")
    vsctl("add-port", "br0", "vnet0", "--", "set", "interface", "vnet0", "type=dummy", f"external_ids:vm-id={UUID}")
    entry = wait_for(lambda: (port("vnet0") or {}).get("ofport") and port("vnet0"), "a new port, and its number")
    assert entry["guest"]["uuid"] == UUID and entry["tag"] is None and re.fullmatch("[0-9a-f:]{17}", entry["mac"])
    vsctl("set", "port", "vnet0", "tag=10", "--", "set", "interface", "vnet0", f"external_ids:vm-id={OTHER}")
    wait_for(lambda: port("vnet0")["tag"] == 10 and port("vnet0")["guest"]["uuid"] == OTHER, "other values")
    vsctl("del-port", "vnet0")
    wait_for(lambda: not port("vnet0"), "the port is gone")
