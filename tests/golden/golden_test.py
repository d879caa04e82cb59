"""The fixture hosts through the real sources and the real encoder, checked by the independent decoder.

The expected JSON beside this file was reviewed against the fixtures. After an intended change:
    BUILD_DIR=build/debug /usr/bin/python3 -m pytest tests/golden --update
"""

import json
import os
import pathlib
import struct
import subprocess
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
TESTS = HERE.parent
BUILD = pathlib.Path(os.environ.get("BUILD_DIR", TESTS.parent / "build/debug"))
HOSTS = sorted(entry.name for entry in (TESTS / "fixtures/hosts").iterdir() if entry.is_dir())
WITHOUT_INTERFACES = {"container", "multipath-lvm-md"}  # none that is exported
INTERFACES = [f"{host}.interfaces" for host in HOSTS if host not in WITHOUT_INTERFACES]

sys.path.insert(0, str(TESTS / "decoder"))
import sflow  # noqa: E402


@pytest.fixture(scope="module")
def datagrams():
    """Fixture host -> its datagrams."""
    done = subprocess.run([BUILD / "tests/golden/encode_hosts", TESTS / "fixtures/hosts"], text=True, check=True,
                          stdout=subprocess.PIPE)
    result = {}
    for line in done.stdout.splitlines():
        host, datagram = line.split()
        result.setdefault(host, []).append(bytes.fromhex(datagram))
    return result


@pytest.mark.parametrize("host", HOSTS + INTERFACES)
def test_the_samples_of_a_fixture_host_decode_to_the_reviewed_values(datagrams, host, request):
    decoded = [sflow.decode(datagram) for datagram in datagrams[host]]
    golden = HERE / f"{host}.json"
    text = json.dumps(decoded, indent=1) + "\n"
    if request.config.getoption("--update"):
        golden.write_text(text)
    assert text == golden.read_text()


@pytest.mark.parametrize("host", HOSTS)
def test_a_sample_in_parts_has_the_same_records_as_the_whole(datagrams, host):
    whole, *parts = [sflow.decode(datagram) for datagram in datagrams[host]]
    in_parts = [record for part in parts for sample in part["samples"] for record in sample["records"]]
    # A list of many adapters does not fit so small a datagram, and is left out.
    expected = [record for record in whole["samples"][0]["records"] if len(record.get("adapters", [])) < 16]
    assert in_parts == expected
    assert all(len(datagram) <= 300 for datagram in datagrams[host][1:])


def test_only_hosts_without_an_interface_have_no_samples_of_interfaces(datagrams):
    assert {host for host in HOSTS if f"{host}.interfaces" not in datagrams} == WITHOUT_INTERFACES


def test_every_registered_source_is_in_a_golden():
    registered = subprocess.run([BUILD / "tests/golden/encode_hosts", "--sources"], text=True, check=True,
                                stdout=subprocess.PIPE).stdout.split()
    seen = {record["type"] for host in HOSTS for datagram in json.loads((HERE / f"{host}.json").read_text())
            for sample in datagram["samples"] for record in sample["records"]}
    assert set(registered) == seen and registered


def pcap(datagrams):
    """A capture file (raw IPv4) with the datagrams, for a decoder that takes nothing else."""
    data = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 101)
    for payload in datagrams:
        udp = struct.pack(">HHHH", 50000, 6343, 8 + len(payload), 0) + payload
        ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0, bytes([192, 0, 2, 1]), bytes([192, 0, 2, 2]))
        data += struct.pack("<IIII", 0, 0, len(ip + udp), len(ip + udp)) + ip + udp
    return data


def test_tshark_sees_the_same_framing(datagrams, tmp_path):
    """tshark does not know the host structures, and says so of the first; what frames them it does know."""
    everything = [datagram for host in HOSTS + INTERFACES for datagram in datagrams[host]]
    (tmp_path / "hosts.pcap").write_bytes(pcap(everything))
    fields = ["sflow_245.version", "sflow_245.agent", "sflow_245.agent.v6", "sflow_245.sub_agent_id",
              "sflow_245.sequence_number", "sflow_245.sysuptime", "sflow_245.numsamples"]
    done = subprocess.run(["tshark", "-n", "-r", tmp_path / "hosts.pcap", "-d", "udp.port==6343,sflow", "-T", "fields",
                           *[word for field in fields for word in ("-e", field)]],
                          text=True, check=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    seen = [line.split("\t") for line in done.stdout.splitlines()]
    expected = []
    for datagram in map(sflow.decode, everything):
        v4 = "." in datagram["agent_address"]
        expected.append(["5", datagram["agent_address"] if v4 else "", "" if v4 else datagram["agent_address"],
                         str(datagram["sub_agent_id"]), str(datagram["sequence_number"]), str(datagram["uptime"]),
                         str(len(datagram["samples"]))])
    assert seen == expected
