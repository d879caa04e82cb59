"""Which bridges get sFlow and with which rate, according to the settings, the bridges' external_ids, and existing rows."""

import json
import signal

import pytest

from testbed import (SHARED_FILE, Collector, Monitor, appctl, bridge_state, hsflowd_config, publish, run, settings, sflow_of,
                     sflow_status, vsctl, wait_for)


@pytest.fixture
def database(bed):
    bed.server = bed.ovsdb_server()
    return bed


def all_rows():
    return vsctl("--bare", "--columns=_uuid", "list", "sflow").split()


def states():
    return {bridge["name"]: bridge["state"] for bridge in sflow_status()["bridges"]}


def test_only_selected_bridges_get_sflow(database):
    for name in "br-int", "br-ex1", "br-ex-test", "br0":
        vsctl("add-br", name)
    publish(settings(**{"ovs.bridges": "br-int,br-ex*", "ovs.exclude": "br-*-test"}))
    database.sflowovsd()
    wait_for(lambda: states() == {"br-int": "sampled", "br-ex1": "sampled", "br-ex-test": "excluded", "br0": "excluded"},
             "the selection")
    assert sflow_of("br-int") and sflow_of("br-ex1")
    assert sflow_of("br-ex-test") is None and sflow_of("br0") is None
    publish(settings(revision=2, **{"ovs.exclude": "br-int"}))
    wait_for(lambda: states() == {"br-int": "excluded", "br-ex1": "sampled", "br-ex-test": "sampled", "br0": "sampled"},
             "the new selection")
    assert sflow_of("br-int") is None


TYPO = "bridges: `br-itn` matches no bridge"
FAKE = "exclude: `vlan1*` matches no bridge; the fake bridge vlan100 is VLAN 100 of br-int"


def test_patterns_that_match_no_bridge_are_logged_once_and_shown(database):
    vsctl("add-br", "br-int")
    vsctl("add-br", "vlan100", "br-int", "100")
    publish(settings(**{"ovs.bridges": "br-itn", "ovs.exclude": "vlan1*"}))
    daemon = database.sflowovsd()
    daemon.announce(f"patterns: {TYPO}, {FAKE.replace('*', '.')}$")
    daemon.expect_log("patterns: .*VLAN 100")
    assert f"pattern: {TYPO}\npattern: {FAKE}\n" in appctl("sflow/status")
    assert sflow_status()["unmatched_patterns"] == [
        {"option": "bridges", "pattern": "br-itn", "fake_bridge": None},
        {"option": "exclude", "pattern": "vlan1*", "fake_bridge": {"name": "vlan100", "parent": "br-int", "vlan": 100}}]
    vsctl("del-br", "vlan100")
    daemon.announce(f"patterns: {TYPO}, exclude: `vlan1.` matches no bridge$")
    assert appctl("sflow/resync") == "done\n"  # looks again
    daemon.expect_log(r"patterns: .*vlan1.` matches no bridge\n")
    assert sflow_status()["unmatched_patterns"][1]["fake_bridge"] is None
    vsctl("add-br", "br-itn", "--", "add-br", "vlan1")
    daemon.expect_log("patterns: recovered")
    assert sflow_status()["unmatched_patterns"] == []
    assert daemon.text().count("WARN|patterns: ") == 2


@pytest.mark.parametrize("mode", ["--once", "--dry-run"])
def test_a_fake_bridge_is_explained_also_if_it_exits(database, mode):
    vsctl("add-br", "br-int", "--", "add-br", "vlan100", "br-int", "100")
    publish(settings(**{"ovs.exclude": "vlan1*"}))
    database.sflowovsd_once(mode, announced=["patterns: exclude: .*VLAN 100 of br-int"])


def test_hsflowd_conf_selects_the_bridges(database, addresses):
    for name in "br-int", "br-test1":
        vsctl("add-br", name)
    collector = Collector()
    database.hsflowd(hsflowd_config(collector, "ovs { bridges = br-int,br-test*  exclude = br-test1 }"))
    database.sflowovsd()
    wait_for(lambda: sflow_of("br-int"), "br-int has a row")
    assert "\novs.bridges=br-int\novs.bridges=br-test*\novs.exclude=br-test1\n" in SHARED_FILE.read_text()
    assert bridge_state("br-test1") == "excluded"
    collector.close()


