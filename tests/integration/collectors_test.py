"""Collectors by name, in network namespaces and behind devices: a real DNS server, real namespaces."""

import contextlib
import ctypes
import json
import os
import re
import threading

import pytest
from dns_server import NameServer, SilentServer
from testbed import HSFLOWD, SHARED_FILE, Collector, at_best, run, shared_keys, status, text_of, wait_for, written

SIGHUP = 1


def config(*collectors, polling=1):
    return f"sflow {{\n  polling = {polling}\n  agentIP = 192.0.2.1\n" + "".join(
        f"  collector {{ {words} }}\n" for words in collectors) + "}\n"


def to(collector, host=None, more=""):
    return f"ip = {host or collector.address}  udpport = {collector.port}  {more}"


def first_datagram(bed, collector, text, announced=()):
    """Within a second."""
    def attempt():
        daemon = bed.hsflowd(text)
        for warning in announced:
            daemon.announce(warning)
        return collector.receive()

    return at_best(1.0, attempt, again=bed.stop)


def shared_collectors():
    """The values of the shared file's collector lines; None while there is no file."""
    if not SHARED_FILE.exists():
        return None
    return [line.split("=", 1)[1] for line in SHARED_FILE.read_text().splitlines() if line.startswith("collector=")]


@contextlib.contextmanager
def namespace(name):
    run("ip", "netns", "add", name)
    try:
        run("ip", "-n", name, "link", "set", "lo", "up")
        yield name
    finally:
        run("ip", "netns", "del", name)


class CollectorIn(Collector):
    """A collector whose socket is in a network namespace."""

    def __init__(self, name, address="127.0.0.1", port=0):
        thread = threading.Thread(target=self.open, args=(name, address, port))  # the namespace is the thread's
        thread.start()
        thread.join()

    def open(self, name, address, port):
        with open(f"/run/netns/{name}") as file:
            assert ctypes.CDLL(None, use_errno=True).setns(file.fileno(), 0) == 0, os.strerror(ctypes.get_errno())
        super().__init__(address, port)


def veth(name, peer_namespace, address, peer_address):
    """A link into a namespace, up and with addresses on both ends."""
    run("ip", "link", "add", name, "type", "veth", "peer", "name", "peer0", "netns", peer_namespace)
    run("ip", "addr", "add", address, "dev", name)
    run("ip", "link", "set", name, "up")
    run("ip", "-n", peer_namespace, "addr", "add", peer_address, "dev", "peer0")
    run("ip", "-n", peer_namespace, "link", "set", "peer0", "up")


def test_a_name_is_resolved_at_the_start_through_the_search_list_and_shared_as_an_address(bed, dns, collector):
    dns.change("c1 A 127.0.0.1")
    assert first_datagram(bed, collector, config(to(collector, "c1")))["sequence_number"] == 1
    assert shared_collectors() == [f"127.0.0.1 {collector.port}"]
    assert f"collector.details=127.0.0.1 {collector.port} name=c1\n" in SHARED_FILE.read_text()


def test_a_name_server_with_a_link_local_address_is_asked_through_its_interface(bed, tmp_path, resolver, addresses, collector):
    for device, address in ("mgmt0", "fe80::1:11"), ("wire0", "fe80::1:53"):
        run("ip", "-6", "addr", "add", f"{address}/64", "dev", device, "nodad")
    resolver.write_text("nameserver fe80::1:54%none0\nnameserver fe80::1:53%mgmt0\nsearch example.com\n")
    server = NameServer(tmp_path, "c1 A 127.0.0.1", ipv6="any")
    bed.hsflowd(config(to(collector, "c1")))
    assert collector.receive()["sequence_number"] == 1
    server.close()


def test_an_address_without_a_route_is_not_the_one_that_a_name_with_several_is_sent_to(bed, dns, collector):
    dns.change("c1 AAAA 2001:db8:ffff::1\nc1 A 127.0.0.1")
    first_datagram(bed, collector, config(to(collector, "c1.example.com")))
    assert shared_collectors() == [f"127.0.0.1 {collector.port}"]


def test_a_name_with_only_an_ipv6_address_is_sent_to_there(bed, dns):
    collector = Collector("::1")
    dns.change("c1 AAAA ::1")
    bed.hsflowd(config(to(collector, "c1.example.com")))
    collector.receive()
    collector.close()


