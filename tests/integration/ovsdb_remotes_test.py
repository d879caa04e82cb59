"""sflowovsd and databases that are remote, old, foreign, read-only or clustered, or that refuse transactions."""

import signal

import pytest

from ovsdb import Server, certificates, cluster, edited_schema, is_leader, without
from testbed import (DEADLINE, SCHEMA, appctl, bridge_state, publish, run, settings, sflow_of, sflow_status, vsctl, wait_for)

LOST = r"reconnect\|WARN|jsonrpc\|WARN|stream_ssl\|(WARN|ERR)|connection (attempt failed|closed|dropped)"
PORT = 6640


def rows(server):
    """Name of each bridge -> whether it has sFlow, as ovs-vsctl prints it."""
    lines = server.vsctl("--format=csv", "--no-headings", "--columns=name,sflow", "list", "bridge").splitlines()
    return {name: sflow != "[]" for name, sflow in (line.split(",") for line in lines)}


@pytest.mark.parametrize("how", ["stop", "kill"])
def test_it_reconnects_to_a_database_over_tcp(bed, how):
    remote = f"--remote=ptcp:{PORT}:127.0.0.1"
    server = bed.ovsdb_server(remote)
    vsctl("add-br", "br0")
    publish(settings())
    daemon = bed.sflowovsd(f"tcp:127.0.0.1:{PORT}")
    daemon.tolerate(LOST)
    wait_for(lambda: sflow_of("br0"), "br0 has a row")
    getattr(server, how)()
    wait_for(lambda: not sflow_status()["database"]["connected"], "the loss is seen")
    bed.ovsdb_server(remote)
    vsctl("add-br", "br1")
    wait_for(lambda: sflow_of("br1"), "br1 has a row")


def test_a_database_over_ssl_works_and_one_with_another_ca_is_not_trusted(bed, tmp_path):
    ours = certificates(tmp_path)
    (tmp_path / "others").mkdir()
    others = certificates(tmp_path / "others")
    options = [f"--remote=pssl:{PORT}:127.0.0.1", f"--private-key={ours['server-key']}", f"--certificate={ours['server']}",
               f"--ca-cert={ours['ca']}"]
    server = bed.ovsdb_server(*options)
    vsctl("add-br", "br0")
    publish(settings())
    client = [f"--private-key={ours['client-key']}", f"--certificate={ours['client']}"]
    database = f"ssl:127.0.0.1:{PORT}"
    _, said = bed.sflowovsd_once("--once", "--timeout=2", *client, f"--ca-cert={others['ca']}", database, expect=1,
                                 tolerated=[LOST])
    assert "not done within 2 s: not connected to ssl:" in said
    assert sflow_of("br0") is None

    daemon = bed.sflowovsd(*client, f"--ca-cert={ours['ca']}", database)
    daemon.tolerate(LOST)
    wait_for(lambda: sflow_of("br0"), "br0 has a row")
    server.kill()
    bed.ovsdb_server(*options)
    vsctl("add-br", "br1")
    wait_for(lambda: sflow_of("br1"), "br1 has a row")


def test_probes_detect_a_server_that_hangs_and_sflowovsd_reconnects(bed):
    server = bed.ovsdb_server(f"--remote=ptcp:{PORT}:127.0.0.1")
    publish(settings())
    daemon = bed.sflowovsd(f"tcp:127.0.0.1:{PORT}")
    daemon.tolerate(r"reconnect\|(ERR|WARN)|" + LOST)
    wait_for(lambda: sflow_status()["database"]["connected"], "the connection")
    server.process.send_signal(signal.SIGSTOP)
    try:
        wait_for(lambda: not sflow_status()["database"]["connected"], "the probe was not answered")
    finally:
        server.process.send_signal(signal.SIGCONT)
    vsctl("add-br", "br0")
    wait_for(lambda: sflow_of("br0"), "br0 has a row")


