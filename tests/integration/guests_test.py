"""Guests that the switch knows: real ports of a real switch, whose external_ids name them, from sflowovsd to the datagram."""

import pytest

from cable import FRAME_BYTES, Guest
from samples import Samples
from testbed import BUILD, add_bridge, hsflowd_config, run, status, vsctl, wait_for

MODULES = BUILD / "hsflowd/guests/modules"
UUID = "6b8b4567-327b-43c6-9869-873766334873"
MAC = "52:54:00:00:00:01"
FRAMES = 1000
OTHERS = 100


@pytest.fixture(name="switch")
def fixture_switch(bed, collector):
    bed.ovsdb_server()
    bed.vswitchd()
    add_bridge("br0", "netdev", wait=True)
    bed.guests = []
    bed.samples = Samples(collector.within)
    yield bed
    for guest in bed.guests:
        guest.close()


def add_guest(switch, name, **external_ids):
    guest = Guest("br0", name)
    switch.guests.append(guest)
    wait_for(guest.is_up, "the port is up")
    set_ids(name, **external_ids)
    return guest


def set_ids(port, **external_ids):
    vsctl("clear", "interface", port, "external_ids")
    vsctl("set", "interface", port, *(f'external_ids:"{key}"="{value}"' for key, value in external_ids.items()))


def start_daemons(switch, collector, more=""):
    ports = switch.directory / "ports.json"
    switch.sflowovsd(f"--ports-file={ports}")
    return switch.hsflowd(hsflowd_config(collector, f"modules = {MODULES}\n  {more}"), "--ports-file", ports)


def if_index(device):
    with open(f"/sys/class/net/{device}/ifindex", encoding="ascii") as file:
        return int(file.read())


def guest_count():
    return {row["name"]: row["count"] for row in status()["data_sources"]}["vms"]


def named(switch, name, matches=lambda records: True):
    """The next sample of the guest with this name; (sample, records)."""
    found = {}

    def is_it(records):
        if "host_descr" in records and records["host_descr"]["hostname"] == name and matches(records):
            found.update(records)
        return bool(found)

    wait_for(lambda: switch.samples.read(0.2) or any(is_it(records) for _, _, _, records in switch.samples.seen), f"a sample of {name}")
    return found


def test_guests_that_only_the_switch_knows_are_counted_to_the_packet_and_the_byte(switch, collector):
    one = add_guest(switch, "tap1", **{"vm-id": UUID, "attached-mac": MAC, "iface-id": "p1", "iface-status": "active"})
    add_guest(switch, "veth2", **{"pod-name": "web-1", "pod-namespace": "shop", "container-id": "c" * 64, "attached-mac": "52:54:00:00:00:02"})
    start_daemons(switch, collector)
    switch.samples.next(UUID)
    before = named(switch, UUID)["virt_net_io"], named(switch, "shop/web-1")["virt_net_io"]
    one.send(FRAMES)  # to a station that nobody knows, so that the bridge floods them
    sent = named(switch, UUID, lambda records: records["virt_net_io"]["tx_packets"] == before[0]["tx_packets"] + FRAMES)["virt_net_io"]
    received = named(switch, "shop/web-1", lambda records: records["virt_net_io"]["rx_packets"] == before[1]["rx_packets"] + FRAMES)["virt_net_io"]
    assert sent["tx_bytes"] - before[0]["tx_bytes"] == FRAMES * FRAME_BYTES
    assert received["rx_bytes"] - before[1]["rx_bytes"] == FRAMES * FRAME_BYTES
    assert sent["rx_packets"] == before[0]["rx_packets"] and received["tx_packets"] == before[1]["tx_packets"]
    records = named(switch, "shop/web-1")
    assert sorted(records) == ["host_adapters", "host_descr", "host_parent", "virt_net_io"]
    assert records["host_adapters"]["adapters"] == [{"if_index": if_index("veth2"), "mac_addresses": ["52:54:00:00:00:02"]}]


def test_a_guest_keeps_its_index_when_its_port_is_plugged_again(switch, collector):
    add_guest(switch, "tap1", **{"vm-id": UUID, "attached-mac": MAC})
    start_daemons(switch, collector)
    first, _ = switch.samples.next(UUID)
    set_ids("tap1", note="no guest")
    wait_for(lambda: guest_count() == 0, "the guest is gone")
    set_ids("tap1", **{"vm-id": UUID, "attached-mac": MAC})
    switch.samples.seen.clear()
    again, _ = switch.samples.next(UUID)
    assert again["source_id_index"] == first["source_id_index"]


def test_with_hybrid_plugging_a_vm_keeps_its_tap_and_its_port_and_counts_once(switch, collector, tmp_path):
    """OpenStack's: tap and qvb in a Linux bridge, and qvo, the other end of qvb, in Open vSwitch."""
    (tmp_path / "node.xml").write_text("<node><domain file='vm.xml'/></node>")
    (tmp_path / "vm.xml").write_text(
        f"<domain type='test'><name>vm1</name><uuid>{UUID}</uuid><memory unit='KiB'>98304</memory><vcpu>1</vcpu>"
        f"<os><type arch='x86_64'>hvm</type></os><devices><interface type='bridge'><mac address='{MAC}'/><source bridge='qbr1'/>"
        "</interface></devices></domain>")
    run("ip", "link", "add", "testnet0", "type", "veth", "peer", "name", "tap-end")  # libvirt's test driver names its NIC so
    try:
        add_guest(switch, "qvo1", **{"vm-uuid": UUID, "attached-mac": MAC, "iface-id": "p1", "iface-status": "active"})
        start_daemons(switch, collector, f'kvm {{ uri = "test://{tmp_path}/node.xml" }}')
        _, records = switch.samples.next(UUID, lambda records: len(records["host_adapters"]["adapters"]) == 2)
        assert records["host_descr"]["hostname"] == "vm1" and "virt_cpu" in records
        assert records["host_adapters"]["adapters"] == [{"if_index": if_index(device), "mac_addresses": [MAC]}
                                                        for device in ("testnet0", "qvo1")]
        # The test driver counts no traffic of the tap, and that of the port is the same traffic.
        switch.guests[0].send(FRAMES)
        assert "virt_net_io" not in switch.samples.next(UUID)[1]
        assert guest_count() == 1
    finally:
        run("ip", "link", "del", "testnet0")


def test_a_switch_full_of_hostile_external_ids_costs_no_other_guest_its_sample(switch, collector):
    add_guest(switch, "tap1", **{"vm-id": UUID, "attached-mac": MAC})
    run("ovs-vsctl", "--no-wait", "--timeout=60", *(word for i in range(OTHERS) for word in (
        "--", "add-port", "br0", f"x{i}", "--", "set", "interface", f"x{i}", "type=internal",
        f'external_ids:vm-id="{i}\\u001b[31m\\u202e"', f'external_ids:attached-mac="{"z" * (i * 7 % 300)}"')))
    start_daemons(switch, collector)
    _, records = switch.samples.next(UUID, deadline=60)
    assert records["host_adapters"]["adapters"][0]["if_index"] == if_index("tap1")
    wait_for(lambda: guest_count() == OTHERS + 1, "every guest is a data source", deadline=60)
    wait_for(lambda: switch.samples.read(0.2) or any(records["host_descr"]["hostname"].startswith(f"{OTHERS - 1}?[31m")
             for _, who, _, records in switch.samples.seen if who), "a name without control characters")
