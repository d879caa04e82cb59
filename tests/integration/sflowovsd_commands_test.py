"""The commands of the running sflowovsd, and the options with which it does one thing and exits."""

import json
import os
import re
import signal

import pytest

from testbed import (ROOT, SFLOWOVSD, SHARED_FILE, Daemon, add_bridge, appctl, appctl_error, bridge_state, publish, run,
                     settings, sflow_of, sflow_status, vsctl, wait_for)


@pytest.fixture
def database(bed):
    """ovsdb-server alone: these tests need no ovs-vswitchd."""
    bed.server = bed.ovsdb_server()
    vsctl("add-br", "br0")
    vsctl("add-br", "br1")
    return bed


def test_once_brings_the_bridges_up_to_date_and_exits(database):
    publish(settings(sampling=99))
    database.sflowovsd_once("--once")
    assert sflow_of("br0")["sampling"] == 99
    assert sflow_of("br0")["_uuid"] == sflow_of("br1")["_uuid"]
    vsctl("clear", "bridge", "br1", "sflow")
    _, said = database.sflowovsd_once("--once")
    assert "rows: 0 inserted, 0 updated; bridges: 1 attached, 0 detached" in said
    _, said = database.sflowovsd_once("--once")
    assert "rows:" not in said  # nothing to change, so no transaction


def test_dry_run_prints_the_changes_without_making_them(database):
    publish(settings(sampling=99))
    plan, _ = database.sflowovsd_once("--dry-run")
    assert plan == ("insert row: sampling 99, polling 20, header 128, agent 10.0.0.1, targets 127.0.0.1:6343\n"
                    "  attach br0\n  attach br1\n")
    assert sflow_of("br0") is None
    database.sflowovsd_once("--once")
    plan, _ = database.sflowovsd_once("--dry-run")
    assert plan == "nothing to change\n"


def test_a_plan_that_cannot_be_printed_is_an_error(database):
    publish(settings())
    with open("/dev/full", "w") as full:
        _, said = database.sflowovsd_once("--dry-run", expect=1, stdout=full)
    assert "standard output: No space left on device" in said


def test_clear_removes_our_row_from_every_bridge_whatever_the_shared_file_says(database):
    vsctl("--id=@s", "create", "sflow", 'targets="127.0.0.1:9"', "external_ids:owner=somebody",
          "--", "set", "bridge", "br1", "sflow=@s")
    foreign = sflow_of("br1")
    publish(settings())
    database.sflowovsd_once("--once", announced=["foreign rows: left alone on br1"])
    assert sflow_of("br0")
    database.sflowovsd_once("--clear")
    assert sflow_of("br0") is None
    assert sflow_of("br1") == foreign
    SHARED_FILE.unlink()
    database.sflowovsd_once("--clear")


@pytest.mark.parametrize("mode", ["--once", "--dry-run"])
@pytest.mark.parametrize("text", [None, "torn"])
def test_once_and_dry_run_without_good_settings_change_nothing_and_exit_with_78(database, mode, text):
    if text:
        publish(text)
    _, said = database.sflowovsd_once(mode, expect=78, announced=["shared file: "] if text else [])
    assert f"{SHARED_FILE}: no good settings; nothing was changed" in said
    assert sflow_of("br0") is None


def test_once_dry_run_and_clear_give_up_after_the_timeout_and_exit_with_1(bed):
    publish(settings())
    for mode in "--once", "--dry-run", "--clear":
        _, said = bed.sflowovsd_once(mode, "--timeout=1", expect=1, tolerated=["db.sock: connection attempt failed"])
        assert "not done within 1 s: not connected to unix:" in said


def test_once_succeeds_if_a_daemon_makes_the_changes(database):
    publish(settings())
    daemon = database.sflowovsd()
    wait_for(lambda: sflow_of("br0"), "br0 has a row")
    database.sflowovsd_once("--once", announced=["held by another"])
    _, said = database.sflowovsd_once("--clear", "--timeout=1", expect=1, announced=["held by another"])
    assert "not done within 1 s: lock sflowovsd: held by another sflowovsd" in said
    daemon.stop()