def test_a_collector_whose_first_address_its_network_does_not_take_is_sent_to_at_the_next_without_a_loss(bed, dns):
    # The IPv6 address has a route here, so it is the first one; the namespace that it is sent from knows IPv4 only.
    dns.change("c1 AAAA 2001:db8::9\nc1 A 127.0.0.1")
    with namespace("blue"):
        run("ip", "link", "add", "mgmt0", "type", "veth", "peer", "name", "wire0")
        try:
            for device in ("mgmt0", "wire0"):  # no address of their own, whose coming would be a reason to publish again
                run("ip", "link", "set", device, "addrgenmode", "none")
            run("ip", "-6", "addr", "add", "2001:db8::1/64", "dev", "mgmt0", "nodad")
            run("ip", "link", "set", "wire0", "up")
            run("ip", "link", "set", "mgmt0", "up")
            collector = CollectorIn("blue")
            daemon = bed.hsflowd(config(to(collector, "c1.example.com", "namespace = blue")))
            assert collector.receive()["sequence_number"] == 1
            daemon.expect_log("collector c1.example.com port [0-9]+: cannot send to 2001:db8::9; switching to 127.0.0.1")
            wait_for(lambda: shared_collectors() == [f"127.0.0.1 {collector.port}"], "the shared file follows")
            assert collector.receive()["sequence_number"] == 2
            collector.close()
            daemon.stop()
        finally:
            run("ip", "link", "del", "mgmt0")


def test_a_changed_record_is_followed_at_a_reload(bed, dns):
    first, second = Collector("127.0.0.2", 16343), Collector("127.0.0.3", 16343)
    dns.change("c1 A 127.0.0.2")
    daemon = bed.hsflowd(config(to(first, "c1.example.com")))
    last = first.receive()
    dns.change("c1 A 127.0.0.3")
    daemon.process.send_signal(SIGHUP)
    assert second.receive()["sequence_number"] > last["sequence_number"]
    assert shared_collectors() == ["127.0.0.3 16343"]
    first.close()
    second.close()


def test_a_name_that_does_not_exist_is_left_out_until_it_does(bed, dns, collector):
    named = Collector("127.0.0.2")
    daemon = bed.hsflowd(config(to(collector), to(named, "late.example.com")))
    daemon.announce("lookup of late.example.com: Domain name not found")
    daemon.expect_log("lookup of late.example.com: Domain name not found")
    collector.receive()
    assert shared_collectors() == [f"127.0.0.1 {collector.port}"]
    dns.change("late A 127.0.0.2")
    named.receive()  # asked again by itself, after 5 s
    daemon.expect_log("lookup of late.example.com: recovered")
    assert shared_collectors() == [f"127.0.0.1 {collector.port}", f"127.0.0.2 {named.port}"]
    named.close()


def test_dead_collectors_delay_neither_the_start_nor_the_others_nor_the_polling(bed, silent_dns, collector):
    dead = ["ip = never.example.com", "ip = 203.0.113.1", "ip = 127.0.0.1 udpport = 9", "ip = 127.0.0.1 namespace = gone",
            "ip = 127.0.0.1 dev = gone0"]
    datagrams = [first_datagram(bed, collector, config(*dead, to(collector)), announced=[
        "collector 203.0.113.1 port 6343: send: Network is unreachable",
        "collector 127.0.0.1 port 6343: network namespace gone: No such file or directory",
        "collector 127.0.0.1 port 6343: device gone0: No such device"])]
    silent_dns.wait_for_a_question()
    datagrams += [collector.receive(), collector.receive()]
    assert [datagram["sequence_number"] for datagram in datagrams] == [1, 2, 3]
    assert collector.has_interval(1000, datagrams[2])


def test_after_a_restart_a_name_is_at_its_old_address_until_dns_answers(bed, dns, collector):
    dns.change("c1 A 127.0.0.1")
    first = bed.hsflowd(config(to(collector, "c1.example.com")))
    collector.receive()
    first.stop()
    dns.close()
    before = written()
    silent = SilentServer()
    bed.hsflowd(config(to(collector, "c1.example.com")))
    silent.wait_for_a_question()
    collector.receive()
    assert written() == before
    silent.close()


