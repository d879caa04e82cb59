"""The ports file: what sflowovsd says about the switch's ports and the guests behind them."""

import json
import os
import pathlib
import random
import re
import signal
import stat
import threading
import time

import jsonschema
import pytest

from hostile_ovsdb import Database, server
from testbed import (DEADLINE, PORTS_FILE, ROOT, SLOW, Monitor, add_bridge, appctl, appctl_error, bridge_state, publish, run, settings,
                     sflow_of, sflow_status, text_of, vsctl, wait_for, written)

SCHEMA = json.loads((ROOT / "docs/ports.schema.json").read_text())
# Readers must accept members and writers that are added later; this sflowovsd has those that are documented.
for shape in SCHEMA["$defs"].values():
    if shape["type"] == "object":
        shape["additionalProperties"] = False
SCHEMA["$defs"]["guest"]["properties"]["writer"]["enum"] = SCHEMA["$defs"]["guest"]["properties"]["writer"]["examples"]
UUID, OTHER = "74c745b6-f7ce-42cc-becb-d9d8a056cb9d", "0ec00fdc-8127-8817-40d4-79d61797f87a"
MAC = "52:54:00:12:34:56"
BUSY = r"timeval\|WARN"  # the library, when this machine has no time for a process that has much to do
# Keys of external_ids as each writer writes them, the name of the port, and the guest.
WRITERS = {
    "libvirt": ("vnet0", {"attached-mac": MAC, "iface-id": OTHER, "iface-status": "active", "vm-id": UUID}, ("vm", UUID, UUID, None)),
    "openstack": ("tap0f3fd2a1-7b", {"attached-mac": MAC, "iface-id": OTHER, "iface-status": "active", "vm-uuid": UUID},
                  ("vm", UUID, UUID, None)),
    "xapi": ("vif1.0", {"attached-mac": MAC, "xs-vm-uuid": UUID, "xs-vif-uuid": OTHER, "xs-network-uuid": OTHER}, ("vm", UUID, UUID, None)),
    "ovn-kubernetes": ("1a2b3c4d5e6f", {"attached_mac": MAC, "iface-id": "shop_web-0", "iface-id-ver": UUID, "sandbox": "ab" * 32,
                                        "ip_addresses": "10.0.0.2/24"}, ("container", UUID, "shop/web-0", "shop/web-0")),
    "antrea": ("web-0-1a2b3c", {"attached-mac": MAC, "ip-address": "10.0.0.2", "container-id": "ab" * 32, "pod-name": "web-0",
                                "pod-namespace": "shop"}, ("container", None, "shop/web-0", "shop/web-0")),
    "kube-ovn": ("0f3fd2a17b_h", {"iface-id": "web-0.shop", "vendor": "kube-ovn", "pod_name": "web-0", "pod_namespace": "shop",
                                  "ip": "10.16.0.8", "attached-mac": MAC}, ("container", None, "shop/web-0", "shop/web-0")),
    "incus": ("vethabcd1234", {"iface-id": f"incus-net3-instance-{UUID}-eth0", "attached-mac": MAC}, ("container", UUID, UUID, None)),
    "ovs": ("p0", {"vm-id": UUID, "attached-mac": MAC.upper()}, ("vm", UUID, UUID, None)),
    "proxmox": ("tap100i0", {"attached-mac": MAC}, ("vm", None, "100", None)),
}


def ports_file():
    """The content, after it was compared with the schema; None while there is no file."""
    text = text_of(PORTS_FILE)
    if not text:
        return None
    assert text.endswith("}\n") and text.count("\n") == 1
    content = json.loads(text)
    jsonschema.Draft202012Validator(SCHEMA).validate(content)
    return content


def ports_of(bridge):
    """The ports of a bridge by name; None while the file has no such bridge."""
    content = ports_file()
    found = [b for b in content["bridges"] if b["name"] == bridge] if content else []
    return {port["name"]: port for port in found[0]["ports"]} if found else None


def port(bridge, name):
    return (ports_of(bridge) or {}).get(name)


def add_port(bridge, name, external_ids=None, *more):
    words = [f"external_ids:{key}={json.dumps(value)}" for key, value in (external_ids or {}).items()]
    vsctl("add-port", bridge, name, "--", "set", "interface", name, "type=dummy", *words, *more)


def transact(*operations):
    monitor = Monitor({})
    result = monitor.call("transact", ["Open_vSwitch", *operations])
    assert not [part for part in result if part and "error" in part], result
    monitor.close()


