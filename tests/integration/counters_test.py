"""Counters are true: the tests make a number of packets, errors or events, and the exported counters rise by exactly that number."""

import contextlib
import errno
import mmap
import os
import pathlib
import re
import signal
import socket
import struct
import tempfile
import time

import pytest

from testbed import BUILD, SLOW, run, status, wait_for
from testbed import hsflowd_config as config

HOST = (2, 1)
LATE = 300  # ms that a poll may be late on a busy machine
INCLUDE = "interfaces { include = t0,vx0,lo,late* }"


@pytest.fixture
def wire(addresses):
    """t0 and t1, the ends of a veth pair without any traffic of their own."""
    run("ip", "link", "add", "t0", "type", "veth", "peer", "name", "t1")
    for end in ("t0", "t1"):
        pathlib.Path(f"/proc/sys/net/ipv6/conf/{end}/disable_ipv6").write_text("1")
        run("ip", "link", "set", end, "up", "arp", "off")
    wait_for(lambda: pathlib.Path("/sys/class/net/t0/operstate").read_text() == "up\n", "the carrier")
    yield
    run("ip", "link", "del", "t0")


def index_of(name):
    return int(pathlib.Path(f"/sys/class/net/{name}/ifindex").read_text())


class Samples:
    """The counter samples that arrive, by data source."""

    def __init__(self, collector):
        self.collector = collector
        self.datagrams = 0

    def next(self, source):
        """The records of the next sample of a data source, by their types."""
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            datagram = self.collector.receive()
            self.datagrams += 1
            for sample in datagram["samples"]:
                if (sample["source_id_type"], sample["source_id_index"]) == source:
                    return {"sequence_number": sample["sequence_number"], "datagram": datagram["sequence_number"],
                            "uptime": datagram["uptime"], **{record["type"]: record for record in sample["records"]}}
        raise AssertionError(f"no sample of {source} within 10 s")

    def around(self, source, events):
        """Two samples that are read after this call and before the events, and after them."""
        self.collector.drain()
        before = self.next(source)
        events()
        # What is sent that much later was not read before the end of the events, however busy the machine is.
        end = time.clock_gettime(time.CLOCK_BOOTTIME) * 1000 + 300
        while True:
            after = self.next(source)
            if after["uptime"] > end:
                return before, after


def moved(before, after, structure):
    return {field: (value - before[structure][field]) % (1 << (64 if field.endswith("octets") else 32))
            for field, value in after[structure].items() if isinstance(value, int)}


ETHERTYPE = 0x88B5  # for experiments (IEEE 802)


def send_frames(interface, count, size):
    frame = bytes.fromhex("020000000002" "020000000001") + ETHERTYPE.to_bytes(2, "big")
    frame = frame.ljust(size, b"\0")
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as link:
        link.bind((interface, 0))
        for _ in range(count):
            try:
                link.send(frame)
            except OSError as error:
                if error.errno != errno.ENOBUFS:  # the driver dropped it
                    raise


@pytest.fixture
def samples(bed, wire, collector):
    bed.hsflowd(config(collector, INCLUDE))
    wait_for(lambda: collector.receive(), "the first datagram")
    return Samples(collector)


def test_every_frame_and_byte_that_is_received_or_sent_is_counted_once(samples):
    def traffic():
        send_frames("t1", 1000, 300)
        send_frames("t0", 500, 1000)
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETHERTYPE)) as receiver:
        receiver.bind(("t0", ETHERTYPE))  # what nobody takes is a discard
        before, after = samples.around((0, index_of("t0")), traffic)
    delta = moved(before, after, "if_counters")
    assert (delta["if_in_octets"], delta["if_in_ucast_pkts"]) == (300_000, 1000)
    assert (delta["if_out_octets"], delta["if_out_ucast_pkts"]) == (500_000, 500)
    assert [delta[f"if_{way}_{what}"] for way in ("in", "out") for what in ("errors", "discards")] == [0] * 4
    assert after["port_name"]["name"] == "t0"
    now = after["if_counters"]
    assert (now["if_index"], now["if_type"], now["if_status"], now["if_promiscuous_mode"]) == (index_of("t0"), 6, 3, 2)
    assert (now["if_speed"], now["if_direction"]) == (10_000_000_000, 1)
    assert now["if_in_broadcast_pkts"] == now["if_out_multicast_pkts"] == 2**32 - 1


