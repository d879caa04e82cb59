"""`hsflowd decode` on datagrams that ovs-vswitchd sent, beside the independent decoder."""

import json
import socket
import struct
import subprocess

import pytest

from testbed import DEADLINE, HSFLOWD, ROOT, run, sflow, wait_for

CAPTURE = [bytes.fromhex(line) for line in (ROOT / "tests/decoder/fixtures/ovs-3.1.hex").read_text().splitlines()
           if not line.startswith("#")]


def pcap(path, datagrams, port=6343):
    """A capture file of raw IPv4 packets."""
    data = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 101)
    for payload in datagrams:
        udp = struct.pack(">HHHH", 50000, port, 8 + len(payload), 0) + payload
        packet = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0, b"\xc0\0\2\1", b"\xc0\0\2\2") + udp
        data += struct.pack("<IIII", 0, 0, len(packet), len(packet)) + packet
    path.write_bytes(data)
    return path


def decode(*arguments):
    done = subprocess.run([HSFLOWD, "decode", *map(str, arguments)], text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=DEADLINE)
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()], done.stderr


def test_datagrams_of_ovs_vswitchd_from_a_capture_file_decode_as_the_independent_decoder_says(tmp_path):
    status, ours, errors = decode(pcap(tmp_path / "ovs.pcap", CAPTURE))
    assert (status, errors) == (0, "")
    theirs = [sflow.decode(datagram, any_padding=True) for datagram in CAPTURE]
    assert len(ours) == len(theirs) > 0
    flows = counters = 0
    for our, their in zip(ours, theirs, strict=True):
        for key in "agent_address", "sub_agent_id", "sequence_number", "uptime":
            assert our[key] == their[key]
        for our_sample, their_sample in zip(our["samples"], their["samples"], strict=True):
            assert our_sample["source_class"] == their_sample["source_id_type"]
            assert our_sample["source_index"] == their_sample["source_id_index"]
            for our_record, their_record in zip(our_sample["records"], their_sample["records"], strict=True):
                if our_record["type"] == "if_counters":
                    assert our_record == their_record
                    counters += 1
                if our_record["type"] == "sampled_header" and "src_ip" in our_record:
                    packet = json.dumps(their_record)
                    for key in "src_mac", "dst_mac", "src_ip", "dst_ip":
                        assert f'"{our_record[key]}"' in packet
                    flows += 1
    assert flows > 0 and counters > 0


def test_datagrams_from_the_network_are_printed_as_they_arrive():
    decoder = subprocess.Popen([HSFLOWD, "decode", "--address", "127.0.0.1", "--port", "16343", "--count", str(len(CAPTURE))],
                               text=True, stdout=subprocess.PIPE)
    wait_for(lambda: "127.0.0.1:16343" in run("ss", "-Hnul"), "the decoder listens")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for datagram in CAPTURE:
            sender.sendto(datagram, ("127.0.0.1", 16343))
            assert json.loads(decoder.stdout.readline())["sequence_number"] == sflow.decode(datagram, any_padding=True)["sequence_number"]
    assert decoder.wait(DEADLINE) == 0


@pytest.mark.parametrize("size", [28, 100])
def test_a_datagram_that_is_cut_short_is_printed_as_far_as_it_goes_with_what_is_wrong(tmp_path, size):
    status, lines, errors = decode(pcap(tmp_path / "cut.pcap", [CAPTURE[0][:size], CAPTURE[1]]))
    assert (status, errors, len(lines)) == (0, "", 2)
    assert "byte " in json.dumps([lines[0].get("problems"), [sample.get("problems") for sample in lines[0]["samples"]]])
    assert "problems" not in json.dumps(lines[1])


@pytest.mark.parametrize("size, options", [(0, []), (3, []), (27, []), (28, ["--strict"]), (100, ["--strict"])])
def test_a_datagram_that_is_rejected_is_named_and_the_next_one_still_decoded(tmp_path, size, options):
    status, lines, errors = decode(pcap(tmp_path / "cut.pcap", [CAPTURE[0][:size], CAPTURE[1]]), *options)
    assert status == 1
    assert "192.0.2.1" in errors and "byte " in errors
    assert len(lines) == 1


def test_other_ports_are_left_out_and_a_port_can_be_chosen(tmp_path):
    file = pcap(tmp_path / "other.pcap", CAPTURE, port=7000)
    assert decode(file)[1] == []
    assert len(decode(file, "--port", 7000)[1]) == len(CAPTURE)


def test_a_file_that_is_no_capture_is_an_error_that_names_it(tmp_path):
    (tmp_path / "no.pcap").write_text("not a capture")
    status, lines, errors = decode(tmp_path / "no.pcap")
    assert (status, lines) == (1, [])
    assert "no.pcap" in errors


def test_sigterm_ends_it():
    decoder = subprocess.Popen([HSFLOWD, "decode", "--address", "127.0.0.1", "--port", "16343"])
    wait_for(lambda: "127.0.0.1:16343" in run("ss", "-Hnul"), "the decoder listens")
    decoder.terminate()
    assert decoder.wait(DEADLINE) == 0


def test_a_reader_that_goes_away_ends_it(tmp_path):
    file = pcap(tmp_path / "many.pcap", CAPTURE * 100)
    done = subprocess.run(f"{HSFLOWD} decode {file} | head -n 1", shell=True, text=True, stdout=subprocess.PIPE, timeout=DEADLINE)
    assert len(done.stdout.splitlines()) == 1
