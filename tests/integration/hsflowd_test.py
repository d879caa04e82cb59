"""hsflowd: real sockets, real rtnetlink, this machine's own counters. The independent decoder checks every datagram."""

import os
import pathlib
import re
import socket
import subprocess

import pytest

from testbed import DEADLINE, HSFLOWD, ROOT, SHARED_FILE, Collector, at_best, run, shared_keys, wait_for, written
from testbed import hsflowd_config as config

HOST_STRUCTURES = ["host_adapters", "host_cpu", "host_descr", "host_disk_io", "host_memory", "host_net_io",
                   "mib2_icmp_group", "mib2_ip_group", "mib2_tcp_group", "mib2_udp_group"]


def test_the_first_datagram_comes_within_a_second_and_has_every_host_structure(bed, addresses, collector):
    def first_datagram():
        bed.hsflowd(config(collector, polling=30))
        return collector.receive()

    datagram = at_best(1.0, first_datagram, again=bed.stop)
    assert datagram["agent_address"] == "192.0.2.1"
    assert datagram["sub_agent_id"] == 100000
    assert datagram["sequence_number"] == 1
    [sample] = datagram["samples"]
    assert (sample["type"], sample["expanded"]) == ("counters", True)
    assert (sample["source_id_type"], sample["source_id_index"], sample["sequence_number"]) == (2, 1, 1)
    assert sorted(record["type"] for record in sample["records"]) == HOST_STRUCTURES


def test_the_numbers_are_this_hosts(bed, addresses, collector):
    bed.hsflowd(config(collector))
    records = {record["type"]: record for record in collector.receive()["samples"][0]["records"]}
    assert records["host_descr"]["hostname"] == os.uname().nodename[:64]
    assert records["host_descr"]["os_release"] == os.uname().release[:32]
    assert records["host_cpu"]["cpu_num"] == os.cpu_count()
    assert abs(records["host_cpu"]["uptime"] - float(pathlib.Path("/proc/uptime").read_text().split()[0])) < 5
    total_kib = int(re.search(r"MemTotal:\s+(\d+)", pathlib.Path("/proc/meminfo").read_text())[1])
    assert records["host_memory"]["mem_total"] == total_kib * 1024
    mac = pathlib.Path("/sys/class/net/mgmt0/address").read_text().strip()
    index = int(pathlib.Path("/sys/class/net/mgmt0/ifindex").read_text())
    assert {"if_index": index, "mac_addresses": [mac]} in records["host_adapters"]["adapters"]


def test_counters_come_every_polling_seconds_with_sequence_numbers_that_rise_by_one(bed, addresses, collector):
    bed.hsflowd(config(collector))
    datagrams = [collector.receive() for _ in range(3)]
    assert [datagram["sequence_number"] for datagram in datagrams] == [1, 2, 3]
    assert [datagram["samples"][0]["sequence_number"] for datagram in datagrams] == [1, 2, 3]
    # The first interval is a random part of one, to spread hosts that start together; then it is exact.
    assert collector.has_interval(1000, datagrams[2])


def test_every_collector_gets_every_datagram_and_one_that_cannot_be_reached_delays_nothing(bed, addresses, collector):
    second = Collector("::1")
    unreachable = """
  collector { ip = 203.0.113.1 }
  collector { ip = 127.0.0.1 udpport = 9 }
"""

    def first_datagrams():
        daemon = bed.hsflowd(config(collector, unreachable + f"collector {{ ip = ::1  udpport = {second.port} }}"))
        daemon.announce("collector 203.0.113.1 port 6343: send: Network is unreachable")
        assert collector.receive() == second.receive()

    at_best(1.0, first_datagrams, again=bed.stop)
    assert collector.receive() == second.receive()
    second.close()


def test_an_ipv6_agent_address_is_sent_as_such(bed, addresses, collector):
    bed.hsflowd(config(collector, "agentIP = 2001:db8::1"))
    assert collector.receive()["agent_address"] == "2001:db8::1"


def test_small_datagrams_are_respected(bed, addresses, collector):
    bed.hsflowd(config(collector, "datagramBytes = 250"))
    types = set()
    while types != set(HOST_STRUCTURES):
        datagram = collector.receive()
        assert datagram["size"] <= 250
        types |= {record["type"] for sample in datagram["samples"] for record in sample["records"]}


