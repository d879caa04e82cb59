"""Too few file descriptors, at every limit from 3 to 30: a daemon says so and ends, or it runs, without spinning or flooding the log."""

import os
import re
import socket
import time

import pytest

from testbed import HSFLOWD, SFLOWOVSD, SLOW, Daemon, hsflowd_config, publish, run, settings, wait_for

LIMITS = range(3, 31)
WATCHED = 3.0  # seconds
pytestmark = [pytest.mark.timeout(120),
              pytest.mark.skipif(SLOW > 1, reason="UndefinedBehaviorSanitizer needs descriptors of its own, and reports objects as invalid without")]


def poke(path):
    """A client that connects, and stays. None when the daemon's backlog is full: it waits for a CPU."""
    client = socket.socket(socket.AF_UNIX)
    client.setblocking(False)
    if client.connect_ex(str(path)) == 0:
        return client
    client.close()
    return None


def watch(daemons, sockets):
    """Runs them all for a while, each with clients, and returns those that still run and those that have ended, by their limits."""
    wait_for(lambda: all(daemon.process.poll() is not None or sockets[limit].exists() for limit, daemon in daemons.items()),
             "each listens or has ended", deadline=30 * SLOW)
    clients = [poke(path) for path in sockets.values() for _ in range(3)]
    before = {limit: daemon.cpu_ticks() for limit, daemon in daemons.items() if daemon.process.poll() is None}
    lines = {limit: daemon.text().count("\n") for limit, daemon in daemons.items()}
    time.sleep(WATCHED)  # what is watched is that nothing happens
    ended = {limit: daemon for limit, daemon in daemons.items() if daemon.process.poll() is not None}
    for limit, daemon in daemons.items():
        if limit not in ended:
            ticks = daemon.cpu_ticks() - before[limit]
            assert ticks < WATCHED * os.sysconf("SC_CLK_TCK") / 10 * SLOW, f"with {limit} descriptors it used {ticks} ticks:\n{daemon.text()}"
        # 12 lines a minute, what it says once, and the first five of each kind of Open vSwitch's library
        assert daemon.text().count("\n") - lines[limit] <= 20, daemon.text()
    for client in filter(None, clients):
        client.close()
    return ended


def started(bed, command, sockets, logs):
    """A daemon for each limit: command(limit)."""
    daemons = {limit: Daemon(["prlimit", f"--nofile={limit}", *command(limit)], logs / f"{limit}.log") for limit in sockets}
    bed.others += daemons.values()
    return daemons


def end_with_a_reason_or_work_quietly(daemons, sockets):
    ended = watch(daemons, sockets)
    for limit, daemon in ended.items():
        assert daemon.process.returncode > 0, f"with {limit} descriptors it ended with {daemon.process.returncode}:\n{daemon.text()}"
        # The second is what the dynamic linker says, before main().
        assert re.search("Too many open files|Error 24", daemon.text()), daemon.text()
    assert 3 in ended and 30 not in ended


def test_hsflowd_ends_with_a_reason_or_works_quietly(bed, collector, tmp_path):
    config = tmp_path / "hsflowd.conf"
    config.write_text(hsflowd_config(collector, polling=1, more="agentIP = 192.0.2.1"))
    sockets = {limit: tmp_path / f"run{limit}/hsflowd.sock" for limit in LIMITS}
    daemons = started(bed, lambda limit: [HSFLOWD, "-f", config, "--run-dir", sockets[limit].parent, "--state-dir", tmp_path / f"state{limit}"],
                      sockets, tmp_path)
    end_with_a_reason_or_work_quietly(daemons, sockets)


def test_sflowovsd_ends_with_a_reason_or_works_quietly(bed, tmp_path):
    bed.ovsdb_server()
    publish(settings())
    sockets = {limit: tmp_path / f"sflowovsd{limit}.ctl" for limit in LIMITS}
    daemons = started(bed, lambda limit: [SFLOWOVSD, f"--unixctl={sockets[limit]}", "-vsyslog:off"], sockets, tmp_path)
    end_with_a_reason_or_work_quietly(daemons, sockets)


def test_sflowovsd_answers_again_when_clients_that_used_up_its_descriptors_have_gone(bed, tmp_path):
    bed.ovsdb_server()
    publish(settings())
    control = tmp_path / "sflowovsd.ctl"
    daemon = Daemon(["prlimit", "--nofile=25", SFLOWOVSD, f"--unixctl={control}", "-vsyslog:off"], tmp_path / "sflowovsd.log")
    bed.others.append(daemon)
    wait_for(control.exists, "the control socket")
    clients = []

    def is_used_up():
        clients.append(poke(control))
        return "control socket: accept: Too many open files; trying again every second" in daemon.text()
    wait_for(is_used_up, "its descriptors are used up")
    for client in filter(None, clients):
        client.close()
    daemon.expect_log("control socket: recovered")
    run("ovs-appctl", "-T", "5", "-t", control, "sflow/status")