def insert_ports(bridge, names, rows):
    """Many ports in one transaction."""
    operations = []
    for i, (name, row) in enumerate(zip(names, rows)):
        operations += [
            {"op": "insert", "table": "Interface", "uuid-name": f"i{i}", "row": {"name": name, **row}},
            {"op": "insert", "table": "Port", "uuid-name": f"p{i}", "row": {"name": name, "interfaces": ["named-uuid", f"i{i}"]}}]
    new = ["set", [["named-uuid", f"p{i}"] for i in range(len(names))]]
    transact(*operations, {"op": "mutate", "table": "Bridge", "where": [["name", "==", bridge]], "mutations": [["ports", "insert", new]]})


@pytest.fixture
def database(bed):
    """ovsdb-server alone."""
    bed.server = bed.ovsdb_server()
    vsctl("add-br", "br0")
    publish(settings())
    return bed


def test_each_writer_of_external_ids_names_its_guest(database):
    for name, external_ids, _ in WRITERS.values():
        add_port("br0", name, external_ids)
    database.sflowovsd()
    ports = wait_for(lambda: ports_of("br0"), "the file")
    for writer, (name, _, (kind, uuid, key, title)) in WRITERS.items():
        assert ports[name]["guest"] == {"kind": kind, "writer": writer, "uuid": uuid, "key": key, "name": title, "mac": MAC}
    assert ports["br0"]["guest"] is None


def test_the_file_has_what_the_switch_knows_of_each_port(ovs):
    add_bridge("br1")
    add_bridge("br0")
    add_port("br0", "vnet0", {"vm-id": UUID})
    vsctl("set", "port", "vnet0", "tag=10")
    publish(settings())
    ovs.sflowovsd()
    wait_for(lambda: (port("br0", "vnet0") or {}).get("ofport"), "the switch has assigned a number")
    assert [bridge["name"] for bridge in ports_file()["bridges"]] == ["br0", "br1"]
    entry = port("br0", "vnet0")
    assert entry["port"] == "vnet0" and entry["type"] == "dummy" and entry["tag"] == 10 and entry["guest"]["key"] == UUID
    assert entry["ofport"] == int(vsctl("get", "interface", "vnet0", "ofport"))
    assert entry["mac"] == vsctl("get", "interface", "vnet0", "mac_in_use").strip().strip('"')
    assert port("br0", "br0")["ofport"] == 65534


def test_the_file_is_readable_by_everybody_whatever_the_umask_is(database):
    mask = os.umask(0o077)
    try:
        if PORTS_FILE.parent.exists():
            PORTS_FILE.parent.rmdir()
        database.sflowovsd()
    finally:
        os.umask(mask)
    wait_for(ports_file, "the file")
    assert stat.S_IMODE(PORTS_FILE.stat().st_mode) == 0o644
    assert stat.S_IMODE(PORTS_FILE.parent.stat().st_mode) == 0o755


def test_many_changes_are_written_at_most_once_a_second(database):
    add_port("br0", "vnet0")
    database.sflowovsd()
    wait_for(lambda: port("br0", "vnet0"), "the port is in the file")
    seen, begin = {written(PORTS_FILE)}, time.monotonic()
    number = 0
    while time.monotonic() - begin < 2:
        number += 1
        transact({"op": "update", "table": "Port", "where": [["name", "==", "vnet0"]], "row": {"tag": number % 4000}})
        seen.add(written(PORTS_FILE))
    # What was there, the first change at once, and one a second. The last change may have taken its time.
    passed = time.monotonic() - begin
    assert 2 <= len(seen) <= 2 + passed, passed
    wait_for(lambda: port("br0", "vnet0")["tag"] == number % 4000, "the last change")


def test_a_port_that_is_removed_moved_or_renamed_is_so_in_the_file(database):
    vsctl("add-br", "br1")
    add_port("br0", "vnet0", {"vm-id": UUID})
    database.sflowovsd()
    wait_for(lambda: port("br0", "vnet0"), "the port is in the file")
    uuid = ["uuid", vsctl("get", "port", "vnet0", "_uuid").strip()]
    transact(*({"op": "mutate", "table": "Bridge", "where": [["name", "==", bridge]], "mutations": [["ports", change, uuid]]}
               for bridge, change in (("br0", "delete"), ("br1", "insert"))))
    wait_for(lambda: port("br1", "vnet0") and not port("br0", "vnet0"), "it has moved")
    vsctl("set", "interface", "vnet0", "external_ids={}")
    wait_for(lambda: port("br1", "vnet0")["guest"] is None, "it has no guest")
    vsctl("del-port", "vnet0")
    wait_for(lambda: not port("br1", "vnet0"), "it is gone")
    vsctl("del-br", "br1")
    wait_for(lambda: ports_of("br1") is None, "the bridge is gone")


