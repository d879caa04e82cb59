"""sflowovsd against the real ovsdb-server and ovs-vswitchd."""

import os
import pathlib
import re
import shutil
import socket

import pytest

from testbed import (DEADLINE, SFLOWOVSD, SHARED_FILE, Daemon, add_bridge, appctl, appctl_error, at_best, bridge_state, publish, settings, sflow_of,
                     sflow_status, vsctl, wait_for)


def has_sampling(bridge, sampling):
    return lambda: (sflow_of(bridge) or {}).get("sampling") == sampling


def test_every_bridge_has_one_shared_row_with_the_settings(ovs):
    for name in "br0", "br1", "br2":
        add_bridge(name)
    publish(settings(sampling=512, polling=20, collectors=["127.0.0.1", "::1 6344"]))
    ovs.sflowovsd()
    row = wait_for(lambda: sflow_of("br0"), "br0 has a row")
    assert row["sampling"] == 512
    assert row["polling"] == 20
    assert row["header"] == 128
    assert row["agent"] == "10.0.0.1"
    assert row["targets"] == ["127.0.0.1:6343", "[::1]:6344"]
    assert row["external_ids"] == {"managed-by": "sflowovsd"}
    assert sflow_of("br1")["_uuid"] == sflow_of("br2")["_uuid"] == row["_uuid"]


def test_a_bridge_added_later_is_attached(ovs):
    publish(settings())
    ovs.sflowovsd()
    add_bridge("br0")
    first = wait_for(lambda: sflow_of("br0"), "br0 has a row")
    add_bridge("br1")
    second = wait_for(lambda: sflow_of("br1"), "br1 has a row")
    assert first["_uuid"] == second["_uuid"]


def test_a_row_that_was_cleared_or_edited_by_hand_is_repaired(ovs):
    add_bridge("br0")
    add_bridge("br1")
    publish(settings(sampling=512))
    ovs.sflowovsd()
    wait_for(lambda: sflow_of("br0"), "br0 has a row")
    vsctl("clear", "bridge", "br0", "sflow")
    wait_for(lambda: sflow_of("br0"), "br0 has its row back")
    vsctl("set", "sflow", sflow_of("br0")["_uuid"], "sampling=3", "agent=lo")
    wait_for(has_sampling("br0", 512), "the sampling is back")
    assert sflow_of("br0")["agent"] == "10.0.0.1"
    vsctl("clear", "sflow", sflow_of("br0")["_uuid"], "external_ids")
    wait_for(lambda: sflow_of("br0")["external_ids"] == {"managed-by": "sflowovsd"}, "the mark is back")
    vsctl("--", "clear", "bridge", "br0", "sflow", "--", "clear", "bridge", "br1", "sflow")
    wait_for(lambda: sflow_of("br0") and sflow_of("br1"), "both have a row again")


def test_the_row_follows_the_shared_file(ovs):
    add_bridge("br0")
    publish(settings(sampling=512))
    ovs.sflowovsd()
    before = wait_for(lambda: sflow_of("br0"), "br0 has a row")
    publish(settings(sampling=100, revision=2))
    wait_for(has_sampling("br0", 100), "the new sampling")
    assert sflow_of("br0")["_uuid"] == before["_uuid"]
    publish(settings(sampling=0, polling=20, revision=3))
    wait_for(has_sampling("br0", 4294967295), "counters only")
    publish(settings(sampling=0, polling=0, revision=4))
    wait_for(lambda: sflow_of("br0") is None, "off")
    publish(settings(revision=5))
    wait_for(lambda: sflow_of("br0"), "on again")
    publish(settings(collectors=[], revision=6))
    wait_for(lambda: sflow_of("br0") is None, "off without collectors")


@pytest.mark.parametrize("broken", [
    settings(sampling=100, revision=2).replace("rev_end=2\n", ""),
    settings(sampling=100, revision=2).replace("rev_end=2", "rev_end=3"),
    "",
    "\0\xff\x01binary\n",
    settings(sampling="many", revision=2),
    settings(sampling=100, collectors=["not-an-address"], revision=2),
], ids=["torn", "two-revisions", "empty", "binary", "wrong-number", "wrong-address"])
def test_with_a_broken_shared_file_the_last_good_settings_stay_active(ovs, broken):
    add_bridge("br0")
    publish(settings(sampling=512))
    daemon = ovs.sflowovsd()
    daemon.announce(r"shared file: .*; keeping the last good settings")
    before = wait_for(lambda: sflow_of("br0"), "br0 has a row")
    publish(broken)
    daemon.expect_log("shared file: .*; keeping the last good settings")
    assert "revision 1 (" in appctl("sflow/status")
    add_bridge("br1")
    wait_for(lambda: sflow_of("br1"), "br1 has the row of the last good settings")
    assert sflow_of("br0") == before
    publish(settings(sampling=7, revision=3))
    wait_for(has_sampling("br0", 7), "the next good file")
    assert daemon.text().count("keeping the last good settings") == 1