def test_after_a_reboot_without_dns_a_name_has_its_saved_address_and_status_tells_its_age(bed, dns, collector):
    dns.change("c1 A 127.0.0.1")
    first = bed.hsflowd(config(to(collector, "c1.example.com")))
    collector.receive()
    first.stop()
    dns.close()
    SHARED_FILE.unlink()  # /run is empty after a boot
    saved = bed.directory / "state/addresses.json"
    assert json.loads(saved.read_text())["names"][0]["addresses"] == ["127.0.0.1"]
    saved.write_text(re.sub(r'("answered_at": )(\d+)', lambda match: f"{match[1]}{int(match[2]) - 7200}", saved.read_text()))
    silent = SilentServer()
    daemon = bed.hsflowd(config(to(collector, "c1.example.com")))
    collector.drain()
    collector.receive()
    assert shared_keys()["collector"].startswith("127.0.0.1")
    [seen] = status()["collectors"]
    assert 7200 <= seen["saved_addresses_age_seconds"] < 7300
    assert "c1.example.com at 127.0.0.1" in run(HSFLOWD, "status") and "an address saved 2 h 0 min ago" in run(HSFLOWD, "status")
    daemon.expect_log("c1.example.com: 127.0.0.1 as saved 72.. s ago, until DNS answers")
    silent.close()


@pytest.mark.parametrize("saved", ["", "{", "null", "[]", '{"version": 1}', "\0" * 100])
def test_saved_addresses_that_are_not_what_was_saved_are_ignored_with_one_line(bed, dns, collector, saved):
    dns.change("c1 A 127.0.0.1")
    (bed.directory / "state").mkdir()
    (bed.directory / "state/addresses.json").write_text(saved)
    daemon = bed.hsflowd(config(to(collector, "c1.example.com")))
    daemon.announce("addresses of names: ignoring the saved ones: .*state/addresses.json: ")
    wait_for(lambda: "c1.example.com" in text_of(bed.directory / "state/addresses.json"), "the new ones")


def test_the_addresses_of_all_names_are_saved_also_if_they_come_at_once(bed, dns, collector):
    names = [f"c{number}.example.com" for number in range(1, 21)]
    dns.change("\n".join(f"c{number} A 127.0.0.1" for number in range(1, 21)))
    bed.hsflowd(config(*[to(collector, name) for name in names]))
    wait_for(lambda: all(f'"{name}"' in text_of(bed.directory / "state/addresses.json") for name in names), "all names are saved")


def test_collectors_in_any_order_leave_the_shared_file_alone_at_a_restart(bed, collector):
    text = config(to(collector), "ip = 127.0.0.1 udpport = 9")
    first = bed.hsflowd(text)
    collector.receive()
    first.stop()
    before = written()
    bed.hsflowd(text)
    collector.receive()
    assert written() == before


def test_a_collector_in_a_namespace_is_sent_to_from_there(bed):
    with namespace("blue"):
        here, there = Collector(port=16343), CollectorIn("blue", port=16343)
        daemon = bed.hsflowd(config(to(there, more="namespace = blue")))
        there.receive()
        there.receive()
        assert here.drain() == []
        assert shared_collectors() == ["127.0.0.1 16343"]
        assert "collector.details=127.0.0.1 16343 namespace=blue\n" in SHARED_FILE.read_text()
        # The daemon itself has stayed where it was.
        assert os.readlink(f"/proc/{daemon.pid}/ns/net") == os.readlink("/proc/self/ns/net")
        here.close()
        there.close()


def test_a_namespace_may_come_later_and_may_be_replaced_by_another_of_the_same_name(bed):
    daemon = bed.hsflowd(config("ip = 127.0.0.1 udpport = 16343 namespace = blue"))
    # The latter while the namespace's loopback is not up yet.
    daemon.announce("collector 127.0.0.1 port 16343: (network namespace blue: |send: Network is unreachable)")
    daemon.expect_log("network namespace blue: No such file or directory")
    for _ in range(2):
        with namespace("blue"):
            collector = CollectorIn("blue", port=16343)
            run("ip", "link", "add", "outer0", "type", "veth", "peer", "name", "inner0", "netns", "blue")
            collector.receive()
            collector.close()
        # Nobody holds the old one: its end of the link goes, and with it ours.
        wait_for(lambda: "outer0" not in run("ip", "-o", "link"), "the namespace is gone")


