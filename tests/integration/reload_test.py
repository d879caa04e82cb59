"""SIGHUP on the running daemon: what changes takes effect, what does not stays, and a bad file changes nothing."""

import re
import signal
import socket
import time
import uuid

import pytest

from testbed import DEADLINE, Collector, FileEvent, at_best, run, shared_keys, status, wait_for, written
from testbed import hsflowd_config as config

CONFIG = "hsflowd.conf"


def host_descr(datagram):
    return {record["type"]: record for record in datagram["samples"][0]["records"]}["host_descr"]


@pytest.fixture
def daemon(bed, addresses, collector):
    """Polls every second; its first two datagrams were received."""
    daemon = bed.hsflowd(config(collector))
    assert [collector.receive()["sequence_number"] for _ in range(2)] == [1, 2]
    return daemon


def goes_on(collector, last):
    """The next datagram; its numbers follow those of `last`, and so does its uptime."""
    datagram = collector.receive()
    assert datagram["sequence_number"] == last["sequence_number"] + 1
    assert datagram["samples"][0]["sequence_number"] == last["samples"][0]["sequence_number"] + 1
    assert 0 <= datagram["uptime"] - last["uptime"] < 5000
    return datagram


def test_settings_for_others_are_published_with_the_next_revision(daemon, collector):
    daemon.reload(config(collector, "headerBytes = 64\n  sampling.http = 50").replace("512", "100"))
    keys = shared_keys()
    assert (keys["sampling"], keys["sampling.http"], keys["header"]) == ("100", "50", "64")
    assert keys["rev_start"] == keys["rev_end"] == "2"
    now = status()
    assert (now["settings"]["revision"], now["settings"]["sampling"], now["settings"]["header_bytes"]) == (2, 100, 64)
    assert now["last_reload"]["error"] is None and now["last_reload"]["ms_ago"] < 5000


def test_they_do_not_disturb_the_polls(bed, addresses, collector):
    daemon = bed.hsflowd(config(collector, polling=300))
    collector.receive()
    wait_for(lambda: status()["next_poll_ms"] > 10_000, "the next poll, at a random moment of the 300 s, is not near")
    collector.drain()

    def next_poll():
        """When it was asked, what it answered, and when it had answered, in ms."""
        return time.monotonic() * 1000, status()["next_poll_ms"], time.monotonic() * 1000
    asked, planned, answered = next_poll()
    daemon.reload(config(collector, polling=300).replace("512", "100"))
    asked_again, still_planned, answered_again = next_poll()
    assert asked_again - answered - 2 <= planned - still_planned <= answered_again - asked + 2  # 2: both are rounded
    assert collector.drain() == []


def test_an_unchanged_file_changes_nothing(daemon, collector):
    before = written()
    sent = status()["collectors"][0]["datagrams_sent"]
    for _ in range(3):
        daemon.reload()
    assert written() == before
    now = status()
    assert now["collectors"][0]["datagrams_sent"] >= sent
    assert now["settings"]["revision"] == 1
    assert now["last_reload"]["error"] is None


def test_a_file_that_says_the_same_in_other_words_changes_nothing(daemon, collector):
    before = written()
    daemon.reload(f"polling: 1\nsampling: 512\ncollectors:\n  - ip: 127.0.0.1\n    UDPPort: {collector.port}\n")
    assert written() == before and status()["last_reload"]["error"] is None


def test_another_polling_interval_is_in_force_at_once(bed, addresses, collector):
    daemon = bed.hsflowd(config(collector, polling=300))
    last = collector.receive()
    daemon.reload(config(collector, polling=2))
    assert status()["next_poll_ms"] <= 2000  # some of it is left: each host starts somewhere in it
    last = goes_on(collector, last)
    assert collector.has_interval(2000, last)


def test_polling_can_be_switched_off_and_on_again(daemon, collector):
    daemon.reload(config(collector, polling=0))
    last = (collector.drain() or [{"sequence_number": 2}])[-1]
    assert (status()["next_poll_ms"], shared_keys()["polling"]) == (None, "0")
    daemon.reload(config(collector, polling=1))
    assert collector.receive()["sequence_number"] == last["sequence_number"] + 1


def test_a_collector_that_is_added_gets_what_the_others_get(daemon, collector):
    second = Collector()
    daemon.reload(config(collector, f"collector {{ ip = 127.0.0.1 udpport = {second.port} }}"))
    first = second.receive()
    assert first["sequence_number"] >= 3, "numbers are those of the agent, not of the collector"
    assert first in [collector.receive() for _ in range(2)] + collector.drain()
    second.close()