def test_a_broken_shared_file_at_the_start_changes_nothing_in_open_vswitch(ovs):
    add_bridge("br0")
    vsctl("--id=@s", "create", "sflow", 'targets="127.0.0.1:9"', "sampling=77", "--", "set", "bridge", "br0", "sflow=@s")
    publish("torn")
    daemon = ovs.sflowovsd()
    daemon.announce("shared file: ")
    daemon.expect_log("shared file: .*; Open vSwitch is not changed")
    wait_for(lambda: bridge_state("br0") == "unknown", "the database was seen")
    assert sflow_of("br0")["sampling"] == 77


def test_without_a_shared_file_nothing_changes_in_open_vswitch_until_there_is_one(ovs):
    add_bridge("br0")
    SHARED_FILE.parent.rmdir()  # hsflowd was never started
    ovs.sflowovsd()
    wait_for(lambda: bridge_state("br0") == "unknown", "the database was seen")
    assert sflow_of("br0") is None
    SHARED_FILE.parent.mkdir()
    publish(settings())
    before = wait_for(lambda: sflow_of("br0"), "br0 has a row")
    SHARED_FILE.unlink()
    wait_for(lambda: "no settings, Open vSwitch is not changed" in appctl("sflow/status"), "the file is gone")
    add_bridge("br1")
    wait_for(lambda: bridge_state("br1") == "unknown", "br1 was seen")
    assert sflow_of("br0") == before
    assert sflow_of("br1") is None


def test_rows_of_others_are_left_alone_unless_taken_over(ovs):
    add_bridge("br0")
    add_bridge("br1")
    vsctl("--id=@s", "create", "sflow", 'targets="127.0.0.1:9"', "sampling=77", "external_ids:owner=somebody",
          "--", "set", "bridge", "br0", "sflow=@s")
    foreign = sflow_of("br0")
    publish(settings())
    daemon = ovs.sflowovsd()
    daemon.announce("foreign rows: left alone on br0")
    wait_for(lambda: sflow_of("br1"), "br1 has a row")
    assert sflow_of("br0") == foreign
    assert bridge_state("br0") == "foreign"
    publish(settings(revision=2, **{"ovs.takeover": "on"}))
    wait_for(has_sampling("br0", 512), "taken over")
    assert sflow_of("br0")["_uuid"] == sflow_of("br1")["_uuid"]


def test_an_unmarked_row_is_adopted(ovs):
    add_bridge("br0")
    vsctl("--id=@s", "create", "sflow", 'targets="127.0.0.1:9"', "sampling=77", "--", "set", "bridge", "br0", "sflow=@s")
    uuid = sflow_of("br0")["_uuid"]
    publish(settings())
    ovs.sflowovsd()
    wait_for(has_sampling("br0", 512), "corrected")
    assert sflow_of("br0")["_uuid"] == uuid
    assert sflow_of("br0")["external_ids"] == {"managed-by": "sflowovsd"}


def test_it_waits_for_an_ovsdb_server_that_starts_later(bed):
    publish(settings())
    daemon = bed.sflowovsd()
    # Logged by Open vSwitch's library while it tries.
    daemon.tolerate(r"reconnect\|WARN|db.sock: connection (attempt failed|closed)")
    daemon.expect_log("connecting")
    bed.ovsdb_server()
    vsctl("add-br", "br0")
    wait_for(lambda: sflow_of("br0"), "br0 has a row")


@pytest.mark.parametrize("how", ["stop", "kill"])
def test_it_survives_a_restart_of_ovsdb_server(bed, how):
    server = bed.ovsdb_server()
    publish(settings())
    daemon = bed.sflowovsd()
    daemon.tolerate(r"reconnect\|WARN|db.sock: connection (attempt failed|closed|dropped)")
    vsctl("add-br", "br0")
    wait_for(lambda: sflow_of("br0"), "br0 has a row")
    getattr(server, how)()
    publish(settings(sampling=9, revision=2))
    bed.ovsdb_server()
    vsctl("add-br", "br1")
    wait_for(has_sampling("br0", 9), "br0 follows")
    wait_for(has_sampling("br1", 9), "br1 follows")