def test_nothing_is_written_when_the_ports_are_the_same(database):
    add_port("br0", "vnet0", {"vm-id": UUID})
    daemon = database.sflowovsd()
    wait_for(lambda: port("br0", "vnet0"), "the port is in the file")
    before = written(PORTS_FILE)
    vsctl("set", "interface", "vnet0", "external_ids:other=1")
    vsctl("clear", "bridge", "br0", "sflow")
    wait_for(lambda: sflow_of("br0"), "the row is back")
    time.sleep(1.2)  # the test measures that nothing happens; longer than the pause between two files
    assert written(PORTS_FILE) == before
    daemon.stop()
    assert written(PORTS_FILE) == before
    database.sflowovsd()
    wait_for(lambda: sflow_status()["ports_file"]["ports"] == 2, "it has read the ports")
    assert written(PORTS_FILE) == before


def test_the_file_stays_when_sflowovsd_ends_and_when_the_database_is_away(database):
    add_port("br0", "vnet0", {"vm-id": UUID})
    daemon = database.sflowovsd()
    wait_for(lambda: port("br0", "vnet0"), "the port is in the file")
    daemon.tolerate(r"reconnect\|WARN|jsonrpc\|WARN|connection (attempt failed|closed|dropped)")
    database.server.stop()
    wait_for(lambda: not sflow_status()["database"]["connected"], "the connection is lost")
    assert port("br0", "vnet0")
    database.ovsdb_server()
    wait_for(lambda: sflow_status()["database"]["connected"], "it is connected again")
    add_port("br0", "vnet1")
    wait_for(lambda: port("br0", "vnet1"), "a later port")
    daemon.stop()
    assert port("br0", "vnet1")


def test_a_fake_bridge_is_a_port_of_its_parent(ovs):
    add_bridge("br0")
    vsctl("add-br", "vlan7", "br0", "7")
    add_port("vlan7", "vnet0", {"vm-id": UUID})
    publish(settings())
    ovs.sflowovsd()
    wait_for(lambda: port("br0", "vnet0"), "the port is in the file")
    assert [bridge["name"] for bridge in ports_file()["bridges"]] == ["br0"]
    assert port("br0", "vlan7")["tag"] == 7 and port("br0", "vlan7")["type"] == "internal"
    assert port("br0", "vnet0")["tag"] == 7 and port("br0", "vnet0")["guest"]["key"] == UUID


def test_a_bond_has_an_entry_for_each_of_its_interfaces(ovs):
    add_bridge("br0")
    vsctl("add-bond", "br0", "bond0", "e0", "e1", "--", "set", "interface", "e0", "type=dummy", "--", "set", "interface", "e1", "type=dummy")
    publish(settings())
    ovs.sflowovsd()
    wait_for(lambda: port("br0", "e1"), "the bond is in the file")
    assert [port("br0", name)["port"] for name in ("e0", "e1")] == ["bond0", "bond0"]
    vsctl("--", "--id=@i", "get", "interface", "e1", "--", "remove", "port", "bond0", "interfaces", "@i")
    wait_for(lambda: not port("br0", "e1"), "one interface less")


def test_tunnels_share_an_ifindex_or_have_none(bed):
    bed.ovsdb_server()
    bed.vswitchd()
    add_bridge("br0", "netdev", wait=True)
    for number in 1, 2:
        vsctl("add-port", "br0", f"vx{number}", "--", "set", "interface", f"vx{number}", "type=vxlan",
              f"options:remote_ip=192.0.2.{number}", wait=True)
    publish(settings())
    bed.sflowovsd()
    wait_for(lambda: all((port("br0", f"vx{number}") or {}).get("ofport") for number in (1, 2)), "the tunnels are in the file")
    found = set(vsctl("--bare", "--columns=ifindex", "find", "interface", "type=vxlan").split())
    assert len(found) <= 1, "both tunnels are on one device, or on none in the userspace datapath"
    expected = {int(number) for number in found} - {0} or {None}
    for number in 1, 2:
        entry = port("br0", f"vx{number}")
        assert entry["type"] == "vxlan"
        assert {entry["ifindex"]} == expected


def test_a_port_that_cannot_be_created_has_no_number(ovs):
    add_bridge("br0")
    vsctl("add-port", "br0", "missing", "--", "set", "interface", "missing", "type=system")
    publish(settings())
    ovs.sflowovsd()
    wait_for(lambda: vsctl("get", "interface", "missing", "ofport").strip() == "-1", "the switch has failed")
    wait_for(lambda: port("br0", "missing"), "the port is in the file")
    assert port("br0", "missing")["ofport"] is None


def test_a_bridge_added_later_gets_its_sflow_and_its_ports(database):
    database.sflowovsd()
    wait_for(ports_file, "the file")
    vsctl("add-br", "br1")
    wait_for(lambda: sflow_of("br1"), "br1 has a row")
    wait_for(lambda: port("br1", "br1"), "br1 is in the file")