def test_a_read_only_database_is_reported_and_written_once_it_is_writable(bed):
    active = bed.ovsdb_server()
    vsctl("add-br", "br0")
    run("ovsdb-tool", "create", bed.directory / "backup.db", SCHEMA)
    backup = Server(bed, "backup", bed.directory / "backup.db", "--sync-from=unix:/run/openvswitch/db.sock")
    wait_for(lambda: rows(backup) == {"br0": False}, "the copy")
    publish(settings())
    daemon = bed.sflowovsd(backup.remote)
    daemon.announce("lock sflowovsd: not granted: the database is read-only")
    daemon.tolerate(LOST)
    daemon.expect_log("not granted: the database is read-only")
    assert "lock: not held" in appctl("sflow/status")
    assert appctl("sflow/plan").endswith("  attach br0\n")
    _, said = bed.sflowovsd_once("--once", "--timeout=1", backup.remote, expect=1, announced=["read-only"])
    assert "lock sflowovsd: not granted: the database is read-only" in said
    active.stop()
    backup.appctl("ovsdb-server/disconnect-active-ovsdb-server")
    wait_for(lambda: rows(backup) == {"br0": True}, "br0 has a row")
    daemon.expect_log("lock sflowovsd: recovered")


def with_roles(schema):
    """Roles as OVN's databases have them (ovsdb-server(5), RBAC), for connections of the table Manager."""
    text = {"type": "string"}
    texts = {"type": {"key": "string", "min": 0, "max": "unlimited"}}
    schema["tables"]["Manager"]["columns"]["role"] = text
    schema["tables"]["RBAC_Role"] = {"isRoot": True, "columns": {"name": text, "permissions": {
        "type": {"key": "string", "value": {"type": "uuid", "refTable": "RBAC_Permission", "refType": "weak"},
                 "min": 0, "max": "unlimited"}}}}
    schema["tables"]["RBAC_Permission"] = {"isRoot": True, "columns": {
        "table": text, "authorization": texts, "insert_delete": {"type": "boolean"}, "update": texts}}


def test_a_role_that_may_not_write_is_reported_and_retries_are_delayed(bed, tmp_path):
    schema = edited_schema(tmp_path / "roles.ovsschema", with_roles)
    bed.ovsdb_server("--remote=db:Open_vSwitch,Open_vSwitch,manager_options", schema=schema)
    vsctl("add-br", "br0")
    run("ovsdb-client", "transact", "unix:/run/openvswitch/db.sock", """["Open_vSwitch",
        {"op": "insert", "table": "RBAC_Role", "row": {"name": "viewer"}},
        {"op": "insert", "table": "Manager", "uuid-name": "m", "row": {"target": "ptcp:%d:127.0.0.1", "role": "viewer"}},
        {"op": "mutate", "table": "Open_vSwitch", "where": [],
         "mutations": [["manager_options", "insert", ["set", [["named-uuid", "m"]]]]]}]""" % PORT)
    publish(settings())
    daemon = bed.sflowovsd(f"tcp:127.0.0.1:{PORT}")
    daemon.announce("transaction error: ")
    daemon.announce("transaction: .*permission error")
    daemon.tolerate(LOST)
    daemon.expect_log("transaction: .*permission error")
    assert sflow_of("br0") is None
    assert "permission error" in sflow_status()["transactions"]["last_failure"]
    assert sflow_status()["transactions"]["failed"] <= 2  # the second after 1 s
    for change in ('"op": "update", "table": "Open_vSwitch", "where": [], "row": {"manager_options": ["set", []]}',
                   '"op": "insert", "table": "Manager", "uuid-name": "m", "row": {"target": "ptcp:%d:127.0.0.1"}}, '
                   '{"op": "update", "table": "Open_vSwitch", "where": [], "row": {"manager_options": ["named-uuid", "m"]}'
                   % PORT):
        run("ovsdb-client", "transact", "unix:/run/openvswitch/db.sock", '["Open_vSwitch", {%s}]' % change)
    wait_for(lambda: sflow_of("br0"), "br0 has a row")
    daemon.expect_log("transaction: recovered")


