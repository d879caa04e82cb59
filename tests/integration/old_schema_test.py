"""A database that is older than a column which sflowovsd reads: what works without it, what is reported, and that an upgrade is enough."""

import json

import pytest

from ovsdb import edited_schema, without
from testbed import PORTS_FILE, SCHEMA, Monitor, appctl_error, bridge_state, publish, run, settings, sflow_of, sflow_status, text_of, vsctl, wait_for

LOST = r"reconnect\|WARN|jsonrpc\|WARN|connection (attempt failed|closed|dropped)"
LIBRARY = "ovsdb_idl.WARN.*database lacks "
GOOD = '{"version":1,"bridges":[{"name":"known","ports":[]}]}\n'


@pytest.fixture
def old(bed, tmp_path):
    """sflowovsd, and an ovsdb-server that lacks these columns and tables."""
    def start(*parts):
        bed.server = bed.ovsdb_server(schema=edited_schema(tmp_path / "old.ovsschema", without(*parts)))
        publish(settings(sampling=99))
        daemon = bed.sflowovsd()
        daemon.tolerate(LOST)
        return daemon
    return start


def upgrade(bed):
    """As ovs-ctl(8) does at a start."""
    bed.server.stop()
    run("ovsdb-tool", "convert", bed.directory / "conf.db", SCHEMA)
    bed.server = bed.ovsdb_server()


def insert_bridge(*more, **columns):
    """br0. ovs-vsctl needs more columns than that."""
    monitor = Monitor({})
    monitor.call("transact", ["Open_vSwitch", *more, {"op": "insert", "table": "Bridge", "uuid-name": "b", "row": {"name": "br0", **columns}},
                              {"op": "mutate", "table": "Open_vSwitch", "where": [],
                               "mutations": [["bridges", "insert", ["set", [["named-uuid", "b"]]]]]}])
    monitor.close()


@pytest.mark.parametrize("part, what", [("Bridge.sflow", "column sflow in its table Bridge"), ("Bridge.name", "column name in its table Bridge"),
                                        ("sFlow.targets", "column targets in its table sFlow"), ("sFlow", "table sFlow")])
def test_without_a_column_that_sflow_needs_one_line_names_it_and_an_upgrade_is_enough(bed, old, part, what):
    daemon = old(part)
    problem = f"the database has no {what}; no bridge is changed until the schema is upgraded and ovsdb-server is restarted"
    daemon.announce(f"database: {problem}$")
    daemon.announce(LIBRARY)
    if part == "Bridge.name":
        daemon.announce("ports: the database lacks Bridge:name")
    daemon.expect_log(f"database: {problem}\n")
    assert sflow_status()["database"]["problem"] == problem
    if part != "Bridge.name":
        wait_for(lambda: text_of(PORTS_FILE), "the ports do not wait for that")
    _, said = bed.sflowovsd_once("--dry-run", "--timeout=2", expect=1, announced=["database: "], tolerated=[LIBRARY])
    assert f"not done within 2 s: database: {problem}" in said
    upgrade(bed)
    vsctl("add-br", "br0")
    wait_for(lambda: sflow_of("br0"), "br0 has a row")
    daemon.expect_log("database: recovered")
    assert daemon.text().count("|WARN|database: ") == 1


@pytest.mark.parametrize("part, what", [
    ("Bridge.ports", "Bridge:ports"), ("Port.name", "Port:name"), ("Port.interfaces", "Port:interfaces"), ("Interface.name", "Interface:name"),
    ("Interface", "Port:interfaces, Interface:name"), ("Port", "Bridge:ports, Port:name, Port:interfaces")])
def test_without_a_column_that_the_ports_need_the_last_ports_file_stays_and_bridges_have_sflow(bed, old, part, what):
    PORTS_FILE.parent.mkdir(exist_ok=True)
    PORTS_FILE.write_text(GOOD)
    daemon = old(part)
    insert_bridge()
    problem = f"the database lacks {what}; the ports file is not updated until the schema is upgraded"
    daemon.announce(f"ports: {problem}$")
    daemon.expect_log(f"ports: {problem}\n")
    wait_for(lambda: bridge_state("br0") == "sampled", "br0 has a row")
    assert sflow_status()["ports_file"]["problem"] == problem
    assert problem in appctl_error("sflow/ports")
    assert PORTS_FILE.read_text() == GOOD
    upgrade(bed)
    wait_for(lambda: '"br0"' in PORTS_FILE.read_text(), "the ports of the new schema")
    daemon.expect_log("ports: recovered")
    assert daemon.text().count("|WARN|ports: ") == 1


def test_other_columns_of_ports_that_a_schema_lacks_are_null_and_reported_once(bed, old):
    daemon = old("Port.tag", "Interface.type", "Interface.ofport", "Interface.ifindex", "Interface.mac_in_use", "Interface.external_ids")
    daemon.announce("port columns: the database lacks Port:tag, Interface:type, Interface:ofport, Interface:ifindex, Interface:mac_in_use.*; "
                    "the ports file goes without$")
    insert_bridge({"op": "insert", "table": "Interface", "uuid-name": "i", "row": {"name": "p0"}},
                  {"op": "insert", "table": "Port", "uuid-name": "p", "row": {"name": "p0", "interfaces": ["named-uuid", "i"]}},
                  ports=["named-uuid", "p"])
    entry = wait_for(lambda: '"br0"' in text_of(PORTS_FILE) and json.loads(text_of(PORTS_FILE))["bridges"][0]["ports"], "the port")[0]
    assert entry == {"name": "p0", "port": "p0", "ofport": None, "ifindex": None, "type": "", "mac": None, "tag": None, "guest": None}
    upgrade(bed)
    daemon.expect_log("port columns: recovered")
    assert daemon.text().count("|WARN|port columns: ") == 1


def test_columns_of_sflow_that_a_schema_lacks_are_left_out_of_the_row_and_added_by_an_upgrade(bed, old):
    daemon = old("sFlow.agent", "sFlow.sampling", "sFlow.polling", "sFlow.header")
    for column in "agent", "sampling", "polling", "header":
        daemon.announce(f"ovsdb_idl.WARN.sFlow table .* lacks {column} column")
    vsctl("add-br", "br0")
    wait_for(lambda: bridge_state("br0") == "sampled", "br0 has a row")
    assert vsctl("--bare", "--columns=targets,external_ids", "list", "sflow").split() == ["127.0.0.1:6343", "managed-by=sflowovsd"]
    upgrade(bed)
    wait_for(lambda: (sflow_of("br0") or {}).get("sampling") == 99, "the row has the other columns")
    assert sflow_of("br0")["agent"] == "10.0.0.1" and sflow_of("br0")["polling"] == 20 and sflow_of("br0")["header"] == 128


def test_without_the_column_of_fake_bridges_a_pattern_without_a_bridge_is_still_reported(old):
    daemon = old("Port.fake_bridge")
    vsctl("add-br", "br0")
    publish(settings(revision=2, **{"ovs.exclude": "vlan1*"}))
    daemon.announce("patterns: exclude: `vlan1.` matches no bridge$")
    daemon.announce("ovsdb_idl.WARN.Port table .* lacks fake_bridge column")
    daemon.expect_log("patterns: exclude: `vlan1.` matches no bridge\n")
    wait_for(lambda: bridge_state("br0") == "sampled", "br0 has a row")