def test_3000_random_external_ids_cost_nothing_but_themselves(database):
    chance = random.Random(1)  # the same in every run
    keys = ["attached-mac", "attached_mac", "container-id", "iface-id", "iface-id-ver", "pod-name", "pod-namespace", "pod_name",
            "pod_namespace", "sandbox", "vm-id", "vm-uuid", "xs-vm-uuid"]

    def text():
        return "".join(chr(chance.choice((chance.randrange(1, 0x20), chance.randrange(0x20, 0x7f), chance.randrange(0xa0, 0xd800))))
                       for _ in range(chance.choice((0, 1, 20, 300))))

    rows = [{"external_ids": ["map", [[key, text()] for key in chance.sample(keys, 3)]]} for _ in range(3000)]
    names = [f"p{number}" for number in range(3000)]
    for begin in range(0, 3000, 1000):
        insert_ports("br0", names[begin:begin + 1000], rows[begin:begin + 1000])
    insert_ports("br0", ["good"], [{"external_ids": ["map", [["vm-id", UUID]]]}])
    database.sflowovsd().tolerate(BUSY)
    wait_for(lambda: sflow_of("br0"), "br0 has a row")
    wait_for(lambda: PORTS_FILE.exists(), "the file")
    assert len(ports_of("br0")) == 3002
    assert port("br0", "good")["guest"]["uuid"] == UUID
    assert sflow_status()["ports_file"]["ports"] == 3002
    assert len(appctl("sflow/ports").splitlines()) == 3003


def test_changes_while_the_ports_are_read_are_not_lost(database):
    names = [f"p{number}" for number in range(2000)]
    insert_ports("br0", names, [{}] * len(names))
    chance = random.Random(2)  # the same in every run
    monitor = Monitor({})
    database.sflowovsd().tolerate(BUSY)
    for number in range(200):
        name = chance.choice(names)
        monitor.send({"id": number, "method": "transact", "params": ["Open_vSwitch", chance.choice((
            {"op": "update", "table": "Port", "where": [["name", "==", name]], "row": {"tag": number}},
            {"op": "update", "table": "Interface", "where": [["name", "==", name]], "row": {"external_ids": ["map", [["vm-id", f"vm{number}"]]]}},
        ))]})
        if number % 20 == 0:
            vsctl("del-port", names.pop(chance.randrange(len(names))))
            add_port("br0", f"new{number}", {"vm-id": f"new{number}"})
    monitor.call("echo", [])
    monitor.close()

    def listed(table, column):
        return json.loads(vsctl("--format=json", f"--columns=name,{column}", "list", table))["data"]
    tags = {name: None if isinstance(tag, list) else tag for name, tag in listed("port", "tag")}
    guests = {name: dict(ids)["vm-id"] for name, (_, ids) in listed("interface", "external_ids") if ids}
    assert len(guests) > 50

    def in_the_file():
        ports = ports_of("br0") or {}
        return ({name: entry["tag"] for name, entry in ports.items()},
                {name: entry["guest"]["key"] for name, entry in ports.items() if entry["guest"]})
    wait_for(lambda: in_the_file() == (tags, guests), "the file says the same as the database")


def test_an_unwritable_directory_is_reported_once_and_tried_again(database, tmp_path):
    place = tmp_path / "later" / "ports.json"
    daemon = database.sflowovsd(f"--ports-file={place}")
    daemon.announce(r"ports file: .*later/ports.json: No such file or directory; trying again every 5 s")
    daemon.expect_log("ports file: ")
    wait_for(lambda: bridge_state("br0") == "sampled", "br0 has a row all the same")
    for number in range(3):
        vsctl("add-br", f"more{number}")
    assert "No such file" in sflow_status()["ports_file"]["problem"]
    place.parent.mkdir()
    wait_for(place.exists, "it is written when that is possible")
    daemon.expect_log("ports file: recovered")
    assert daemon.text().count("ports file: ") == 2
    assert json.loads(place.read_text())["bridges"][-1]["name"] == "more2"


def test_a_file_is_not_written_in_the_other_modes_nor_without_a_path(database):
    database.sflowovsd_once("--once")
    database.sflowovsd_once("--dry-run")
    database.sflowovsd_once("--clear")
    daemon = database.sflowovsd("--ports-file=")
    wait_for(lambda: bridge_state("br0") == "sampled", "br0 has a row")
    assert sflow_status()["ports_file"]["path"] is None
    assert daemon.text().count("connected") == 1  # no second connection
    assert not PORTS_FILE.exists()
    assert "the ports have not been read" in appctl_error("sflow/ports")