def test_a_constraint_violation_is_reported_and_the_next_settings_may_succeed(bed, tmp_path):
    def narrow(schema):
        schema["tables"]["sFlow"]["columns"]["sampling"]["type"]["key"] = {"type": "integer", "maxInteger": 1000}
    bed.ovsdb_server(schema=edited_schema(tmp_path / "narrow.ovsschema", narrow))
    vsctl("add-br", "br0")
    publish(settings(sampling=2000))
    daemon = bed.sflowovsd()
    daemon.announce("transaction error: ")
    daemon.announce("transaction: .*constraint violation")
    daemon.expect_log("transaction: .*constraint violation")
    assert sflow_of("br0") is None
    publish(settings(sampling=1000, revision=2))
    wait_for(lambda: sflow_of("br0"), "br0 has a row")
    daemon.expect_log("transaction: recovered")


def test_columns_that_an_old_schema_lacks_are_left_out(bed, tmp_path):
    old = without("sFlow.header", "sFlow.external_ids", "Bridge.external_ids", "Open_vSwitch.ovs_version")
    bed.ovsdb_server(schema=edited_schema(tmp_path / "old.ovsschema", old))
    run("ovsdb-client", "transact", "unix:/run/openvswitch/db.sock", """["Open_vSwitch",
        {"op": "insert", "table": "Bridge", "uuid-name": "b", "row": {"name": "br0"}},
        {"op": "mutate", "table": "Open_vSwitch", "where": [],
         "mutations": [["bridges", "insert", ["set", [["named-uuid", "b"]]]]]}]""")
    publish(settings(sampling=99))
    daemon = bed.sflowovsd()
    daemon.announce("database lacks .* column")
    wait_for(lambda: bridge_state("br0") == "sampled", "br0 has a row")
    assert vsctl("--bare", "--columns=sampling,polling,targets", "list", "sflow").split() == ["99", "20", "127.0.0.1:6343"]
    assert sflow_status()["transactions"]["succeeded"] == 1
    publish(settings(sampling=7, header=64, revision=2))
    wait_for(lambda: vsctl("--bare", "--columns=sampling", "list", "sflow").split() == ["7"], "it follows")
    wait_for(lambda: bridge_state("br0") == "sampled", "at rest")
    assert sflow_status()["transactions"]["succeeded"] == 2


def test_a_schema_without_sflow_is_reported(bed, tmp_path):
    bed.ovsdb_server(schema=edited_schema(tmp_path / "no-sflow.ovsschema", without("Bridge.sflow")))
    publish(settings())
    daemon = bed.sflowovsd()
    daemon.announce("database lacks .* column")
    daemon.announce("database: the database has no column sflow in its table Bridge")
    daemon.expect_log("database: the database has no column sflow in its table Bridge")
    assert "database problem: the database has no column sflow" in appctl("sflow/status")


def test_no_bridge_counts_as_sampled_after_the_database_lost_sflow(bed, tmp_path):
    server = bed.ovsdb_server()
    vsctl("add-br", "br0")
    publish(settings())
    daemon = bed.sflowovsd()
    daemon.tolerate(LOST)
    daemon.announce("database lacks .* column|database: the database has no column sflow")
    wait_for(lambda: bridge_state("br0") == "sampled", "br0 is done")
    server.stop()
    (bed.directory / "conf.db").unlink()
    bed.ovsdb_server(schema=edited_schema(tmp_path / "no-sflow.ovsschema", without("Bridge.sflow")))
    wait_for(lambda: sflow_status()["database"]["problem"], "the problem")
    assert sflow_status()["bridges"] == []


def convert(path, *dropped):
    run("ovsdb-client", "convert", "unix:/run/openvswitch/db.sock", edited_schema(path, without(*dropped)))