def test_a_collector_that_is_kept_keeps_its_socket_and_its_counts(daemon, collector):
    _, source = collector.socket.recvfrom(65535)
    sent = status()["collectors"][0]["datagrams_sent"]
    assert sent >= 3
    for more in "collector { ip = 127.0.0.1 udpport = 9 }", "":
        daemon.reload(config(collector, more))
        mine = [entry for entry in status()["collectors"] if entry["port"] == collector.port]
        assert mine[0]["datagrams_sent"] >= sent
        assert collector.socket.recvfrom(65535)[1] == source
    assert len(status()["collectors"]) == 1


def test_a_collector_that_is_removed_gets_nothing_more(daemon, collector):
    second = Collector()
    daemon.reload(config(second))
    collector.drain()
    for _ in range(2):
        second.receive()
    assert collector.drain() == []
    assert shared_keys()["collector"] == f"127.0.0.1 {second.port}"
    second.close()


@pytest.mark.parametrize("preference", ["agentIP = 198.51.100.9", "agent = other0", "agent.cidr = 198.51.100.0/24",
                                        "agent.cidr = !192.0.2.0/24"])
def test_another_agent_address_is_told_at_once(bed, addresses, collector, preference):
    run("ip", "link", "add", "other0", "type", "veth", "peer", "name", "other1")
    try:
        run("ip", "addr", "add", "198.51.100.9/24", "dev", "other0")
        run("ip", "link", "set", "other0", "up")
        daemon = bed.hsflowd(config(collector, "agent = mgmt0", polling=300))
        last = collector.receive()
        assert last["agent_address"] == "192.0.2.1"

        def change(prefer="agent = mgmt0", expected="192.0.2.1"):
            nonlocal last
            daemon.reload(config(collector, prefer, polling=300))
            last = goes_on(collector, last)
            assert last["agent_address"] == expected

        at_best(1.0, lambda: change(preference, "198.51.100.9"), again=change)
        assert shared_keys()["agentIP"] == "198.51.100.9" and shared_keys()["agent"] == "other0"
    finally:
        run("ip", "link", "del", "other0")


def test_the_sub_agent_id_changes(daemon, collector):
    collector.drain()
    before = written()
    daemon.reload(config(collector, "subAgentId = 7"))
    datagram = wait_for(lambda: (lambda d: d if d["sub_agent_id"] == 7 else None)(collector.receive()), "sub-agent 7")
    assert datagram["sequence_number"] > 2
    assert status()["sub_agent_id"] == 7
    assert written() == before, "it is not for others"


def test_the_uuid_changes_and_a_counter_that_needs_its_past_keeps_it(daemon, collector):
    name = "8f5f3c1e-0001-4002-8003-0123456789ab"
    daemon.reload(config(collector, f"uuid = {name}"))
    datagram = wait_for(lambda: (lambda d: d if uuid.UUID(host_descr(d)["uuid"]) == uuid.UUID(name) else None)(
        collector.receive()), "the new UUID")
    assert [source["error"] for source in status()["sources"]] == [None] * len(status()["sources"])
    assert goes_on(collector, datagram)


def test_the_uuid_of_the_command_line_outranks_the_files_at_a_reload_too(bed, addresses, collector):
    name = "8f5f3c1e-0001-4002-8003-0123456789ab"
    daemon = bed.hsflowd(config(collector), "-u", name)
    collector.receive()
    daemon.reload(config(collector, "uuid = 11111111-2222-4333-8444-555555555555"))
    collector.drain()
    assert uuid.UUID(host_descr(collector.receive())["uuid"]) == uuid.UUID(name)


def test_the_size_of_datagrams_changes(daemon, collector):
    daemon.reload(config(collector, "datagramBytes = 300"))
    wait_for(lambda: collector.receive()["size"] <= 300, "the first small one")
    assert all(collector.receive()["size"] <= 300 for _ in range(5))
    assert shared_keys()["datagram"] == "300"


BROKEN = {
    "wrong value": "sflow { polling = 1 sampling = many collector { ip = 127.0.0.1 } }",
    "syntax": "sflow { polling = 1 collector { ip = 127.0.0.1 } } }",
    "no collector": "sflow { polling = 1 }",
    "empty": "",
    "binary": "sflow {\0}",
    "YAML": "polling: [1\n",
}