@pytest.mark.parametrize("options, message", [
    (["--once", "--dry-run"], "only one of --once, --dry-run and --clear can be given"),
    (["--once", "--detach"], "--detach cannot be used with --once"),
    (["--once", "--timeout=0"], "--timeout: '0' is not a number from 1 to"),
    (["--once", "--timeout=soon"], "--timeout: 'soon' is not a number from 1 to"),
    (["one", "two"], "at most one DATABASE"),
])
def test_invalid_options_exit_with_64(bed, options, message):
    _, said = bed.sflowovsd_once(*options, expect=64)
    assert message in said


def test_the_json_status_has_every_fact(database):
    publish(settings(revision=5))
    database.sflowovsd()
    wait_for(lambda: bridge_state("br1") == "sampled", "br1 is done")
    status = sflow_status()
    uuid = sflow_of("br0")["_uuid"]
    assert status["database"] == {"remote": "unix:/var/run/openvswitch/db.sock", "connected": True, "problem": None,
                                  "lock": "held"}
    assert status["shared_file"] == {"path": str(SHARED_FILE), "revision": 5, "problem": None}
    assert status["rows"] == [{"uuid": uuid, "bridges": 2, "agent": "10.0.0.1", "sampling": 512, "polling": 20,
                               "header": 128, "targets": ["127.0.0.1:6343"]}]
    assert status["counts"] == {"sampled": 2}
    assert [bridge["row"] for bridge in status["bridges"]] == [uuid, uuid]
    transactions = status["transactions"]
    assert (transactions["succeeded"], transactions["failed"], transactions["last_failure"]) == (1, 0, None)
    assert transactions["last_change"] == "rows: 1 inserted, 0 updated; bridges: 2 attached, 0 detached"
    assert 0 < transactions["last_took_us"] < 10_000_000
    # `since` stays until the state changes.
    since = status["bridges"][0]["since"]
    vsctl("add-br", "br2")
    wait_for(lambda: bridge_state("br2") == "sampled", "br2 is done")
    assert sflow_status()["bridges"][0]["since"] == since


def test_plan_shows_the_pending_changes(database):
    publish(settings())
    first = database.sflowovsd()
    wait_for(lambda: sflow_of("br0"), "br0 has a row")
    wait_for(lambda: appctl("sflow/plan") == "nothing to change\n", "at rest")
    first.stop()
    # Without a connection there is no plan.
    add_bridge("br2")
    database.server.stop()
    error = database.sflowovsd()
    error.tolerate("db.sock: connection attempt failed")
    assert "not connected to unix:" in appctl_error("sflow/plan")


def test_clear_lasts_until_resync(database):
    publish(settings())
    database.sflowovsd()
    wait_for(lambda: sflow_of("br0"), "br0 has a row")
    assert appctl("sflow/clear") == "done\n"
    assert sflow_of("br0") is None and sflow_of("br1") is None
    publish(settings(sampling=7, revision=2))
    add_bridge("br2")
    wait_for(lambda: bridge_state("br2") == "off", "br2 was seen")
    assert "cleared: off until sflow/resync\n" in appctl("sflow/status")
    assert sflow_status()["cleared"]
    assert appctl("sflow/resync") == "done\n"
    assert [sflow_of(name)["sampling"] for name in ("br0", "br1", "br2")] == [7, 7, 7]
    assert not sflow_status()["cleared"]


def test_resync_and_clear_report_why_they_fail(bed):
    daemon = bed.sflowovsd()
    daemon.tolerate("db.sock: connection attempt failed")
    assert "not connected to unix:" in appctl_error("sflow/clear")
    assert "not connected to unix:" in appctl_error("sflow/resync")