def test_a_replaced_database_gets_the_row_again(bed):
    server = bed.ovsdb_server()
    publish(settings())
    daemon = bed.sflowovsd()
    daemon.tolerate(r"reconnect\|WARN|db.sock: connection (attempt failed|closed|dropped)")
    vsctl("add-br", "br0")
    wait_for(lambda: sflow_of("br0"), "br0 has a row")
    server.stop()
    (bed.directory / "conf.db").unlink()
    bed.ovsdb_server()
    vsctl("add-br", "br7")
    wait_for(lambda: sflow_of("br7"), "br7 has a row")


# As in its unit: both directories are bind mounts on a separate file system.
IN_A_SANDBOX = """set -e
cd "$1"
mkdir openvswitch hsflowd
for name in openvswitch hsflowd; do mount --bind /run/$name $name; done
mount -t tmpfs tmpfs /run
mkdir /run/openvswitch /run/hsflowd
for name in openvswitch hsflowd; do mount --move $name /run/$name; done
shift
exec "$@"
"""


@pytest.mark.parametrize("directory", ["/run/openvswitch", "/run/hsflowd"])
def test_it_exits_for_a_restart_if_a_directory_that_its_sandbox_mounts_was_removed(bed, tmp_path, directory):
    server = bed.ovsdb_server()
    publish(settings())
    daemon = Daemon(["unshare", "--mount", "sh", "-c", IN_A_SANDBOX, "sh", tmp_path, SFLOWOVSD, "-vsyslog:off"], tmp_path / "held.log")
    bed.ours.append(daemon)
    daemon.tolerate(r"\|WARN\|unix:.*db.sock: |was removed; exiting|could not unlink")
    daemon.expect_log("db.sock: connected")
    server.stop()
    shutil.rmtree(directory)
    os.mkdir(directory)
    assert daemon.process.wait(60) == 1
    daemon.expect_log(f"{directory} was removed; exiting so that the service manager restarts us with the new directory")


def test_a_second_instance_only_watches_and_takes_over_when_the_first_ends(ovs):
    publish(settings())
    first = ovs.sflowovsd()
    add_bridge("br0")
    wait_for(lambda: sflow_of("br0"), "br0 has a row")
    second = ovs.sflowovsd(control="/run/openvswitch/second.ctl")
    second.announce("lock sflowovsd: held by another sflowovsd")
    second.expect_log("held by another sflowovsd")
    first.stop()
    add_bridge("br1")
    wait_for(lambda: sflow_of("br1"), "br1 has a row")


def test_sigterm_leaves_the_row_and_exits_with_0_within_a_second(ovs):
    publish(settings())
    def start():
        ovs.sflowovsd("--pidfile=/run/openvswitch/sflowovsd.pid")
        return wait_for(lambda: sflow_of("br0"), "br0 has a row")

    add_bridge("br0")
    before = start()
    assert at_best(1.0, lambda: ovs.ours[-1].stop(), again=start) == 0
    assert sflow_of("br0") == before
    assert not pathlib.Path("/run/openvswitch/sflowovsd.pid").exists()


def test_exit_through_appctl_ends_it(ovs):
    daemon = ovs.sflowovsd()
    appctl("exit")
    assert daemon.process.wait(DEADLINE) == 0


def test_the_status_has_what_an_operator_needs(ovs):
    add_bridge("br0")
    publish(settings(revision=5))
    ovs.sflowovsd()
    row = wait_for(lambda: sflow_of("br0"), "br0 has a row")
    wait_for(lambda: bridge_state("br0") == "sampled", "br0 is done")
    text = appctl("sflow/status")
    assert "database: unix:" in text and ": connected" in text
    assert "lock: held" in text
    assert f"shared file: {SHARED_FILE}: revision 5\n" in text
    assert "transactions: 1 succeeded, 0 failed, " in text
    assert f"rows: 1\n  {row['_uuid']}: 1 bridge, sampling 512, " in text
    assert "bridges: 1: 1 sampled\n" in text
    assert re.search(rf"\n  br0 +sampled +20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ  {row['_uuid']}\n", text)
    assert sflow_status()["rows"][0]["uuid"] == row["_uuid"]
    assert "expected --format" in appctl_error("sflow/status", "--format=xml")


def test_an_option_that_does_not_exist_is_an_error(bed):
    daemon = bed.sflowovsd("--no-such-option")
    assert daemon.process.wait(DEADLINE) == 64
    bed.ours.remove(daemon)


def test_it_notifies_systemd_when_it_is_ready_and_when_it_stops(bed, tmp_path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
        notify.bind(str(tmp_path / "notify"))
        notify.settimeout(DEADLINE)
        os.environ["NOTIFY_SOCKET"] = str(tmp_path / "notify")
        try:
            daemon = bed.sflowovsd()
        finally:
            del os.environ["NOTIFY_SOCKET"]
        assert b"READY=1" in notify.recv(4096)
        daemon.stop()
        assert b"STOPPING=1" in notify.recv(4096)