@pytest.mark.parametrize("text", BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_file_keeps_everything_as_it_is(bed, daemon, collector, text):
    daemon.announce("error: ")
    before, file = status(), written()
    last = (collector.drain() or [collector.receive()])[-1]
    daemon.reload(text)
    assert written() == file
    after = status()
    for key in "settings", "sub_agent_id":
        assert after[key] == before[key]
    assert after["agent_address"]["address"] == "192.0.2.1"
    assert after["last_reload"]["error"].startswith(str(bed.directory / CONFIG))
    assert re.search("error: .*: not reloaded; the previous configuration stays active", daemon.text())
    goes_on(collector, last)


def test_nothing_of_a_file_is_applied_when_one_value_is_wrong(daemon, collector):
    daemon.announce("error: ")
    second = Collector()
    daemon.reload(config(second, "subAgentId = 7\n  agentIP = 10.0.0.1\n  headerBytes = 9999", polling=300))
    datagram = collector.receive()
    assert (datagram["sub_agent_id"], datagram["agent_address"]) == (100000, "192.0.2.1")
    assert second.drain() == []
    second.close()


def test_a_file_that_is_gone_or_cannot_be_read_keeps_everything_as_it_is(bed, daemon, collector):
    daemon.announce("error: ")
    file = bed.directory / CONFIG
    good = file.read_text()
    file.unlink()
    daemon.reload()
    assert status()["last_reload"]["error"] == f"{file}: no such file"
    file.mkdir()
    daemon.reload()
    assert status()["last_reload"]["error"] == f"{file}: Is a directory"
    assert status()["settings"]["revision"] == 1
    file.rmdir()
    daemon.reload(good)
    assert status()["last_reload"]["error"] is None


def test_after_a_broken_file_the_next_good_one_is_taken(daemon, collector):
    daemon.announce("error: ")
    daemon.reload(config(collector).replace("512", "many"))
    daemon.reload(config(collector).replace("512", "77"))
    assert shared_keys()["sampling"] == "77" and shared_keys()["rev_start"] == "2"
    assert status()["last_reload"]["error"] is None


def test_what_this_build_does_not_do_is_said_and_the_rest_applied(daemon, collector):
    daemon.announce("warning: ")
    daemon.reload(config(collector, "DNSSD = off\n  docker { refreshVMs = 60 }").replace("512", "77"))
    assert shared_keys()["sampling"] == "77"
    assert re.search("warning: .*DNSSD", daemon.text()) and re.search("warning: .*docker", daemon.text())


def test_systemd_is_told_of_the_reload_and_how_it_ended(bed, addresses, collector, tmp_path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
        notify.bind(str(tmp_path / "notify"))
        notify.settimeout(DEADLINE)
        daemon = bed.hsflowd(config(collector), env={"NOTIFY_SOCKET": str(tmp_path / "notify")})
        daemon.announce("error: ")

        def until_ready():
            messages = []
            while "READY=1" not in messages:
                messages.append(notify.recv(4096).decode())
            return messages

        until_ready()
        before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        daemon.reload(config(collector).replace("512", "many"))
        messages = until_ready()
        began = re.fullmatch(r"RELOADING=1\nMONOTONIC_USEC=(\d+)", messages[0])
        assert before < int(began[1]) < time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        assert re.fullmatch(r"STATUS=agent 192\.0\.2\.1, sampling 1 in 512, .*; the last reload was refused: "
                            r".*hsflowd\.conf:3:14: .*many.*", messages[-2])
        daemon.reload(config(collector).replace("512", "77"))
        messages = until_ready()
        assert messages[0].startswith("RELOADING=1\n")
        assert re.fullmatch(r"STATUS=agent 192\.0\.2\.1, sampling 1 in 77, polling every 1 s, 1 collector\(s\)", messages[-2])


def test_a_hail_of_sighups_loses_nothing(daemon, collector):
    last = (collector.drain() or [collector.receive()])[-1]
    for _ in range(200):
        daemon.process.send_signal(signal.SIGHUP)
    for _ in range(2):
        last = goes_on(collector, last)
    assert shared_keys()["rev_start"] == "1"


def test_a_reload_during_the_start_does_not_end_the_daemon(bed, collector):
    file = bed.directory / CONFIG
    file.touch()
    for _ in range(10):  # some of them come early enough
        read = FileEvent(file, FileEvent.READ)
        daemon = bed.hsflowd("# long, so that it is still being read\n" * 6_000 + config(collector))
        read.wait()
        daemon.process.send_signal(signal.SIGHUP)
        daemon.expect_log("reloaded")
        daemon.stop()
