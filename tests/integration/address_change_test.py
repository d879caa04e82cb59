"""A change of the host's address, through both daemons and a real ovsdb-server, timed."""

import contextlib
import statistics
import threading
import time

import pytest

from testbed import SLOW, Monitor, run, shared_keys, sflow_of, status, vsctl, wait_for
from testbed import hsflowd_config as config

WITHIN = 0.100 * SLOW  # seconds

# What happens, and the address that is to be the agent's then.
CHANGES = {
    "another address in its place": (["addr del 193.0.0.1/24 dev mgmt0", "addr add 193.0.1.7/24 dev mgmt0"], "193.0.1.7"),
    "one that the configuration prefers": (["addr add 198.18.0.7/24 dev spare0"], "198.18.0.7"),
}


@pytest.fixture
def interfaces():
    """mgmt0 has the agent address; spare0 has a private one and the lower ifIndex."""
    for name, address in ("spare0", "10.9.9.9/24"), ("mgmt0", "193.0.0.1/24"):
        run("ip", "link", "add", name, "type", "veth", "peer", "name", f"{name}-peer")
        run("ip", "addr", "add", address, "dev", name)
        run("ip", "link", "set", f"{name}-peer", "up")
        run("ip", "link", "set", name, "up")
    run("ip", "-6", "addr", "add", "2001:db8::1/64", "dev", "mgmt0", "nodad")
    yield
    for name in "spare0", "mgmt0":
        run("ip", "link", "del", name, check=False)


def change(*commands):
    """By one process, so that they come within 20 ms."""
    run("bash", "-c", "ip -batch - << END\n" + "\n".join(commands) + "\nEND")


def replace_address(old, new):
    change(f"addr del {old}/24 dev mgmt0", f"addr add {new}/24 dev mgmt0")


class Watcher(threading.Thread):
    """Notes when `see` returned: each place is watched by a thread of its own, so that none delays another."""

    def __init__(self, see):
        super().__init__(daemon=True)
        self.see, self.at = see, None
        self.start()

    def run(self):
        self.see()
        self.at = time.monotonic()

    def seconds_since(self, begin):
        self.join()
        assert self.at is not None
        return self.at - begin


def sees_datagram(collector, address):
    return Watcher(lambda: wait_for(lambda: collector.receive()["agent_address"] == address, "the datagram"))


def sees_file(address):
    return Watcher(lambda: wait_for(lambda: shared_keys()["agentIP"] == address, "the shared file"))


def sees_row(monitor, address):
    return Watcher(lambda: next(True for table, _, _, new in monitor.updates()
                                if table == "sFlow" and new and new["agent"] == address))


@pytest.mark.parametrize("commands, address", CHANGES.values(), ids=CHANGES.keys())
def test_an_address_change_is_in_datagrams_shared_file_and_row_within_100_ms(ovs, interfaces, collector, commands, address):
    vsctl("add-br", "br0", "--", "set", "bridge", "br0", "datapath_type=dummy")
    ovs.hsflowd(config(collector, "agent.cidr = 198.18.0.0/15", polling=300))
    ovs.sflowovsd()
    last = collector.receive()
    assert last["agent_address"] == "193.0.0.1"
    wait_for(lambda: (sflow_of("br0") or {}).get("agent") == "193.0.0.1", "the row")
    with contextlib.closing(Monitor({"sFlow": {"columns": ["agent"]}})) as monitor:
        watchers = {"datagram": sees_datagram(collector, address), "shared file": sees_file(address),
                    "row": sees_row(monitor, address)}
        begin = time.monotonic()
        change(*commands)
        seconds = {what: watcher.seconds_since(begin) for what, watcher in watchers.items()}
    print("; ".join(f"{what}: {after * 1000:.1f} ms" for what, after in seconds.items()), "after the change")
    assert max(seconds.values()) < WITHIN
    assert status()["agent_address"]["address"] == address


def test_an_address_that_is_replaced_is_not_seen_as_gone(bed, interfaces, collector):
    bed.hsflowd(config(collector, polling=300))
    collector.receive()
    replace_address("193.0.0.1", "193.0.0.2")
    assert collector.receive()["agent_address"] == "193.0.0.2"
    assert shared_keys()["rev_start"] == "2", "nothing else was published in between"