# Until it is restarted, ovsdb-server tells clients the schema of before.
@pytest.mark.parametrize("column", ["sFlow.header", "Bridge.sflow"])
def test_after_a_conversion_that_dropped_a_column_a_restart_of_the_server_is_asked_for_and_helps(bed, tmp_path, column):
    server = bed.ovsdb_server()
    vsctl("add-br", "br0")
    publish(settings(sampling=512))
    daemon = bed.sflowovsd()
    daemon.tolerate(LOST)
    daemon.announce("database: .*`ovsdb-client convert` dropped a column, after which ovsdb-server must be restarted")
    daemon.announce(f"database lacks {column.rpartition('.')[2]} column")
    wait_for(lambda: bridge_state("br0") == "sampled", "br0 is done")
    convert(tmp_path / "new.ovsschema", column)
    daemon.expect_log("ovsdb-server must be restarted")
    server.stop()
    publish(settings(sampling=99, revision=2))
    bed.ovsdb_server()
    if column == "Bridge.sflow":
        daemon.announce("database: the database has no column sflow in its table Bridge")
        daemon.expect_log("database: the database has no column sflow in its table Bridge")
        assert sflow_status()["bridges"] == []
    else:
        daemon.expect_log("database: recovered")
        wait_for(lambda: vsctl("--bare", "--columns=sampling", "list", "sflow").split() == ["99"], "it follows")


def test_after_a_conversion_that_added_a_column_it_goes_on_and_uses_the_column_when_the_server_was_restarted(bed, tmp_path):
    server = bed.ovsdb_server(schema=edited_schema(tmp_path / "old.ovsschema", without("sFlow.header")))
    vsctl("add-br", "br0")
    publish(settings(header=64))
    daemon = bed.sflowovsd()
    daemon.tolerate(LOST)
    daemon.announce("database lacks header column")
    wait_for(lambda: bridge_state("br0") == "sampled", "br0 is done")
    convert(tmp_path / "new.ovsschema")
    vsctl("add-br", "br1")
    wait_for(lambda: sflow_of("br1"), "br1 has a row")
    server.stop()
    bed.ovsdb_server()
    wait_for(lambda: (sflow_of("br0") or {}).get("header") == 64, "the row has the new column")


def test_a_database_of_another_program_is_reported(bed, tmp_path):
    def rename(schema):
        schema["name"] = "Something_else"
    run("ovsdb-tool", "create", tmp_path / "other.db", edited_schema(tmp_path / "other.ovsschema", rename))
    other = Server(bed, "other", tmp_path / "other.db")
    publish(settings())
    daemon = bed.sflowovsd(other.remote)
    daemon.announce("database: unix:.*no usable database Open_vSwitch")
    daemon.tolerate(LOST)
    daemon.expect_log("database: unix:.*the server has no usable database Open_vSwitch")
    assert "no usable database Open_vSwitch" in sflow_status()["database"]["problem"]
    _, said = bed.sflowovsd_once("--once", "--timeout=5", other.remote, expect=1, announced=["no usable database"], tolerated=[LOST])
    assert "no usable database Open_vSwitch" in said


def test_a_clustered_database_is_followed_from_leader_to_leader(bed):
    members = cluster(bed, 3)
    leader = next(member for member in members if is_leader(member))
    leader.vsctl("init")
    leader.vsctl("add-br", "br0")
    publish(settings())
    daemon = bed.sflowovsd(",".join(member.remote for member in reversed(members)))
    daemon.tolerate(LOST)
    wait_for(lambda: rows(leader)["br0"], "br0 has a row")
    rest = [member for member in members if member is not leader]
    leader.daemon.kill()
    new_leader = wait_for(lambda: next((member for member in rest if is_leader(member)), None), "another leader")
    new_leader.vsctl("add-br", "br1")
    wait_for(lambda: rows(new_leader) == {"br0": True, "br1": True}, "br1 has a row")
    leader.start()
    run("ovsdb-client", f"--timeout={DEADLINE:.0f}", "wait", leader.remote, "Open_vSwitch", "connected")
    new_leader.daemon.stop()
    rest = [member for member in members if member is not new_leader]
    last = wait_for(lambda: next((member for member in rest if is_leader(member)), None), "yet another leader")
    publish(settings(sampling=9, revision=2))
    wait_for(lambda: last.vsctl("--bare", "--columns=sampling", "list", "sflow").split() == ["9"], "it follows")