def test_a_collector_behind_a_device_is_sent_to_through_it_also_after_the_device_came_anew(bed):
    with namespace("left"), namespace("right"):
        veth("left0", "left", "198.51.100.1/24", "198.51.100.2/24")
        veth("right0", "right", "198.51.100.1/24", "198.51.100.2/24")  # its route is second to the other's
        left = CollectorIn("left", "198.51.100.2", 16343)
        right = CollectorIn("right", "198.51.100.2", 16343)
        daemon = bed.hsflowd(config(to(right, more="dev = right0")))
        right.receive()
        run("ip", "link", "del", "right0")
        daemon.announce("collector 198.51.100.2 port 16343: (send|device right0): No such device")
        daemon.expect_log("No such device")
        veth("right0", "right", "198.51.100.1/24", "198.51.100.2/24")
        right.drain()
        right.receive()
        assert left.drain() == []
        left.close()
        right.close()


def test_datagrams_come_from_the_configured_source_address_also_after_it_was_away(bed, collector):
    run("ip", "addr", "add", "198.51.100.7/32", "dev", "lo")
    daemon = bed.hsflowd(config(to(collector, more="source = 198.51.100.7")))
    assert collector.receive_from()[1] == "198.51.100.7"
    assert f"collector.details=127.0.0.1 {collector.port} source=198.51.100.7\n" in SHARED_FILE.read_text()
    # Without it nothing is sent, as nothing else was asked for.
    daemon.announce("collector 127.0.0.1 port [0-9]+: (send: (Network is unreachable|Invalid argument)|source address 198.51.100.7: Cannot assign)")
    run("ip", "addr", "del", "198.51.100.7/32", "dev", "lo")
    daemon.expect_log("source address 198.51.100.7: Cannot assign requested address")
    collector.drain()
    run("ip", "addr", "add", "198.51.100.7/32", "dev", "lo")
    assert collector.receive_from()[1] == "198.51.100.7"
    run("ip", "addr", "del", "198.51.100.7/32", "dev", "lo")
    daemon.stop()


def test_a_collector_without_an_address_of_the_family_of_its_source_says_so(bed, dns, collector):
    dns.change("c1 AAAA ::1")
    daemon = bed.hsflowd(config(to(collector), "ip = c1.example.com source = 127.0.0.1"))
    daemon.announce("lookup of c1.example.com: no IPv4 address, which the source address 127.0.0.1 needs")
    daemon.expect_log("no IPv4 address, which the source address 127.0.0.1 needs")
    wait_for(lambda: any("no IPv4 address" in problem for problem in status()["problems"]), "status says it too")


def test_the_agent_address_may_be_a_name_that_is_followed(bed, dns, collector):
    dns.change("me A 192.0.2.7")
    text = f"sflow {{ polling = 1  agentIP = me.example.com  collector {{ {to(collector)} }} }}\n"
    daemon = bed.hsflowd(text)
    wait_for(lambda: collector.receive()["agent_address"] == "192.0.2.7", "the name's address in datagrams")
    assert shared_keys()["agentIP"] == "192.0.2.7"
    # Over a restart without DNS it stays.
    daemon.stop()
    dns.close()
    before = written()
    silent = SilentServer()
    collector.drain()
    daemon = bed.hsflowd(text)
    silent.wait_for_a_question()
    assert collector.receive()["agent_address"] == "192.0.2.7"
    assert written() == before
    silent.close()


def test_a_reload_keeps_the_sockets_of_collectors_that_stay(bed, collector):
    daemon = bed.hsflowd(config(to(collector)))
    _, before = collector.socket.recvfrom(65535)
    (bed.directory / "hsflowd.conf").write_text(config("ip = 127.0.0.1 udpport = 9", to(collector)))
    daemon.process.send_signal(SIGHUP)
    wait_for(lambda: len(shared_collectors()) == 2, "the reload")
    assert [collector.socket.recvfrom(65535)[1] for _ in range(2)] == [before, before]