def test_an_address_that_changes_again_and_again_causes_one_more_poll_a_second(bed, interfaces, collector):
    bed.hsflowd(config(collector, polling=300))
    collector.receive()
    begin = time.monotonic()
    datagrams = []
    for change in range(30):
        old, new = (1, 2) if change % 2 == 0 else (2, 1)
        replace_address(f"193.0.0.{old}", f"193.0.0.{new}")
        wait_for(lambda: shared_keys()["agentIP"] == f"193.0.0.{new}", "the shared file follows each change")
        datagrams += collector.drain()
    replace_address("193.0.0.1", "193.0.1.7")
    while not datagrams or datagrams[-1]["agent_address"] != "193.0.1.7":
        datagrams.append(collector.receive())
    seconds = time.monotonic() - begin
    print(f"31 changes within {seconds:.1f} s: {len(datagrams)} datagrams")
    assert 1 <= len(datagrams) <= seconds + 2  # one at once, one a second, and perhaps a regular one


GONE = {
    "the address is removed": "ip addr del 193.0.0.1/24 dev mgmt0",
    "the interface goes down": "ip link set mgmt0 down",
    "the interface is deleted": "ip link del mgmt0",
}


@pytest.mark.parametrize("command", GONE.values(), ids=GONE.keys())
def test_an_address_that_is_missing_is_still_the_agents_and_status_says_so(bed, interfaces, collector, command):
    bed.hsflowd(config(collector, polling=1))
    assert collector.receive()["agent_address"] == "193.0.0.1"
    run("bash", "-c", command)
    wait_for(lambda: "no interface that is up has it now" in status()["agent_address"]["why"], "the gap is noticed")
    collector.drain()
    assert collector.receive()["agent_address"] == "193.0.0.1"
    assert shared_keys()["rev_start"] == "1"


def test_a_renewal_that_takes_the_address_and_the_default_route_away_changes_nothing(bed, interfaces, collector):
    run("ip", "link", "add", "virbr0", "type", "bridge")
    run("ip", "addr", "add", "192.168.122.1/24", "dev", "virbr0")
    run("ip", "link", "set", "virbr0", "up")
    run("ip", "route", "add", "default", "via", "193.0.0.254", "dev", "mgmt0")
    try:
        bed.hsflowd(config(collector, polling=1))
        assert "the default gateway is reached from it" in candidate_of(collector, "193.0.0.1")["reason"]
        run("ip", "addr", "flush", "dev", "mgmt0", "scope", "global")
        wait_for(lambda: "no interface that is up has it now" in status()["agent_address"]["why"], "the gap is noticed")
        run("ip", "addr", "add", "193.0.0.1/24", "dev", "mgmt0")
        wait_for(lambda: "still there" in status()["agent_address"]["why"] or "the best" in status()["agent_address"]["why"],
                 "it is back")
        collector.drain()
        assert collector.receive()["agent_address"] == "193.0.0.1"
        assert shared_keys()["rev_start"] == "1"
    finally:
        run("ip", "link", "del", "virbr0")


def candidate_of(collector, address):
    collector.receive()
    return next(candidate for candidate in status()["agent_address"]["candidates"] if candidate["address"] == address)


UPLINK = """
        ip link add wire7 type veth peer name wire8
        ip link set wire8 up
        ip link set wire7 up
        ip link add link wire7 name eth7 type macvlan
        ip link set eth7 up"""
BR_EX = f"""{UPLINK}
        ip link add br-ex type bridge
        ip link set eth7 master br-ex
        ip link set br-ex up
        ip addr add 192.168.10.11/24 dev br-ex"""
GUESTS = """
        ip link add docker0 type bridge
        ip addr add 172.17.0.1/16 dev docker0
        ip link set docker0 up"""
HOSTS = {  # the address of each is 192.168.10.11
    "a bridge with an uplink": GUESTS + BR_EX,
    "the same with a default route": GUESTS + BR_EX + """
        ip route add default via 192.168.10.1 dev br-ex""",
    "a management network behind which the collectors are": GUESTS + UPLINK + """
        ip addr add 192.168.10.11/24 dev eth7
        ip route add 198.18.0.9/32 via 192.168.10.1 dev eth7""",
    "an overlay": """
        ip tuntap add tailscale0 mode tun
        ip addr add 100.101.102.103/32 dev tailscale0
        ip link set tailscale0 up""" + BR_EX,
}


@pytest.mark.parametrize("commands", HOSTS.values(), ids=HOSTS.keys())
def test_the_agent_address_is_that_of_the_host_and_not_of_its_guests(bed, collector, commands):
    try:
        run("bash", "-ec", commands)
        bed.hsflowd(config(collector, "collector { ip = 198.18.0.9 }", polling=300)).tolerate("collector 198.18.0.9 .*: send: ")
        assert collector.receive()["agent_address"] == "192.168.10.11"
    finally:
        for name in "docker0", "br-ex", "eth7", "wire7", "tailscale0":
            run("ip", "link", "del", name, check=False)