def test_the_shared_file_has_what_was_resolved(bed, addresses, collector):
    bed.hsflowd(config(collector, "headerBytes = 64"))
    wait_for(SHARED_FILE.exists, "the shared file")
    keys = shared_keys()
    assert keys == {"rev_start": "1", "hostname": os.uname().nodename, "sampling": "512", "header": "64",
                    "datagram": "1400", "polling": "1", "collector": f"127.0.0.1 {collector.port}",
                    "agentIP": "192.0.2.1", "agent": "mgmt0", "ds_index": "1", "rev_end": "1"}
    assert not list(SHARED_FILE.parent.glob(".*")), "the temporary file is gone"


def test_the_shared_file_can_be_somewhere_else(bed, addresses, collector, tmp_path):
    bed.hsflowd(config(collector), "-o", tmp_path / "other.auto")
    wait_for((tmp_path / "other.auto").exists, "the shared file")
    assert not SHARED_FILE.exists()


def test_a_shared_file_that_cannot_be_written_is_tried_again_and_exporting_goes_on(bed, addresses, collector, tmp_path):
    file = tmp_path / "later" / "hsflowd.auto"
    daemon = bed.hsflowd(config(collector), "-o", file)
    daemon.announce(f"shared file: {file.parent}/.*: No such file or directory")
    collector.receive()
    file.parent.mkdir()
    wait_for(file.exists, "the shared file")
    daemon.expect_log("shared file: recovered")


def test_what_is_not_known_is_not_published_as_off(bed, addresses, collector):
    first = bed.hsflowd(config(collector))
    collector.receive()
    before = SHARED_FILE.read_text()
    first.stop()
    daemon = bed.hsflowd("sflow { dns-sd { } }")
    daemon.announce("DNS-SD: ")  # no server answers in the sandbox
    daemon.expect_log("warning: DNS-SD: ")
    assert SHARED_FILE.read_text() == before


def test_a_restart_without_a_change_does_not_touch_the_shared_file(bed, addresses, collector):
    first = bed.hsflowd(config(collector))
    collector.receive()
    before = written()
    first.stop()
    bed.hsflowd(config(collector))
    collector.receive()
    assert written() == before


def test_a_change_raises_the_revision_by_one(bed, addresses, collector):
    first = bed.hsflowd(config(collector))
    collector.receive()
    first.stop()
    bed.hsflowd(config(collector).replace("512", "100"))
    collector.receive()
    assert (shared_keys()["rev_start"], shared_keys()["sampling"]) == ("2", "100")


def test_an_address_change_is_followed_at_once_and_sequence_numbers_go_on(bed, addresses, collector):
    bed.hsflowd(config(collector))
    assert collector.receive()["agent_address"] == "192.0.2.1"
    run("ip", "addr", "replace", "198.51.100.7/24", "dev", "mgmt0")
    run("ip", "addr", "del", "192.0.2.1/24", "dev", "mgmt0")
    wait_for(lambda: shared_keys().get("agentIP") == "198.51.100.7", "the shared file follows")
    after = wait_for(lambda: (lambda d: d if d["agent_address"] == "198.51.100.7" else None)(collector.receive()), "the datagrams follow")
    assert after["sequence_number"] == after["samples"][0]["sequence_number"] > 1


def test_without_any_usable_address_it_waits_for_one(bed, collector):
    run("ip", "link", "set", "lo", "down")
    try:
        daemon = bed.hsflowd(config(collector))
        daemon.announce("agent address: no interface that is up has a usable address; nothing is exported until one has")
        daemon.expect_log("no interface that is up has a usable address")
        assert not SHARED_FILE.exists()
    finally:
        run("ip", "link", "set", "lo", "up")
    assert collector.receive()["agent_address"] == "127.0.0.1"