def test_external_ids_sflow_switches_one_bridge_off_and_on(database):
    vsctl("add-br", "br0")
    vsctl("add-br", "br1", "--", "set", "bridge", "br1", "external_ids:sflow=off")
    publish(settings())
    database.sflowovsd()
    wait_for(lambda: states() == {"br0": "sampled", "br1": "switched-off"}, "br1 is off")
    assert sflow_of("br1") is None
    vsctl("remove", "bridge", "br1", "external_ids", "sflow")
    wait_for(lambda: sflow_of("br1"), "br1 is on")
    vsctl("set", "bridge", "br1", "external_ids:sflow=off")
    wait_for(lambda: sflow_of("br1") is None, "br1 is off again")


def test_a_bridge_that_sets_its_own_rate_gets_a_row_of_its_own(database):
    for name in "br0", "br1", "br2":
        vsctl("add-br", name)
    vsctl("set", "bridge", "br1", "external_ids:sflow-sampling=64")
    publish(settings(sampling=512))
    database.sflowovsd()
    wait_for(lambda: (sflow_of("br1") or {}).get("sampling") == 64, "the rate")
    own = sflow_of("br1")
    assert own["external_ids"] == {"managed-by": "sflowovsd"}
    assert own["targets"] == sflow_of("br0")["targets"]
    shared = sflow_of("br0")["_uuid"]
    assert sflow_of("br0")["sampling"] == 512 and sflow_of("br2")["_uuid"] == shared
    assert len(all_rows()) == 2
    # All columns but the rate follow the settings, and the rate follows the bridge's key. The UUID stays.
    publish(settings(sampling=100, header=64, revision=2))
    wait_for(lambda: (sflow_of("br1")["header"], sflow_of("br1")["sampling"]) == (64, 64), "the header")
    vsctl("set", "bridge", "br1", "external_ids:sflow-sampling=32")
    wait_for(lambda: sflow_of("br1")["sampling"] == 32, "the new rate")
    assert sflow_of("br1")["_uuid"] == own["_uuid"] and sflow_of("br0")["_uuid"] == shared
    vsctl("remove", "bridge", "br1", "external_ids", "sflow-sampling")
    wait_for(lambda: sflow_of("br1")["_uuid"] == shared, "back to the shared row")
    assert len(all_rows()) == 1


def test_an_invalid_rate_is_reported_and_ignored(database):
    vsctl("add-br", "br0", "--", "set", "bridge", "br0", "external_ids:sflow-sampling=lots")
    publish(settings(sampling=512))
    daemon = database.sflowovsd()
    daemon.announce("bridges: br0: external_ids:sflow-sampling: 'lots' is not a number")
    wait_for(lambda: (sflow_of("br0") or {}).get("sampling") == 512, "the rate of the settings")
    assert "'lots' is not a number" in sflow_status()["bridges"][0]["problem"]
    vsctl("set", "bridge", "br0", "external_ids:sflow-sampling=8")
    daemon.expect_log("bridges: recovered")


def test_duplicates_of_our_row_are_merged(database):
    for i in range(4):
        vsctl("add-br", f"br{i}")
        vsctl("--id=@s", "create", "sflow", 'targets="127.0.0.1:9"', f"sampling={i + 1}",
              "external_ids:managed-by=sflowovsd", "--", "set", "bridge", f"br{i}", "sflow=@s")
    assert len(all_rows()) == 4
    publish(settings())
    database.sflowovsd()
    wait_for(lambda: len(all_rows()) == 1, "one row")
    assert {sflow_of(f"br{i}")["sampling"] for i in range(4)} == {512}


def test_a_fake_bridge_is_part_of_its_parent(database):
    vsctl("add-br", "br0")
    vsctl("add-br", "vlan10", "br0", "10")
    publish(settings())
    database.sflowovsd()
    wait_for(lambda: states() == {"br0": "sampled"}, "the parent bridge")
    assert vsctl("list-br").split() == ["br0", "vlan10"]
    assert sflow_of("br0")


def test_a_bridge_with_only_patch_ports_gets_sflow_too(database):
    for one, other in ("br0", "br1"), ("br1", "br0"):
        vsctl("add-br", one, "--", "add-port", one, f"{one}-{other}", "--", "set", "interface", f"{one}-{other}",
              "type=patch", f"options:peer={other}-{one}")
        vsctl("--id=@p", "get", "port", f"{one}-{other}", "--", "set", "bridge", one, "ports=@p")
    publish(settings())
    database.sflowovsd()
    wait_for(lambda: states() == {"br0": "sampled", "br1": "sampled"}, "both")