def test_dropped_packets_are_discards_of_the_end_that_dropped_them(samples):
    run("ip", "link", "set", "t0", "mtu", "500")  # t0 takes no frame larger than that
    before, after = samples.around((0, index_of("t0")), lambda: send_frames("t1", 70, 1000))
    delta = moved(before, after, "if_counters")
    assert (delta["if_in_discards"], delta["if_in_octets"]) == (70, 0)
    run("ip", "link", "set", "t0", "mtu", "1500")
    run("ip", "link", "set", "t1", "mtu", "500")
    before, after = samples.around((0, index_of("t0")), lambda: send_frames("t0", 40, 1000))
    delta = moved(before, after, "if_counters")
    assert (delta["if_out_discards"], delta["if_out_octets"]) == (40, 0)


def test_packets_that_cannot_be_sent_are_errors(samples):
    run("ip", "link", "add", "vx0", "type", "vxlan", "id", "7", "remote", "203.0.113.9", "dstport", "4789")
    pathlib.Path("/proc/sys/net/ipv6/conf/vx0/disable_ipv6").write_text("1")
    run("ip", "link", "set", "vx0", "up", "arp", "off")
    try:  # there is no route to its remote end
        before, after = samples.around((0, index_of("vx0")), lambda: send_frames("vx0", 30, 200))
        delta = moved(before, after, "if_counters")
        assert (delta["if_out_errors"], delta["if_out_octets"]) == (30, 0)
    finally:
        run("ip", "link", "del", "vx0")


def test_a_link_that_goes_down_and_a_promiscuous_mode_show_in_the_next_sample(samples):
    source = (0, index_of("t0"))
    samples.next(source)
    run("ip", "link", "set", "t1", "down")
    run("ip", "link", "set", "t0", "promisc", "on")
    samples.next(source)
    now = samples.next(source)["if_counters"]
    assert (now["if_status"], now["if_promiscuous_mode"]) == (1, 1)
    run("ip", "link", "set", "t0", "down")
    samples.next(source)
    assert samples.next(source)["if_counters"]["if_status"] == 0


def test_events_of_udp_are_counted(samples):
    def events():
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as closed:
            closed.bind(("127.0.0.2", 0))
            address = closed.getsockname()
            closed.close()
            for _ in range(25):
                with contextlib.suppress(ConnectionRefusedError):
                    out.sendto(b"x", address)
    before, after = samples.around(HOST, events)
    udp, icmp = (moved(before, after, f"mib2_{group}_group") for group in ("udp", "icmp"))
    ours = after["datagram"] - before["datagram"]  # datagrams of hsflowd itself
    assert udp["udp_no_ports"] == 25
    assert udp["udp_out_datagrams"] == 25 + ours
    assert icmp["icmp_out_dest_unreachs"] == icmp["icmp_in_dest_unreachs"] == icmp["icmp_out_msgs"] == 25


def checksum(data):
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    total = (total >> 16) + (total & 0xFFFF)
    return ~(total + (total >> 16)) & 0xFFFF


def test_events_of_icmp_are_counted_and_none_in_the_place_of_another(samples):
    def events():
        with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP) as raw:
            for kind, count in ((8, 11), (17, 5)):  # echo; address mask, which Linux does not answer
                body = struct.pack(">BBHHH12x", kind, 0, 0, 1, 1)
                for _ in range(count):
                    raw.sendto(body[:2] + struct.pack(">H", checksum(body)) + body[4:], ("127.0.0.1", 0))
            raw.sendto(struct.pack(">BBHHH12x", 8, 0, 1, 1, 1), ("127.0.0.1", 0))  # a wrong checksum
    icmp = moved(*samples.around(HOST, events), "mib2_icmp_group")
    expected = {"icmp_in_msgs": 28, "icmp_in_errors": 1, "icmp_in_echos": 11, "icmp_in_echo_reps": 11,
                "icmp_in_addr_masks": 5, "icmp_out_msgs": 28, "icmp_out_echos": 12, "icmp_out_echo_reps": 11,
                "icmp_out_addr_masks": 5}
    assert {field: count for field, count in icmp.items() if count} == expected