def test_sighup_reloads_a_good_file_and_keeps_the_old_settings_with_a_bad_one(bed, addresses, collector):
    daemon = bed.hsflowd(config(collector))
    collector.receive()
    (bed.directory / "hsflowd.conf").write_text(config(collector).replace("512", "many"))
    daemon.announce("error: .*hsflowd.conf:3:14: ")
    daemon.announce("not reloaded; the previous configuration stays active")
    daemon.process.send_signal(1)
    daemon.expect_log("not reloaded; the previous configuration stays active")
    assert shared_keys()["sampling"] == "512"
    (bed.directory / "hsflowd.conf").write_text(config(collector).replace("512", "77"))
    daemon.process.send_signal(1)
    wait_for(lambda: shared_keys()["sampling"] == "77", "the new sampling")
    numbers = [collector.receive()["sequence_number"] for _ in range(2)]
    assert numbers[1] == numbers[0] + 1 > 2


def test_a_bad_value_stops_the_start_with_its_place_and_exit_78(bed, addresses, collector):
    daemon = bed.hsflowd("sflow {\n  polling = 30\n  sampling = many\n  collector { ip = 127.0.0.1 }\n}\n")
    assert daemon.process.wait(DEADLINE) == 78
    assert re.search(r"hsflowd\.conf:3:14: .*many", daemon.text())
    daemon.announce("hsflowd.conf:3:14")
    assert not SHARED_FILE.exists()


def test_the_deprecated_way_to_switch_dns_sd_off_is_taken_with_a_warning(bed, addresses, collector):
    daemon = bed.hsflowd(config(collector, "DNSSD = off"))
    daemon.announce("hsflowd.conf:5:3: .*DNSSD.* is deprecated")
    daemon.expect_log("DNSSD.* is deprecated")
    collector.receive()


def test_an_unknown_key_is_a_warning_with_its_line_and_a_suggestion(bed, addresses, collector):
    daemon = bed.hsflowd(config(collector, "samplng.http = 3\n  poling = 3"))
    daemon.announce("warning: .*hsflowd.conf:")
    daemon.expect_log(r"hsflowd\.conf:6:3: .*poling.*polling")
    collector.receive()


def test_a_missing_file_is_an_error_that_names_it(bed):
    done = subprocess.run([HSFLOWD, "-f", "/nonexistent/hsflowd.conf"], text=True, stderr=subprocess.PIPE)
    assert done.returncode == 78
    assert "/nonexistent/hsflowd.conf: no such file" in done.stderr


def test_check_says_what_is_wrong_with_a_file(tmp_path):
    good = tmp_path / "good.conf"
    good.write_text("sflow { collector { ip = 192.0.2.9 } }\n")
    assert subprocess.run([HSFLOWD, "check", good]).returncode == 0
    bad = tmp_path / "bad.conf"
    bad.write_text("sflow { polling = 301 collector { ip = 192.0.2.9 } }\n")
    done = subprocess.run([HSFLOWD, "check", bad], text=True, stderr=subprocess.PIPE)
    assert done.returncode == 78
    assert done.stderr.startswith(f"{bad}:1:19: polling: found")
    good.write_text("sflow { collector { ip = 192.0.2.9 } colour = blue }\n")
    done = subprocess.run([HSFLOWD, "check", good], text=True, stderr=subprocess.PIPE)
    assert done.returncode == 0
    assert done.stderr.startswith(f"{good}:1:38: warning: unknown key `colour`")


def test_show_says_where_each_value_came_from(tmp_path):
    file = tmp_path / "a.conf"
    file.write_text("sflow {\n  sampling = 77\n  collector { ip = 192.0.2.9 }\n}\n")
    shown = run(HSFLOWD, "show", file)
    assert re.search(rf"^sampling: 77 +# {file}:2$", shown, re.M)
    assert re.search(r"^polling: 30 +# default$", shown, re.M)
    assert re.search(r"^# .*127\.0\.0\.1.*loopback", shown, re.M), "the candidates for the agent address"
    again = tmp_path / "b.yaml"
    again.write_text(shown)
    assert subprocess.run([HSFLOWD, "check", again]).returncode == 0


def test_show_says_what_the_command_line_sets_and_refuses_what_is_no_uuid(tmp_path):
    file = tmp_path / "hsflowd.conf"
    file.write_text("sflow { uuid = 00000000-0000-4000-8000-000000000001 collector { ip = 192.0.2.1 } }")
    uuid = "4c4c4544-0051-3510-8052-b4c04f4a4231"
    assert f"uuid: {uuid} # command line --uuid\n" in run(HSFLOWD, "--uuid", uuid, "show", file).replace('"', "")
    refused = subprocess.run([HSFLOWD, "--uuid", "x", "show", file], text=True, capture_output=True)
    assert refused.returncode != 0 and "--uuid: 'x' is not a UUID" in refused.stderr