def test_every_command_is_listed(bed):
    daemon = bed.sflowovsd()
    daemon.tolerate("db.sock: connection attempt failed")
    listed = appctl("list-commands")
    for command in "sflow/status", "sflow/plan", "sflow/resync", "sflow/clear", "exit", "vlog/set", "version":
        assert re.search(rf"^\s*{command}\b", listed, re.M), command
    assert json.loads(appctl("sflow/status", "--format=json"))["database"]["connected"] is False


def complete(*words):
    """bash's completions of the last word."""
    script = f"""source {ROOT}/conf/bash-completion/sflowovsd
        COMP_WORDS=(sflowovsd "$@"); COMP_CWORD=$#; _sflowovsd; printf '%s\\n' "${{COMPREPLY[@]}}" """
    return run("bash", "-c", script, "bash", *words).split()


def test_bash_completes_every_option_and_its_argument(bed):
    said, _ = bed.sflowovsd_once("--help")
    listed = set(re.findall(r"^ +(?:-\w, )?(--[a-z-]+)", said, re.M))
    listed.discard("--ssl-ciphersuites")  # of a newer Open vSwitch, as in Debian 13
    assert listed and set(complete("--")) == listed
    assert complete("--dr") == ["--dry-run"]
    assert complete("-v", "w") == ["warn"]
    assert complete("u")[0] == "unix:"
    assert complete("--config", "=", str(ROOT / "CMakeL")) == [str(ROOT / "CMakeLists.txt")]


def test_sighup_during_the_start_does_not_end_the_daemon(bed, tmp_path):
    publish(settings(revision=5))
    key = tmp_path / "key"
    os.mkfifo(key)
    daemon = Daemon([SFLOWOVSD, f"--private-key={key}", "--unixctl=/run/openvswitch/sflowovsd.ctl", "-vsyslog:off"], bed.directory / "sflowovsd.log")
    bed.ours.append(daemon)
    with open(key, "w"):  # which waits until it reads its options
        daemon.process.send_signal(signal.SIGHUP)
    daemon.announce("PrivateKey")
    daemon.expect_log("SIGHUP: ")


def test_without_inotify_instances_it_follows_the_shared_file_and_names_the_limit(database):
    publish(settings(revision=5))
    limit = "/proc/sys/user/max_inotify_instances"  # of a user namespace (namespaces(7)), so that no other process is concerned
    daemon = Daemon(["unshare", "--user", "--map-root-user", "sh", "-c", f"echo 0 > {limit} && exec \"$@\"", "-", SFLOWOVSD,
                     "--unixctl=/run/openvswitch/sflowovsd.ctl", "-vsyslog:off"], database.directory / "sflowovsd.log")
    database.ours.append(daemon)
    daemon.announce("file watch: inotify_init1: .*: the limit is fs.inotify.max_user_instances .*; looking at /run/hsflowd/hsflowd.auto every second")
    wait_for(lambda: os.path.exists("/run/openvswitch/sflowovsd.ctl"), "the control socket")
    wait_for(lambda: bridge_state("br0") == "sampled", "br0 is done")
    publish(settings(revision=6, sampling=77))
    wait_for(lambda: sflow_of("br0")["sampling"] == 77, "the change is noticed")
    run("nsenter", "--user", "--target", daemon.pid, "sh", "-c", f"echo 9 > {limit}")
    daemon.expect_log("file watch: recovered")
    publish(settings(revision=7, sampling=78))
    wait_for(lambda: sflow_of("br0")["sampling"] == 78, "the next change is noticed")


def test_sighup_reads_the_shared_file_again_and_does_not_end_the_daemon(database):
    publish(settings(revision=5))
    daemon = database.sflowovsd("--pidfile=/run/openvswitch/sflowovsd.pid")
    wait_for(lambda: bridge_state("br0") == "sampled", "br0 is done")
    daemon.process.send_signal(signal.SIGHUP)
    daemon.expect_log("SIGHUP: ")
    assert appctl("sflow/plan") == "nothing to change\n"
    assert sflow_status()["transactions"]["succeeded"] == 1