def test_the_commands_show_the_ports(database):
    add_port("br0", "vnet0", {"vm-id": UUID})
    database.sflowovsd()
    wait_for(lambda: sflow_status()["ports_file"]["guests"] == 1, "the file is written")
    assert appctl("sflow/ports", "--format=json") == PORTS_FILE.read_text()
    assert re.search(rf"^br0 +vnet0 +- +- +- +vm +{UUID}$", appctl("sflow/ports"), re.M)
    assert f"ports file: {PORTS_FILE}: 1 bridges, 2 ports, 1 with a guest\n" in appctl("sflow/status")
    assert sflow_status()["ports_file"] == {"path": str(PORTS_FILE), "bridges": 1, "ports": 2, "guests": 1, "problem": None}
    assert "expected --format" in appctl_error("sflow/ports", "--format=xml")


def test_resync_and_sighup_write_a_file_again_that_somebody_has_removed(database):
    daemon = database.sflowovsd()
    for ask in (lambda: appctl("sflow/resync")), (lambda: daemon.process.send_signal(signal.SIGHUP)):
        wait_for(lambda: port("br0", "br0"), "the file")
        PORTS_FILE.unlink()
        ask()
    wait_for(lambda: port("br0", "br0"), "the file")


@pytest.mark.timeout(180)
@pytest.mark.skipif(SLOW > 1, reason="a sanitizer has an allocator of its own, whose memory sflowovsd does not see")
def test_too_many_ports_cost_no_bridge_its_sflow(database):
    for begin in range(0, 8000, 1000):
        insert_ports("br0", [f"p{begin + i}" for i in range(1000)], [{"type": "x" * 10_000}] * 1000)
    daemon = database.sflowovsd()
    daemon.tolerate(BUSY)
    wait_for(lambda: bridge_state("br0") == "sampled", "br0 has a row")
    daemon.announce("ports: more than 64 MiB of memory are in use; the ports file is no longer updated; sFlow is not affected")
    wait_for(lambda: "ports: more than 64 MiB" in daemon.text(), "it drops the ports", deadline=40)
    assert not PORTS_FILE.exists()
    PORTS_FILE.parent.mkdir(exist_ok=True)
    PORTS_FILE.write_text(GOOD)
    vsctl("add-br", "br1")
    wait_for(lambda: sflow_of("br1"), "a later bridge has a row")
    assert "no longer updated" in sflow_status()["ports_file"]["problem"]
    assert "no longer updated" in appctl_error("sflow/ports")
    rss = int(re.search(r"VmRSS:\s+(\d+)", pathlib.Path(f"/proc/{daemon.pid}/status").read_text())[1])
    assert rss < 40_000, "the memory is given back"
    uuids = [["uuid", uuid] for uuid in vsctl("--bare", "--columns=_uuid", "find", "port", "name=br0").split()]
    transact({"op": "update", "table": "Bridge", "where": [["name", "==", "br0"]], "row": {"ports": ["set", uuids]}})
    assert appctl("sflow/resync") == "done\n"
    wait_for(lambda: PORTS_FILE.read_text() != GOOD, "the ports are followed again")
    assert port("br1", "br1"), "the file is not replaced before all are known"
    daemon.expect_log("ports: recovered")


def test_a_file_that_would_be_too_long_is_reported_and_the_previous_one_stays(database):
    daemon = database.sflowovsd()
    daemon.tolerate(BUSY)
    wait_for(lambda: port("br0", "br0"), "the file")
    before = PORTS_FILE.read_text()
    daemon.announce("ports file: more than 16 MiB; no longer updated")
    long = "\u0001" * 250  # six bytes each in JSON
    insert_ports("br0", [f"{number}{long[:240]}" for number in range(4000)], [{"type": long}] * 4000)
    daemon.expect_log("ports file: more than 16 MiB")
    assert PORTS_FILE.read_text() == before
    assert "more than 16 MiB" in appctl_error("sflow/ports", "--format=json")
    uuids = [["uuid", uuid] for uuid in vsctl("--bare", "--columns=_uuid", "find", "port", "name=br0").split()]
    transact({"op": "update", "table": "Bridge", "where": [["name", "==", "br0"]], "row": {"ports": ["set", uuids]}})
    daemon.expect_log("ports file: recovered")


def test_the_ports_are_published_without_hsflowd(bed):
    bed.ovsdb_server()
    vsctl("add-br", "br0")
    bed.sflowovsd()
    wait_for(lambda: port("br0", "br0"), "the file")
    assert sflow_of("br0") is None


