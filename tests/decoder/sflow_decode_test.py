"""Tests of the decoder on what a real switch sent, of packet headers, of capture files and of the command."""

import json
import pathlib
import socket
import struct
import subprocess
import sys

import pytest

import sflow_capture
import sflow_packet
from sflow import SflowError, decode

HERE = pathlib.Path(__file__).parent
OVS_FILE = HERE / "fixtures" / "ovs-3.1.hex"
OVS = sflow_capture.read_hex(OVS_FILE.read_text())
EMPTY = bytes.fromhex("00000005 00000001 c0000201 000186a0 00000007 000004d2 00000000")  # no samples


# --- what ovs-vswitchd sends ---

def test_all_that_open_vswitch_sends_is_known():
    kinds = {(sample["type"], sample["expanded"], sample["source_id_type"],
              tuple(record["type"] for record in sample["records"]))
             for whole in OVS for sample in decode(whole, any_padding=True)["samples"]}
    assert kinds == {
        ("flow", False, 2, ("extended_switch", "sampled_header")),
        ("counters", False, 0, ("ethernet_counters", "of_port", "port_name", "if_counters")),
        ("counters", False, 2, ("app_resources", "ovs_dp_stats"))}


def test_open_vswitch_counts_datagrams_and_names_its_ports():
    decoded = [decode(whole, any_padding=True) for whole in OVS]
    assert [one["sequence_number"] for one in decoded] == list(range(1, len(OVS) + 1))
    assert {(one["agent_address"], one["sub_agent_id"]) for one in decoded} == {("127.0.0.1", 0)}
    names = {record["name"] for one in decoded for sample in one["samples"] for record in sample["records"]
             if record["type"] == "port_name"}
    assert names == {"br0", "vlan10", "vport1"}


def test_open_vswitch_leaves_old_bytes_as_padding_of_sampled_headers_only():
    refusals = []
    for whole in OVS:
        try:
            decode(whole)
        except SflowError as error:
            refusals.append(str(error))
    assert refusals and all("(sampled_header): field header: padding is not zero" in refusal for refusal in refusals)


def ovs_headers():
    return [record for whole in OVS for sample in decode(whole, any_padding=True)["samples"]
            for record in sample["records"] if record["type"] == "sampled_header"]


def test_packets_through_open_vswitch_are_dissected():
    syn = next(header for header in ovs_headers() if "tcp" in header and header["ipv4"]["src_ip"] == "192.0.2.2")
    assert syn["ethernet"]["src_mac"] == "02:00:00:00:00:12"
    assert (syn["ipv4"]["dst_ip"], syn["ipv4"]["protocol"]) == ("192.0.2.1", 6)
    assert syn["tcp"] == {"src_port": 40000, "dst_port": 7, "flags": 2}
    assert any(header.get("udp") == {"src_port": 40000, "dst_port": 7, "length": 13} for header in ovs_headers())
    assert {0, 8} <= {header["icmp"]["type"] for header in ovs_headers() if "icmp" in header}
    echo = next(header for header in ovs_headers() if header.get("icmpv6", {}).get("type") == 128)
    assert (echo["ipv6"]["src_ip"], echo["ipv6"]["dst_ip"]) == ("2001:db8::2", "2001:db8::1")
    tagged = next(header for header in ovs_headers() if "vlans" in header)
    assert tagged["vlans"] == [{"priority": 3, "dei": 0, "id": 10, "ethertype": 0x806}]
    assert tagged["arp"]["target_ip"] == "198.51.100.1"


# --- packet headers ---

MACS = bytes.fromhex("020000000001 020000000002")


def ipv4(payload, protocol=17, fragment=0, options=b""):
    length = 20 + len(options)
    return struct.pack(">BBHHHBBH4s4s", 0x40 | length // 4, 0, length + len(payload), 0, fragment, 64, protocol, 0,
                       bytes([192, 0, 2, 1]), bytes([192, 0, 2, 2])) + options + payload


def ipv6(payload, protocol=17):
    addresses = bytes(15) + b"\1" + bytes(15) + b"\2"
    return struct.pack(">IHBB", 6 << 28 | 0x1200345, len(payload), protocol, 64) + addresses + payload