def test_a_default_route_that_comes_after_the_address_is_noticed_once(bed, interfaces, collector):
    run("ip", "link", "add", "br-ex", "type", "veth", "peer", "name", "br-ex-peer")
    run("ip", "link", "set", "br-ex-peer", "up")
    try:
        run("ip", "addr", "add", "10.20.0.11/24", "dev", "br-ex")
        run("ip", "link", "set", "br-ex", "up")
        bed.hsflowd(config(collector, polling=300))
        assert collector.receive()["agent_address"] == "193.0.0.1"
        run("ip", "route", "add", "default", "via", "10.20.0.1", "dev", "br-ex")
        assert collector.receive()["agent_address"] == "10.20.0.11"
        run("ip", "route", "replace", "default", "via", "193.0.0.254", "dev", "mgmt0")
        run("ip", "addr", "add", "10.20.0.12/24", "dev", "br-ex")
        wait_for(lambda: "10.20.0.12" in {candidate["address"] for candidate in status()["agent_address"]["candidates"]}, "it is seen")
        assert status()["agent_address"]["address"] == "10.20.0.11"
    finally:
        run("ip", "link", "del", "br-ex")


def test_a_restart_keeps_the_address_although_a_better_one_has_come(bed, interfaces, collector):
    first = bed.hsflowd(config(collector, polling=300))
    assert collector.receive()["agent_address"] == "193.0.0.1"
    run("ip", "addr", "add", "193.0.0.9/24", "dev", "spare0")  # at a lower ifIndex
    first.stop()
    second = bed.hsflowd(config(collector, polling=300))
    assert collector.receive()["agent_address"] == "193.0.0.1"
    second.stop()
    saved = bed.directory / "state/agent-address.json"
    saved.write_text(saved.read_text().replace('"host": "', '"host": "0'))  # a copy of another host
    third = bed.hsflowd(config(collector, polling=300))
    assert collector.receive()["agent_address"] == "193.0.0.9"
    third.stop()
    saved.write_text("{")
    bed.hsflowd(config(collector, polling=300)).announce("agent address: ignoring the saved one: .*agent-address.json: ")
    assert collector.receive()["agent_address"] == "193.0.0.9"


def test_changes_of_other_addresses_cause_nothing(bed, interfaces, collector):
    bed.hsflowd(config(collector, polling=300))
    collector.receive()
    run("ip", "addr", "add", "10.1.1.1/24", "dev", "spare0")
    wait_for(lambda: "10.1.1.1" in {candidate["address"] for candidate in status()["agent_address"]["candidates"]},
             "the address was seen")
    assert collector.drain() == [] and shared_keys()["rev_start"] == "1"


def test_a_list_of_addresses_that_changes_while_it_is_read_is_no_failure(bed, interfaces, collector, tmp_path):
    """There are so many that the kernel lists them in several messages, and they change between these."""
    (tmp_path / "many").write_text("".join(f"addr add 10.1.{i // 250}.{i % 250}/32 dev spare0\n" for i in range(2000)))
    (tmp_path / "changes").write_text("addr add 10.2.0.1/32 dev spare0\naddr del 10.2.0.1/32 dev spare0\n" * 3000)
    run("ip", "-batch", tmp_path / "many")
    daemon = bed.hsflowd(config(collector, polling=300))
    assert collector.receive()["agent_address"] == "193.0.0.1"
    run("ip", "-batch", tmp_path / "changes")
    replace_address("193.0.0.1", "193.0.0.2")
    wait_for(lambda: shared_keys()["agentIP"] == "193.0.0.2", "the last change is followed")
    assert "rtnetlink" not in daemon.text()


def test_the_first_change_right_after_the_start_is_told_at_once_too(bed, interfaces, collector):
    """Ten starts: the median is what an operator sees."""
    took = []
    for old, new in [("193.0.0.1", "193.0.0.2"), ("193.0.0.2", "193.0.0.1")] * 5:
        daemon = bed.hsflowd(config(collector, polling=300))
        assert collector.receive()["agent_address"] == old
        begin = time.monotonic()
        replace_address(old, new)
        assert collector.receive()["agent_address"] == new
        took.append(time.monotonic() - begin)
        daemon.stop()
        collector.drain()
    print(f"address change to datagram: median {statistics.median(took) * 1000:.1f} ms of {len(took)}")
    assert statistics.median(took) < WITHIN