def test_a_second_sflowovsd_writes_nothing_until_it_is_the_active_one(database, tmp_path):
    first = database.sflowovsd()
    wait_for(lambda: port("br0", "br0"), "the file")
    place = tmp_path / "second.json"
    second = database.sflowovsd(f"--ports-file={place}", control="/run/openvswitch/second.ctl")
    second.announce("lock sflowovsd: held by another sflowovsd; this one only watches")
    second.expect_log("lock sflowovsd: held")
    add_port("br0", "vnet0")
    wait_for(lambda: port("br0", "vnet0"), "the first one writes")
    assert not place.exists()
    first.stop()
    wait_for(place.exists, "the second one writes")
    assert "vnet0" in place.read_text()


def test_an_sflowovsd_that_has_lost_the_lock_no_longer_writes(database):
    daemon = database.sflowovsd()
    wait_for(lambda: port("br0", "br0"), "the file")
    daemon.announce("lock sflowovsd: held by another sflowovsd; this one only watches")
    thief = Monitor({})
    thief.call("steal", ["sflowovsd"])
    wait_for(lambda: "another sflowovsd" in (sflow_status()["ports_file"]["problem"] or ""), "the lock is lost")
    PORTS_FILE.write_text("of the other one")
    assert appctl_error("sflow/resync")
    assert "another sflowovsd" in appctl_error("sflow/ports")
    assert PORTS_FILE.read_text() == "of the other one"
    thief.close()  # gives the lock back
    wait_for(lambda: "br0" in PORTS_FILE.read_text(), "it writes again")


def test_ports_of_another_host_are_published_only_where_a_file_is_named(bed, tmp_path):
    bed.ovsdb_server("--remote=ptcp:16641:127.0.0.1")
    vsctl("add-br", "br0")
    publish(settings())
    daemon = bed.sflowovsd("tcp:127.0.0.1:16641")
    wait_for(lambda: bridge_state("br0") == "sampled", "br0 has a row")
    assert sflow_status()["ports_file"]["path"] is None
    assert "not a local database" in sflow_status()["ports_file"]["problem"]
    daemon.stop()
    assert not PORTS_FILE.exists()
    place = tmp_path / "remote.json"
    bed.sflowovsd("tcp:127.0.0.1:16641", f"--ports-file={place}")
    wait_for(place.exists, "the file that was named")
    assert not PORTS_FILE.exists()


def test_a_removed_directory_of_the_ports_file_does_not_end_sflowovsd(database, tmp_path):
    """As a bind mount of the unit, which goes on showing the removed one."""
    shown, origin = tmp_path / "shown", tmp_path / "origin"
    shown.mkdir()
    origin.mkdir()
    run("mount", "--bind", origin, shown)
    daemon = database.sflowovsd(f"--ports-file={shown}/ports.json")
    wait_for((shown / "ports.json").exists, "the file")
    daemon.announce("ports file: .*: its directory was removed; restart sflowovsd to use a new one")
    (shown / "ports.json").unlink()
    origin.rmdir()
    vsctl("add-br", "br1")
    daemon.expect_log("ports file: .*was removed")
    wait_for(lambda: sflow_of("br1"), "br1 has a row all the same")
    assert daemon.process.poll() is None
    run("umount", shown)


class HasOnePort(Database):
    """The second connection is shown br0 with the port p, whose rows it has to select."""
    times = 0  # that the interfaces were selected, by all connections

    def monitor(self, params):
        if "Interface" not in params[2]:
            return super().monitor(params)
        self.monitored = params[1]
        return {"Bridge": {BAD: {"new": {"name": "br0", "ports": ["uuid", BAD]}}}}

    def result(self, operations):
        if operations[0]["op"] != "select":
            return super().result(operations)
        if operations[0]["table"] == "Port":
            return [{"rows": [{"name": "p", "interfaces": ["uuid", BAD]}]}]
        type(self).times += 1
        return self.interface()

    def interface(self):
        return [{"rows": [{"name": "p", "type": "internal"}]}]


WHOLE = json.dumps({"version": 1, "bridges": [{"name": "br0", "ports": [
    {"name": "p", "port": "p", "ofport": None, "ifindex": None, "type": "internal", "mac": None, "tag": None, "guest": None}]}]},
    separators=(",", ":")) + "\n"
GOOD = WHOLE.replace("internal", "vxlan")  # of an earlier sflowovsd
OUTSIDE = "transaction|connection|jsonrpc|reconnect"  # what such a server does to the connection of the bridges


def expect_good_then_whole():
    """No other text is in the file before the ports are known."""
    seen = set()
    wait_for(lambda: seen.add(PORTS_FILE.read_text()) or WHOLE in seen, "the file has the ports")
    assert seen <= {GOOD, WHOLE}