def udp(payload, port=6343):
    return struct.pack(">HHHH", 40000, port, 8 + len(payload), 0) + payload


def test_two_tags_are_listed_outermost_first():
    frame = MACS + bytes.fromhex("88a8 e064 8100 000a 0800") + ipv4(udp(b"hello"))
    layers, payload = sflow_packet.dissect("ethernet", frame)
    assert [(vlan["id"], vlan["priority"]) for vlan in layers["vlans"]] == [(100, 7), (10, 0)]
    assert layers["udp"]["dst_port"] == 6343 and payload == b"hello"


def test_padding_of_a_short_frame_is_no_payload():
    assert sflow_packet.dissect("ethernet", MACS + b"\x08\0" + ipv4(udp(b"x")) + bytes(17))[1] == b"x"


def test_ip_options_and_extension_headers_are_skipped():
    assert sflow_packet.dissect("ipv4", ipv4(udp(b"x"), options=bytes(8)))[1] == b"x"
    hop_by_hop, destination = bytes([60, 0]) + bytes(6), bytes([17, 1]) + bytes(14)
    layers, payload = sflow_packet.dissect("ipv6", ipv6(hop_by_hop + destination + udp(b"x"), protocol=0))
    assert payload == b"x"
    assert {name: layers["ipv6"][name] for name in ("protocol", "traffic_class", "flow_label")} == {
        "protocol": 17, "traffic_class": 0x12, "flow_label": 0x345}


def test_only_the_first_fragment_has_ports():
    assert "udp" in sflow_packet.dissect("ipv4", ipv4(udp(b"x"), fragment=0x2000))[0]
    assert "udp" not in sflow_packet.dissect("ipv4", ipv4(udp(b"x"), fragment=0x2001))[0]
    assert "udp" in sflow_packet.dissect("ipv6", ipv6(bytes([17, 0, 0, 1, 0, 0, 0, 0]) + udp(b"x"), 44))[0]
    assert "udp" not in sflow_packet.dissect("ipv6", ipv6(bytes([17, 0, 0, 9, 0, 0, 0, 0]) + udp(b"x"), 44))[0]


@pytest.mark.parametrize("frame", [MACS + b"\x81\0\0\x0a\x08\0" + ipv4(bytes(12) + b"\x50\2" + bytes(6), protocol=6),
                                   MACS + b"\x86\xdd" + ipv6(bytes([17, 0]) + bytes(6) + udp(b"x"), 0)])
def test_a_header_cut_off_anywhere_has_its_whole_layers(frame):
    seen = [set(sflow_packet.dissect("ethernet", frame[:length])[0]) for length in range(len(frame) + 1)]
    assert seen[0] == set() and len(seen[-1]) > 2
    assert all(fewer <= more for fewer, more in zip(seen, seen[1:]))


# --- capture files ---

def pcap(link, *packets, order="<", magic=0xa1b2c3d4):
    header = struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, 65535, link)
    return header + b"".join(struct.pack(order + "IIII", 0, 0, len(packet), len(packet)) + packet for packet in packets)


@pytest.mark.parametrize("link, packet", [
    (1, MACS + b"\x08\0" + ipv4(udp(b"x"))),
    (1, MACS + b"\x81\0\0\x0a\x86\xdd" + ipv6(udp(b"x"))),
    (101, ipv4(udp(b"x"))),
    (101, ipv6(udp(b"x"))),
    (12, ipv4(udp(b"x"))),
    (228, ipv4(udp(b"x"))),
    (229, ipv6(udp(b"x"))),
    (113, bytes(14) + b"\x08\0" + ipv4(udp(b"x"))),
    (276, b"\x86\xdd" + bytes(18) + ipv6(udp(b"x"))),
])
@pytest.mark.parametrize("order, magic", [("<", 0xa1b2c3d4), (">", 0xa1b2c3d4), ("<", 0xa1b23c4d), (">", 0xa1b23c4d)])
def test_datagrams_are_found_under_every_link_layer(link, packet, order, magic):
    assert sflow_capture.read_pcap(pcap(link, packet, packet, order=order, magic=magic)) == [b"x", b"x"]