def test_events_of_tcp_are_counted(samples):
    def events():
        with socket.socket() as server:
            server.bind(("127.0.0.1", 0))
            server.listen()
            for _ in range(9):
                with socket.create_connection(server.getsockname()) as client:
                    peer, _ = server.accept()
                    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # RST at close
                    peer.close()
                    with contextlib.suppress(ConnectionResetError):
                        client.recv(1)
            address = server.getsockname()
        for _ in range(4):
            with contextlib.suppress(ConnectionRefusedError):
                socket.create_connection(address)
    tcp = moved(*samples.around(HOST, events), "mib2_tcp_group")
    assert (tcp["tcp_active_opens"], tcp["tcp_passive_opens"], tcp["tcp_attempt_fails"]) == (13, 9, 4)
    assert tcp["tcp_estab_resets"] == 18  # both ends of nine connections
    assert tcp["tcp_out_rsts"] == 9 + 4


def physical_disks():
    """Bytes read and written so far, of all disks of the hardware together, as the kernel has them."""
    read = written = 0
    for line in pathlib.Path("/proc/diskstats").read_text().splitlines():
        words = line.split()
        path_below_a_disk = re.fullmatch(r"nvme\d+c\d+n\d+", words[2])
        if pathlib.Path(f"/sys/block/{words[2]}/device").exists() and not path_below_a_disk:
            read += int(words[5]) * 512
            written += int(words[9]) * 512
    return {"bytes_read": read, "bytes_written": written}


def write_and_read(directory, buffer):
    """Past the cache; False where the file system cannot do that."""
    with tempfile.NamedTemporaryFile(dir=directory) as named:
        try:
            file = os.open(named.name, os.O_RDWR | os.O_DIRECT)
        except OSError as error:
            if error.errno != errno.EINVAL:  # open(2)
                raise
            return False
        try:
            os.write(file, buffer)
            os.lseek(file, 0, os.SEEK_SET)
            os.readv(file, [buffer])
        finally:
            os.close(file)
    return True


def test_what_is_read_and_written_past_the_cache_is_counted_once(samples, tmp_path):
    size = 8 << 20
    buffer = mmap.mmap(-1, size)  # aligned to pages, as O_DIRECT wants

    def is_on_a_disk(directory):
        before = physical_disks()
        return write_and_read(directory, buffer) and all(physical_disks()[field] - before[field] >= size for field in before)
    directory = next(filter(is_on_a_disk, [tmp_path, "/var/tmp", BUILD]), None)
    if directory is None:
        pytest.skip("neither temporary directories nor the build directory are on a disk of this machine")
    at = [physical_disks()]

    def events():
        at.append(physical_disks())
        assert write_and_read(directory, buffer)
        at.append(physical_disks())
    before, after = samples.around(HOST, events)
    at.append(physical_disks())
    for field in ("bytes_read", "bytes_written"):
        start, begin, end, stop = (now[field] for now in at)
        assert end - begin >= size
        # Others use the disks too: what they do lies between these.
        assert end - begin <= after["host_disk_io"][field] - before["host_disk_io"][field] <= stop - start


def test_processor_time_is_counted_within_the_time_that_passed(samples):
    cpus = os.cpu_count()

    def events():
        end = time.process_time() + 0.5
        while time.process_time() < end:
            sum(range(10_000))
    begin = time.monotonic()
    before, after = samples.around(HOST, events)
    cpu = moved(before, after, "host_cpu")
    passed_ms = (time.monotonic() - begin) * 1000
    # Where the clock is not read without the kernel, a part of that is its time.
    busy = sum(cpu[f"cpu_{state}"] for state in ("user", "nice", "system"))
    assert 0.5 * 1000 - 100 <= busy <= passed_ms * cpus + 100
    total = busy + sum(cpu[f"cpu_{state}"] for state in ("idle", "wio", "intr", "sintr", "steal"))
    assert total <= (passed_ms + 1500) * cpus


def polled_interfaces():
    return next(kind["count"] for kind in status()["data_sources"] if kind["name"] == "interfaces")