@pytest.fixture
def good_file(bed):
    PORTS_FILE.parent.mkdir(exist_ok=True)
    PORTS_FILE.write_text(GOOD)
    publish(settings())
    return bed


def test_a_connection_that_is_lost_while_ports_are_read_leaves_the_file(good_file):
    class ClosesTwice(HasOnePort):
        def interface(self):
            if self.times <= 2:
                raise OSError("closed")
            return super().interface()
    with server(ClosesTwice, at_once=2):
        daemon = good_file.sflowovsd()
        daemon.tolerate(OUTSIDE)
        expect_good_then_whole()
    assert ClosesTwice.times == 3


def test_a_refused_select_is_no_missing_row(good_file):
    class RefusesOnce(HasOnePort):
        def interface(self):
            if self.times <= 1:
                return [{"error": "resources exhausted", "details": "later"}]
            return super().interface()
    with server(RefusesOnce, at_once=2):
        daemon = good_file.sflowovsd()
        daemon.tolerate(OUTSIDE)
        daemon.announce("ports: the server did not return the selected rows; reading them again")
        expect_good_then_whole()
        daemon.expect_log("ports: recovered")


def test_a_result_of_the_wrong_length_is_no_missing_row(good_file):
    class AnswersNothing(HasOnePort):
        def interface(self):
            return super().interface() if self.times > 1 else []
    with server(AnswersNothing, at_once=2):
        daemon = good_file.sflowovsd()
        daemon.tolerate(OUTSIDE)
        daemon.announce("ports: the server did not return the selected rows; reading them again")
        expect_good_then_whole()


def test_after_an_invalid_update_the_ports_are_read_again(good_file):
    class Garbles(HasOnePort):
        def interface(self):
            return [{"rows": [{"name": "p", "type": "internal" if self.times == 1 else "geneve"}]}]

        def result(self, operations):
            Garbles.latest = self if operations[0]["op"] == "select" else getattr(Garbles, "latest", None)
            return super().result(operations)
    with server(Garbles, at_once=2):
        daemon = good_file.sflowovsd()
        daemon.tolerate(OUTSIDE)
        expect_good_then_whole()
        daemon.announce("ports: the server sent what is no update of a database; reading them again")
        Garbles.latest.update({"Interface": {"no uuid": 3}})
        wait_for(lambda: "geneve" in PORTS_FILE.read_text(), "what has changed meanwhile")
        daemon.expect_log("ports: recovered")


def test_a_server_that_knows_only_whole_rows_is_followed_too(good_file):
    """`monitor` and `update` of RFC 7047."""
    class Keeps(HasOnePort):
        def result(self, operations):
            if operations[0]["op"] == "select":
                Keeps.latest = self
            return super().result(operations)
    with server(Keeps, at_once=2):
        good_file.sflowovsd().tolerate(OUTSIDE)
        expect_good_then_whole()
        Keeps.latest.update({"Interface": {BAD: {"old": {"type": "internal"}, "new": {"name": "p", "type": "geneve"}}}})
        wait_for(lambda: '"geneve"' in PORTS_FILE.read_text(), "the changed interface")
        Keeps.latest.update({"Bridge": {BAD: {"old": {"ports": ["uuid", BAD]}, "new": {"name": "br0", "ports": ["set", []]}}},
                             "Port": {BAD: {"old": {"name": "p", "interfaces": ["uuid", BAD]}}}})
        wait_for(lambda: ports_of("br0") == {}, "the port is gone")
        assert Keeps.times == 1, "whole rows need no select"


@pytest.mark.skipif(SLOW > 1, reason="a sanitizer has an allocator of its own, whose memory sflowovsd does not see")
def test_ports_that_are_dropped_while_they_are_read_leave_the_file(good_file):
    class SendsTooMuchOnce(HasOnePort):
        def interface(self):
            if self.times <= 1:
                self.connection.sendall(b'{"method":"')
                while True:
                    self.connection.sendall(b"x" * (1 << 20))
            return super().interface()
    with server(SendsTooMuchOnce, at_once=2):
        daemon = good_file.sflowovsd()
        daemon.tolerate(OUTSIDE)
        daemon.announce("ports: more than 64 MiB of memory are in use; the ports file is no longer updated; sFlow is not affected")
        daemon.expect_log("ports: more than 64 MiB")
        appctl_error("sflow/resync")
        expect_good_then_whole()


