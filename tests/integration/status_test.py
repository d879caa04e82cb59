"""hsflowd status against the running daemon, friendly and hostile clients, and real interfaces."""

import os
import pathlib
import re
import signal
import socket
import stat
import statistics
import subprocess
import time

import pytest

from testbed import DEADLINE, HSFLOWD, SHARED_FILE, SLOW, run, status, status_is_served, wait_for, written
from testbed import STATUS_SOCKET as SOCKET
from testbed import hsflowd_config as config


def running(bed, *arguments, **keywords):
    daemon = bed.hsflowd(*arguments, **keywords)
    wait_for(status_is_served, "the status socket")
    return daemon


def ask(*options):
    return subprocess.run([HSFLOWD, "status", *options], text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def candidates():
    return {candidate["address"]: candidate for candidate in status()["agent_address"]["candidates"]}


def rss_anon_kib(daemon):
    return int(re.search(r"^RssAnon:\s+(\d+)", pathlib.Path(f"/proc/{daemon.pid}/status").read_text(), re.M)[1])


def test_it_says_what_the_daemon_does(bed, addresses, collector):
    more = "collector { ip = 203.0.113.1 }"
    daemon = running(bed, config(collector, more))
    daemon.announce("collector 203.0.113.1 port 6343: send: Network is unreachable")
    for _ in range(2):
        collector.receive()
    now = status()
    assert now["process_id"] == daemon.pid
    assert now["settings"] == {"revision": 1, "origin": str(bed.directory / "hsflowd.conf"),
                               "shared_file": str(SHARED_FILE), "sampling": 512, "polling_seconds": 1,
                               "header_bytes": 128, "datagram_bytes": 1400}
    assert now["last_reload"] is None
    assert (now["agent_address"]["address"], now["agent_address"]["device"]) == ("192.0.2.1", "mgmt0")
    assert now["agent_address"]["why"] == "the best: IPv4 for documentation, on a virtual interface; before 2001:db8::1 on mgmt0: IPv4 for documentation before IPv6 for documentation"
    reachable, unreachable = now["collectors"]
    assert (reachable["address"], reachable["port"]) == ("127.0.0.1", collector.port)
    assert reachable["datagrams_sent"] >= 2 and reachable["errors"] == 0 and reachable["last_error"] is None
    assert unreachable["datagrams_sent"] == 0 and unreachable["errors"] == reachable["datagrams_sent"]
    assert unreachable["last_error"] == "send: Network is unreachable"
    assert [source["name"] for source in now["sources"]][:3] == ["host_descr", "host_adapters", "host_cpu"]
    names = [source["name"] for source in now["sources"]]
    others = names.index("interfaces")  # that are exported: there are none here
    assert names[others + 1:] == ["xen", "kvm", "proxmox", "ports"]
    for source in now["sources"][others + 1:]:  # looked for, at the start
        assert not source["present"] and source["last_run_ms_ago"] is not None and source["error"] is None
    for source in now["sources"][:others]:
        assert 0 <= source["last_run_ms_ago"] <= 1500 and source["error"] is None
        assert source["present"] or source["name"] == "virt_node"  # no hypervisor here
    assert 0 < sum(source["cost_us"] for source in now["sources"]) < 500_000
    assert 0 <= now["next_poll_ms"] <= 1000
    assert now["problems"] == []


def test_people_get_text(bed, addresses, collector):
    running(bed, config(collector))
    collector.receive()
    shown = ask()
    assert shown.returncode == 0 and shown.stderr == ""
    assert re.search(r"^\* rank +\d+  192\.0\.2\.1", shown.stdout, re.M)
    assert f"  127.0.0.1 port {collector.port}: " in shown.stdout
    assert "  host_cpu  " in shown.stdout


def test_without_a_daemon_it_says_so_and_ends_with_1(bed):
    asked = ask()
    assert (asked.returncode, asked.stdout) == (1, "")
    assert asked.stderr == f"hsflowd status: the daemon does not answer: {SOCKET}: No such file or directory\n"


def test_a_daemon_that_hangs_is_not_waited_for_long(bed, addresses, collector):
    daemon = running(bed, config(collector))
    daemon.process.send_signal(signal.SIGSTOP)
    begin = time.monotonic()
    asked = ask()
    daemon.process.send_signal(signal.SIGCONT)
    assert asked.returncode == 1 and "no answer within 5 s" in asked.stderr
    assert time.monotonic() - begin < 7


def test_the_socket_is_for_the_owner_and_the_group_and_goes_with_the_daemon(bed, addresses, collector):
    daemon = running(bed, config(collector))
    assert stat.filemode(SOCKET.stat().st_mode) == "srw-rw----"
    daemon.stop()
    assert not SOCKET.exists()


def test_what_a_crash_left_is_replaced(bed, addresses, collector):
    daemon = running(bed, config(collector))
    collector.receive()
    daemon.kill()
    assert SOCKET.exists() and ask().returncode == 1
    second = bed.hsflowd(config(collector))
    collector.receive()
    assert status()["process_id"] == second.pid


def test_a_second_daemon_does_not_start_beside_the_first_unless_in_a_run_directory_of_its_own(bed, addresses, collector, tmp_path):
    first = running(bed, config(collector))
    collector.receive()
    before = written()
    second = bed.hsflowd(config(collector))
    second.announce("another hsflowd is running .socket /run/hsflowd/hsflowd.sock.")
    assert second.process.wait(DEADLINE) == 1
    assert "another hsflowd is running (socket /run/hsflowd/hsflowd.sock)" in second.text()
    assert status()["process_id"] == first.pid and written() == before
    third = bed.hsflowd(config(collector), "--run-dir", tmp_path / "run")
    wait_for((tmp_path / "run/hsflowd.auto").exists, "the shared file in the other run directory")
    assert status("--run-dir", str(tmp_path / "run"))["process_id"] == third.pid
    assert status()["process_id"] == first.pid


def test_without_a_place_for_the_socket_the_daemon_works_all_the_same(bed, addresses, collector, tmp_path):
    (tmp_path / "file").write_text("")
    daemon = bed.hsflowd(config(collector), "--run-dir", tmp_path / "file/x", "-o", tmp_path / "x.auto")
    daemon.announce("status socket: .*file/x/hsflowd.sock: Not a directory")
    collector.receive()
    daemon.expect_log("status socket: .*Not a directory")


@pytest.fixture
def many_addresses(addresses, tmp_path):
    """There are so many that the status is larger than what a socket takes at once."""
    commands = [f"addr add 10.{i // 250}.{i % 250}.1/32 dev mgmt0" for i in range(2000)]
    (tmp_path / "batch").write_text("\n".join(commands) + "\n")
    run("ip", "-batch", tmp_path / "batch")


@pytest.mark.skipif(SLOW > 1, reason="a sanitizer keeps memory of its own")
def test_a_status_of_very_many_addresses_leaves_no_memory_behind(bed, many_addresses, collector):
    daemon = running(bed, config(collector))
    wait_for(lambda: collector.receive()["sequence_number"] >= 3, "a few polls")
    before = rss_anon_kib(daemon)
    for _ in range(3):
        assert len(status()["agent_address"]["candidates"]) > 2000
    wait_for(lambda: rss_anon_kib(daemon) < before + 512, "the memory is given back")


def test_clients_that_connect_and_do_not_read_hold_nothing_up(bed, many_addresses, collector):
    daemon = running(bed, config(collector))
    uptimes = [collector.receive()["uptime"] for _ in range(3)]
    idle = []
    for _ in range(50 if SLOW == 1 else 5):  # with a sanitizer, a document takes up to half a second
        client = socket.socket(socket.AF_UNIX)
        client.connect(str(SOCKET))
        idle.append(client)
        if len(idle) % 10 == 0 or SLOW > 1:
            begin = time.monotonic()
            assert len(status()["agent_address"]["candidates"]) > 2000
            assert time.monotonic() - begin < 5 * SLOW  # if each held it up for its second, ten would take ten
    uptimes += [collector.receive()["uptime"] for _ in range(6)]
    # Polls stay about where they were to be, each a second after the one before: a poll waits for one document at most, and no poll
    # is missed. One of them may have had to wait for a CPU.
    late = [uptime - 1000 * number for number, uptime in enumerate(uptimes[1:])]
    assert sum(abs(one - statistics.median(late)) <= 500 * SLOW for one in late) >= len(late) - 1, uptimes
    # What they have not read is kept for a second; then the daemon has closed every connection.
    wait_for(lambda: str(SOCKET) not in run("ss", "-Hxn", "state", "established"), "all are dropped")
    assert len(os.listdir(f"/proc/{daemon.pid}/fd")) < 30
    for client in idle:
        client.close()


def test_addresses_are_seen_as_the_kernel_has_them(bed, addresses, collector):
    run("ip", "link", "set", "mgmt0", "alias", "uplink")
    run("ip", "addr", "add", "198.51.100.1/24", "dev", "mgmt0", "label", "mgmt0:7")
    run("ip", "addr", "add", "10.0.0.1", "peer", "10.0.0.2", "dev", "mgmt0")
    run("ip", "-6", "addr", "add", "2001:db8::5/64", "dev", "mgmt0", "nodad", "valid_lft", "1000", "preferred_lft", "1000")
    run("ip", "link", "add", "spare0", "type", "veth", "peer", "name", "spare1")
    run("ip", "addr", "add", "203.0.113.1/24", "dev", "spare0")
    try:
        running(bed, config(collector))
        collector.receive()
        seen = candidates()
        assert seen["192.0.2.1"]["device"] == "mgmt0"
        assert seen["192.0.2.1"]["if_index"] == int(pathlib.Path("/sys/class/net/mgmt0/ifindex").read_text())
        assert seen["192.0.2.1"]["aliases"] == ["uplink"]
        assert seen["198.51.100.1"]["aliases"] == ["uplink", "mgmt0:7"]
        assert "10.0.0.1" in seen and "10.0.0.2" not in seen, "the local end of a point-to-point link"
        assert "from autoconfiguration" not in seen["2001:db8::1"]["reason"]
        assert "from autoconfiguration" in seen["2001:db8::5"]["reason"]
        assert (seen["203.0.113.1"]["up"], seen["203.0.113.1"]["rank"]) == (False, 0)
        assert seen["203.0.113.1"]["reason"] == "the interface is down"
        assert seen["::1"]["device"] == seen["127.0.0.1"]["device"] == "lo"
        run("ip", "link", "set", "spare0", "up")
        wait_for(lambda: candidates()["203.0.113.1"]["rank"] > 0, "the interface is up")
    finally:
        run("ip", "link", "del", "spare0")


@pytest.mark.parametrize("device, winner", [("uplink", "193.0.1.1"), ("a-long-name-from-udev", "193.0.1.1"), ("spare0:1", "10.9.9.9")])
def test_the_agent_device_may_be_an_alias_an_alternative_name_or_a_label(bed, addresses, collector, device, winner):
    run("ip", "link", "add", "spare0", "type", "veth", "peer", "name", "spare1")
    try:
        run("ip", "link", "set", "spare0", "alias", "uplink")
        run("ip", "link", "property", "add", "dev", "spare0", "altname", "a-long-name-from-udev")
        run("ip", "addr", "add", "193.0.1.1/24", "dev", "spare0")
        run("ip", "addr", "add", "10.9.9.9/24", "dev", "spare0", "label", "spare0:1")
        run("ip", "link", "set", "spare0", "up")
        running(bed, config(collector, f"agent = {device}"))
        assert collector.receive()["agent_address"] == winner
        assert "on the agent device spare0" in status()["agent_address"]["why"]
    finally:
        run("ip", "link", "del", "spare0")


def test_an_agent_device_that_does_not_exist_is_said_and_stops_nothing(bed, addresses, collector):
    running(bed, config(collector, "agent = eth7"))
    assert collector.receive()["agent_address"] == "192.0.2.1"
    assert status()["agent_address"]["why"] .endswith("; no address is on the agent device eth7")


def test_without_a_known_collector_it_says_so(bed, addresses):
    daemon = running(bed, "sflow { dns-sd { } }")
    daemon.announce("warning: ")
    now = status()
    assert (now["collectors"], now["next_poll_ms"], now["settings"]["revision"]) == ([], None, 0)
    wait_for(lambda: status()["dns_sd"]["problem"], "the failed question")


def test_a_shared_file_that_cannot_be_written_is_a_problem_until_it_can(bed, addresses, collector, tmp_path):
    daemon = running(bed, config(collector), "-o", tmp_path / "later" / "x.auto")
    daemon.announce("shared file: ")
    collector.receive()
    [problem] = status()["problems"]
    assert problem.startswith("shared file: ") and problem.endswith(": No such file or directory")
    assert status()["settings"]["revision"] == 0
    (tmp_path / "later").mkdir()
    daemon.reload()
    now = status()
    assert now["problems"] == [] and now["settings"]["revision"] == 1


def test_a_shared_file_that_need_not_be_written_any_more_is_no_problem(bed, addresses, collector):
    daemon = running(bed, config(collector))
    daemon.announce("shared file: ")
    collector.receive()
    before = written()
    in_the_way = SHARED_FILE.parent / ".hsflowd.auto.new"  # where the file would be written before it is renamed
    in_the_way.mkdir()
    try:
        daemon.reload(config(collector, "headerBytes = 64"))
        assert [problem for problem in status()["problems"] if problem.startswith("shared file: ")]
        daemon.reload(config(collector))
        assert status()["problems"] == [] and written() == before
    finally:
        in_the_way.rmdir()


def test_without_an_address_it_says_why_nothing_is_exported(bed, collector):
    daemon = bed.hsflowd(config(collector, "agent.cidr = !0.0.0.0/0\n  agent.cidr = !::/0"))
    daemon.announce("agent address: ")
    wait_for(status_is_served, "the status socket")
    now = status()
    assert now["agent_address"]["address"] is None and now["next_poll_ms"] is None
    assert now["problems"] == ["agent address: no interface that is up has a usable address that agent.cidr does not exclude; "
                               "nothing is exported until one has"]
    assert {candidate["reason"] for candidate in now["agent_address"]["candidates"]} == \
        {"excluded by agent.cidr !0.0.0.0/0", "excluded by agent.cidr !::/0"}