def test_more_than_ten_collectors_are_all_targets(database):
    vsctl("add-br", "br0")
    text = settings(collectors=[f"192.0.2.{i}" for i in range(10, 20)] + ["2001:db8::1 6344"])
    publish(text.replace("agentIP=", "ovs.collector=198.51.100.1\novs.collector=198.51.100.2 9999\nagentIP="))
    database.sflowovsd()
    row = wait_for(lambda: sflow_of("br0"), "br0 has a row")
    assert row["targets"] == sorted([f"192.0.2.{i}:6343" for i in range(10, 20)]
                                    + ["[2001:db8::1]:6344", "198.51.100.1:6343", "198.51.100.2:9999"])


def test_a_file_that_is_rewritten_in_place_is_applied_once_it_is_complete(database):
    """As host-sflow does: truncate, write in pieces, keep the file open."""
    vsctl("add-br", "br0")
    publish(settings(sampling=1))
    database.sflowovsd()
    wait_for(lambda: sflow_of("br0"), "br0 has a row")
    with open(SHARED_FILE, "r+") as file:
        for revision in range(2, 100):
            text = settings(sampling=revision, revision=revision)
            file.seek(0)
            file.truncate()
            for start in range(0, len(text), 40):
                file.write(text[start:start + 40])
                file.flush()
            if revision % 20 == 0:
                wait_for(lambda: sflow_of("br0")["sampling"] == revision, f"revision {revision}")
    wait_for(lambda: sflow_of("br0")["sampling"] == 99, "the last revision")
    # No warning was announced: a file that is still being written is not reported as torn.


def test_after_a_writer_dies_midway_the_last_good_settings_stay_active(database):
    vsctl("add-br", "br0")
    publish(settings(sampling=1))
    daemon = database.sflowovsd()
    daemon.announce("shared file: .*torn: .*; keeping the last good settings")
    wait_for(lambda: sflow_of("br0"), "br0 has a row")
    text = settings(sampling=9, revision=2)
    SHARED_FILE.write_text(text[:60])
    daemon.expect_log("torn: .*; keeping the last good settings")
    assert sflow_of("br0")["sampling"] == 1
    with open(SHARED_FILE, "a") as file:
        file.write(text[60:])
    wait_for(lambda: sflow_of("br0")["sampling"] == 9, "the rest of it")


def test_a_row_that_gets_another_owner_meanwhile_is_not_given_to_more_bridges(database):
    vsctl("add-br", "br0")
    vsctl("add-br", "br1")
    other = Monitor({})  # connects before sflowovsd, so that the server handles its requests first
    publish(settings(**{"ovs.exclude": "br1"}))
    daemon = database.sflowovsd()
    daemon.announce("foreign rows: left alone on br0")
    wait_for(lambda: states() == {"br0": "sampled", "br1": "excluded"}, "br0 has a row")
    taken = sflow_of("br0")["_uuid"]
    database.server.process.send_signal(signal.SIGSTOP)
    other.send({"id": "take", "method": "transact", "params": ["Open_vSwitch", {
        "op": "update", "table": "sFlow", "where": [], "row": {"external_ids": ["map", [["owner", "x"]]]}}]})
    publish(settings(revision=2))
    wait_for(lambda: states() == {"br0": "sampled", "br1": "attaching"}, "the transaction is pending")
    database.server.process.send_signal(signal.SIGCONT)
    wait_for(lambda: states() == {"br0": "foreign", "br1": "sampled"}, "a row of its own")
    assert sflow_of("br0")["_uuid"] == taken != sflow_of("br1")["_uuid"]
    assert sflow_of("br0")["external_ids"] == {"owner": "x"}
    other.close()


def test_a_bridge_name_cannot_forge_log_lines(database):
    name = "br\n2026-01-01T00:00:00Z|00001|forged|ERR|\x1b[31m"
    run("ovsdb-client", "transact", "unix:/run/openvswitch/db.sock", json.dumps([
        "Open_vSwitch",
        {"op": "insert", "table": "sFlow", "uuid-name": "r",
         "row": {"targets": "192.0.2.1:9", "external_ids": ["map", [["owner", "x"]]]}},
        {"op": "insert", "table": "Bridge", "uuid-name": "b", "row": {"name": name, "sflow": ["named-uuid", "r"]}},
        {"op": "mutate", "table": "Open_vSwitch", "where": [],
         "mutations": [["bridges", "insert", ["named-uuid", "b"]]]}]))
    publish(settings())
    daemon = database.sflowovsd()
    daemon.announce(r"foreign rows: left alone on br\\x0a2026.*\|\\x1b\[31m$")
    daemon.expect_log("foreign rows: left alone")