def test_a_server_that_closes_the_second_connection_is_reported(good_file):
    class ClosesPorts(HasOnePort):
        def interface(self):
            raise OSError("closed")
    with server(ClosesPorts, at_once=2):
        daemon = good_file.sflowovsd()
        daemon.tolerate(OUTSIDE)
        daemon.announce("ports: .*: the connection of the ports is closed again and again; trying again")
        daemon.expect_log("ports: .*closed again and again")
        assert "closed again and again" in sflow_status()["ports_file"]["problem"]
        assert sflow_status()["database"]["connected"]
        lines = daemon.text().count("\n")
        times = ClosesPorts.times
        wait_for(lambda: ClosesPorts.times > times, "it tries again")
        assert daemon.text().count("\n") - lines <= 1
    assert PORTS_FILE.read_text() == GOOD


class SendsPortsWithoutEnd(Database):
    """The second connection gets a string without an end."""
    closed = threading.Event()

    def monitor(self, params):
        if "Interface" not in params[2]:
            return super().monitor(params)
        self.closed.clear()
        try:
            self.connection.sendall(b'{"method":"')
            while True:
                self.connection.sendall(b"x" * (1 << 20))
        finally:
            self.closed.set()


@pytest.mark.skipif(SLOW > 1, reason="a sanitizer has an allocator of its own, whose memory sflowovsd does not see")
def test_ports_without_end_end_only_their_own_connection(bed):
    publish(settings())
    with server(SendsPortsWithoutEnd, at_once=2):
        daemon = bed.sflowovsd()
        daemon.tolerate("transaction|connection|jsonrpc|reconnect")
        daemon.announce("ports: more than 64 MiB of memory are in use; the ports file is no longer updated; sFlow is not affected")
        daemon.expect_log("ports: more than 64 MiB")
        assert SendsPortsWithoutEnd.closed.wait(DEADLINE)
        assert sflow_status()["database"]["connected"]
        failed = sflow_status()["transactions"]["failed"]
        assert appctl_error("sflow/resync")
        assert sflow_status()["transactions"]["failed"] > failed, "sFlow goes on: this server refuses each transaction"
        wait_for(SendsPortsWithoutEnd.closed.is_set, "the connection that sflow/resync has opened is closed too")
        assert daemon.process.poll() is None


class SaysNonsense(Database):
    """The second connection gets what is no update."""

    def monitor(self, params):
        if "Interface" not in params[2]:
            return super().monitor(params)
        return {"Interface": {BAD: {"new": {"name": 7, "external_ids": ["map", [["vm-id", UUID]]]}}, "no uuid": 3}}


class SaysWrongValues(Database):
    """Values of wrong types, and references to nothing."""

    def monitor(self, params):
        if "Interface" not in params[2]:
            return super().monitor(params)
        good = ["uuid", BAD]
        return {"Bridge": {BAD: {"new": {"name": "br0", "ports": ["set", [good, ["uuid", OTHER]]]}}, OTHER: {"new": {"name": ["set", []]}}},
                "Port": {BAD: {"new": {"name": "p", "tag": "x", "interfaces": ["set", [good, ["uuid", OTHER]]]}}},
                "Interface": {BAD: {"new": {"name": "p", "ofport": 1e300, "ifindex": -1, "type": None, "mac_in_use": ["set", ["a", "b"]],
                                            "external_ids": ["map", [["vm-id"]]]}},
                              OTHER: {"new": {"name": 7}}}}

    def result(self, operations):
        return [{"rows": []}] * len(operations) if operations[0]["op"] == "select" else super().result(operations)


BAD = "00000000-0000-4000-8000-00000000000a"


def test_wrong_values_of_a_port_are_absent(bed):
    publish(settings())
    with server(SaysWrongValues, at_once=2):
        daemon = bed.sflowovsd()
        daemon.tolerate("transaction|connection|jsonrpc|reconnect")
        wait_for(ports_file, "the file")
        assert ports_file() == {"version": 1, "bridges": [{"name": "br0", "ports": [
            {"name": "p", "port": "p", "ofport": None, "ifindex": None, "type": "", "mac": None, "tag": None, "guest": None}]}]}


def test_an_update_that_is_none_is_reported(bed):
    publish(settings())
    with server(SaysNonsense, at_once=2):
        daemon = bed.sflowovsd()
        daemon.tolerate("transaction|connection|jsonrpc|reconnect")
        daemon.announce("ports: the server sent what is no update of a database; reading them again")
        daemon.expect_log("ports: the server sent")
        assert daemon.process.poll() is None
        assert not PORTS_FILE.exists()


def test_it_uses_no_cpu_while_nothing_changes(ovs):
    add_bridge("br0")
    for number in range(20):
        add_port("br0", f"vnet{number}", {"vm-id": UUID})
    publish(settings())
    daemon = ovs.sflowovsd()
    wait_for(lambda: all((entry["ofport"] for entry in (ports_of("br0") or {"": {"ofport": 0}}).values())), "the ports are in the file")
    daemon.expect_rest(2)