def test_interfaces_that_come_change_their_name_and_go_are_noticed_at_once(samples):
    before = wait_for(polled_interfaces, "interfaces")

    def seconds_until(count):
        begin = time.monotonic()
        wait_for(lambda: polled_interfaces() == count, f"{count} interfaces")
        return time.monotonic() - begin
    run("ip", "link", "add", "late0", "type", "veth", "peer", "name", "other0")
    assert seconds_until(before + 1) < 2 * SLOW
    source = (0, index_of("late0"))
    assert samples.next(source)["port_name"]["name"] == "late0"
    run("ip", "link", "set", "late0", "name", "late1")
    samples.next(source)
    now = samples.next(source)
    assert now["port_name"]["name"] == "late1" and now["sequence_number"] == 3
    run("ip", "link", "set", "late1", "name", "hidden")
    assert seconds_until(before) < 2 * SLOW
    run("ip", "link", "set", "hidden", "name", "late2")
    assert seconds_until(before + 1) < 2 * SLOW
    assert samples.next(source)["sequence_number"] in (4, 5)  # it goes on
    run("ip", "link", "del", "late2")
    assert seconds_until(before) < 2 * SLOW


def test_a_reload_changes_which_interfaces_are_exported(bed, wire, collector):
    daemon = bed.hsflowd(config(collector, INCLUDE))
    collector.receive()
    assert polled_interfaces() == 2  # t0 and loopback
    daemon.reload(config(collector, "interfaces { include = t?  exclude = t1 }"))
    assert polled_interfaces() == 1
    daemon.reload(config(collector))
    assert polled_interfaces() == 0


def test_polls_are_spread_over_the_interval_each_source_exactly_an_interval_apart(bed, addresses, collector):
    for i in range(8):
        run("ip", "link", "add", f"late{i}", "type", "veth", "peer", "name", f"far{i}")
    bed.hsflowd(config(collector, INCLUDE, polling=3))
    times, per_datagram = {}, []
    deadline = time.monotonic() + 30
    while not (len(times) >= 10 and all(len(seen) >= 3 for seen in times.values())):
        assert time.monotonic() < deadline
        datagram = collector.receive()
        per_datagram.append(len(datagram["samples"]))
        for sample in datagram["samples"]:
            source = (sample["source_id_type"], sample["source_id_index"])
            times.setdefault(source, []).append((datagram["uptime"], sample["sequence_number"]))
    for source, seen in times.items():
        assert [number for _, number in seen] == list(range(1, len(seen) + 1)), source
        gaps = [later - earlier for (earlier, _), (later, _) in zip(seen[source == HOST:], seen[1 + (source == HOST):])]
        assert all(abs(gap - 3000) <= LATE for gap in gaps), (source, gaps)
    assert max(per_datagram) <= 8  # ten sources in three seconds: not more than fall in two of them


def polls_of_the_host(collector, count):
    """When, in ms, and with which sequence numbers."""
    polls = []
    while len(polls) < count:
        datagram = collector.receive()
        polls += [(datagram["uptime"], sample["sequence_number"]) for sample in datagram["samples"]
                  if (sample["source_id_type"], sample["source_id_index"]) == HOST]
    return polls


def test_a_stopped_daemon_makes_neither_a_burst_nor_a_gap(bed, wire, collector):
    daemon = bed.hsflowd(config(collector, INCLUDE))
    last, number = polls_of_the_host(collector, 3)[-1]
    daemon.process.send_signal(signal.SIGSTOP)
    time.sleep(2.5)  # nothing comes: there is nothing to wait for
    collector.drain()
    daemon.process.send_signal(signal.SIGCONT)
    polls = polls_of_the_host(collector, 4)
    # One of the polls that were missed is made at once, in the middle between two regular ones; the others are not made up
    # for; then it goes on where it was.
    late = [(at - last + 500) % 1000 - 500 for at, _ in polls[1:]]
    assert all(abs(by) <= LATE for by in late), late
    assert polls[-1][0] - polls[0][0] <= 3000 + LATE
    assert [sequence_number for _, sequence_number in polls] == list(range(number + 1, number + 5))


def test_polls_wait_for_no_clock_that_can_be_set_nor_one_that_goes_on_in_suspend(bed, collector):
    daemon = bed.hsflowd(config(collector, "agentIP = 192.0.2.1"))
    collector.receive()
    process = pathlib.Path(f"/proc/{daemon.pid}")
    timers = [file.name for file in (process / "fd").iterdir() if "timerfd" in os.readlink(file)]
    clocks = {re.search(r"^clockid: (\d+)", (process / "fdinfo" / timer).read_text(), re.M)[1] for timer in timers}
    assert clocks == {str(time.CLOCK_MONOTONIC)}