def test_other_traffic_in_a_capture_is_skipped():
    others = [ipv4(udp(b"x", port=53)), ipv4(b"", protocol=1), b"", b"\x60"]
    assert sflow_capture.read_pcap(pcap(101, *others, ipv4(udp(b"y")))) == [b"y"]
    assert sflow_capture.read_pcap(pcap(101, *others), port=53) == [b"x"]


@pytest.mark.parametrize("capture, message", [
    (pcap(101, ipv4(udp(b"hello"))[:-2]), "packet 1: 3 of 5 bytes of the datagram were captured"),
    (pcap(101, ipv4(udp(b"hello"), fragment=0x2000)), "packet 1: an IP fragment"),
    (pcap(101, ipv4(udp(b"hello")))[:-1], "packet 1: cut off"),
    (pcap(101) + bytes(15), "packet 1: cut off"),
    (pcap(0, bytes(40)), "packet 1: link type 0 is not supported"),
    (bytes.fromhex("0a0d0d0a") + bytes(28), "pcapng"),
    (b"", "not a pcap file"),
    (pcap(101)[:23], "not a pcap file"),
])
def test_a_capture_that_would_hide_something_is_refused(capture, message):
    with pytest.raises(sflow_capture.CaptureError, match=message):
        sflow_capture.read_pcap(capture)


def test_hex_lines_may_have_comments_between_them():
    assert sflow_capture.read_hex("# from a test\n\n0001\n  AbcD \n") == [b"\0\1", b"\xab\xcd"]
    with pytest.raises(sflow_capture.CaptureError, match="line 2: not hexadecimal"):
        sflow_capture.read_hex("00\n0x01\n")


# --- the command ---

def command(*arguments):
    return [sys.executable, "-B", str(HERE / "sflow_decode.py"), *map(str, arguments)]


def run(*arguments):
    return subprocess.run(command(*arguments), capture_output=True, text=True, timeout=30, check=False)


def test_the_command_prints_one_json_line_a_datagram():
    done = run("--any-padding", "--hex", OVS_FILE)
    assert (done.returncode, done.stderr) == (0, "")
    assert [json.loads(line) for line in done.stdout.splitlines()] == [decode(whole, any_padding=True) for whole in OVS]


def test_the_command_stops_at_the_first_malformed_datagram(tmp_path):
    file = tmp_path / "datagrams.hex"
    file.write_text(f"{EMPTY.hex()}\n{EMPTY.hex()}00\n{EMPTY.hex()}\n")
    done = run("--hex", file)
    assert (done.returncode, done.stderr) == (1, "datagram 2: 1 bytes left over at offset 28\n")
    assert len(done.stdout.splitlines()) == 1


def test_the_command_reads_a_capture(tmp_path):
    file = tmp_path / "capture.pcap"
    file.write_bytes(pcap(101, ipv4(udp(EMPTY)), ipv4(udp(EMPTY, port=7000))))
    assert json.loads(run(file).stdout) == json.loads(run("--port", 7000, file).stdout) == decode(EMPTY)
    assert run(tmp_path / "none.pcap").returncode == 1


@pytest.mark.parametrize("address, family", [("127.0.0.1", socket.AF_INET), ("::1", socket.AF_INET6)])
def test_the_command_listens(address, family):
    with subprocess.Popen(command("--port", 0, "--address", address, "--count", 2, "--seconds", 30),
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as listener:
        port = int(listener.stderr.readline().split()[-1])
        with socket.socket(family, socket.SOCK_DGRAM) as sender:
            sender.sendto(EMPTY, (address, port))
            assert json.loads(listener.stdout.readline()) == decode(EMPTY)
            sender.sendto(EMPTY[:-1], (address, port))
        assert listener.wait(30) == 1
        assert listener.stderr.read() == "datagram 2: field number of samples: 1 bytes missing at offset 27\n"


def test_fewer_datagrams_than_wanted_in_the_time_are_an_error():
    done = run("--port", 0, "--count", 1, "--seconds", 0.05)
    assert (done.returncode, done.stderr.splitlines()[-1]) == (1, "0 of 1 datagrams in 0.05 s")
    assert run("--port", 0, "--seconds", 0.05).returncode == 0