def test_with_debug_the_log_has_the_answers_of_dns_and_the_revisions(bed, addresses, collector):
    daemon = bed.hsflowd(config(collector, "collector { ip = localhost  udpport = 9 }"), "-d")
    daemon.expect_log("debug: lookup of localhost: 127.0.0.1, TTL")
    daemon.expect_log("debug: /run/hsflowd/hsflowd.auto: revision 1 written")


def test_convert_goes_to_the_other_syntax_and_back(tmp_path):
    yaml, back, again = tmp_path / "b.yaml", tmp_path / "c.conf", tmp_path / "d.yaml"
    yaml.write_text(run(HSFLOWD, "convert", ROOT / "conf/hsflowd.conf"))
    back.write_text(run(HSFLOWD, "convert", yaml))
    again.write_text(run(HSFLOWD, "convert", back))
    assert back.read_text().startswith("sflow {")
    assert yaml.read_text() == again.read_text()


def test_check_prints_a_schema_for_editors():
    import json
    assert "sampling" in json.loads(run(HSFLOWD, "check", "--schema"))["properties"]


def test_the_sample_configuration_is_good():
    assert subprocess.run([HSFLOWD, "check", ROOT / "conf/hsflowd.conf"]).returncode == 0


def test_sigterm_ends_it_with_0_within_a_second_and_leaves_the_shared_file(bed, addresses, collector, tmp_path):
    def start():
        daemon = bed.hsflowd(config(collector), "-p", tmp_path / "hsflowd.pid")
        collector.receive()
        wait_for((tmp_path / "hsflowd.pid").exists, "the pid file")
        assert int((tmp_path / "hsflowd.pid").read_text()) == daemon.pid

    start()
    assert at_best(1.0, lambda: bed.ours[-1].stop(), again=start) == 0
    assert SHARED_FILE.exists()
    assert not (tmp_path / "hsflowd.pid").exists()


def test_it_tells_systemd_that_it_is_ready_what_it_does_and_when_it_stops(bed, addresses, collector, tmp_path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
        notify.bind(str(tmp_path / "notify"))
        notify.settimeout(DEADLINE)
        daemon = bed.hsflowd(config(collector), env={"NOTIFY_SOCKET": str(tmp_path / "notify")})
        assert b"STATUS=agent 192.0.2.1" in notify.recv(4096)
        assert b"READY=1" in notify.recv(4096)
        daemon.stop()
        assert b"STOPPING=1" in notify.recv(4096)


def test_it_sleeps_between_polls(bed, collector):
    daemon = bed.hsflowd(config(collector, polling=300))
    collector.receive()
    daemon.expect_rest(3)


def test_decode_prints_our_own_datagrams_as_json(bed, addresses, tmp_path):
    import json
    with open(tmp_path / "out", "wb") as out:
        decoder = subprocess.Popen([HSFLOWD, "decode", "--address", "127.0.0.1", "--port", "16343", "--count", "2"], stdout=out)
    try:
        wait_for(lambda: "127.0.0.1:16343" in run("ss", "-Hnul"), "the decoder listens")
        bed.hsflowd("sflow { polling=1 collector { ip=127.0.0.1 udpport=16343 } }")
        assert decoder.wait(DEADLINE) == 0
    finally:
        decoder.kill()
    lines = [json.loads(line) for line in (tmp_path / "out").read_text().splitlines()]
    assert [line["sequence_number"] for line in lines] == [1, 2]
    assert sorted(record["type"] for record in lines[0]["samples"][0]["records"]) == HOST_STRUCTURES


@pytest.mark.parametrize("command", [["show"], ["convert"], ["check", "--schema"]])
def test_what_cannot_be_printed_is_an_error(command):
    with open("/dev/full", "w") as full:
        done = subprocess.run([HSFLOWD, "-f", ROOT / "conf/hsflowd.conf", *command], stdout=full,
                              stderr=subprocess.PIPE, text=True)
    assert done.returncode == 1
    assert "No space left on device" in done.stderr
