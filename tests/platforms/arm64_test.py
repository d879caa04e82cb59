"""Both daemons from the packages for arm64, as processes of this machine's kernel (the scripts in BUILD_DIR run them with QEMU), against
its ovsdb-server and ovs-vswitchd. arm64.sh runs this file."""

import os
import subprocess

import pytest

from testbed import HSFLOWD, SFLOWOVSD, add_bridge, appctl, bridge_state, hsflowd_config, run, sflow_of, shared_keys, status, vsctl, wait_for

ARM = 10  # machine_type of the sFlow host structures


@pytest.fixture
def address():
    run("ip", "addr", "add", "192.0.2.1/24", "dev", "lo")
    yield "192.0.2.1"
    run("ip", "addr", "del", "192.0.2.1/24", "dev", "lo")


def test_both_say_their_version():
    assert run(HSFLOWD, "--version").startswith("hsflowd ")
    assert run(SFLOWOVSD, "--version").startswith("sflowovsd ")


def test_a_check_of_the_configuration_finds_its_mistakes(tmp_path):
    file = tmp_path / "hsflowd.conf"
    file.write_text("sflow { polling = often }\n")
    done = subprocess.run([HSFLOWD, "check", file], text=True, capture_output=True)
    assert done.returncode == os.EX_CONFIG and "hsflowd.conf:1:" in done.stderr
    assert run(HSFLOWD, "check", "/etc/hsflowd.conf") == ""  # the package's


def test_the_datagrams_are_those_of_an_arm_host(bed, address, collector):
    bed.hsflowd(hsflowd_config(collector))
    datagram = collector.receive()
    assert datagram["agent_address"] == address
    records = {record["type"]: record for record in datagram["samples"][0]["records"]}
    assert records["host_descr"]["machine_type"] == ARM
    assert records["host_descr"]["os_release"] == os.uname().release[:32]
    assert records["host_cpu"]["cpu_num"] == os.cpu_count()
    assert collector.receive()["sequence_number"] == datagram["sequence_number"] + 1


def test_the_switch_follows_the_configuration_of_hsflowd(bed, address, collector):
    bed.ovsdb_server()
    bed.vswitchd("--enable-dummy")
    add_bridge("br0")
    hsflowd = bed.hsflowd(hsflowd_config(collector))
    bed.sflowovsd()
    row = wait_for(lambda: sflow_of("br0"), "br0 has a row")
    assert (row["sampling"], row["polling"], row["agent"]) == (512, 1, address)
    assert row["targets"] == f"127.0.0.1:{collector.port}"
    vsctl("clear", "bridge", "br0", "sflow")
    add_bridge("br1")
    wait_for(lambda: sflow_of("br0") and sflow_of("br1"), "the cleared row is back, and the new bridge has it too")
    hsflowd.reload(hsflowd_config(collector).replace("512", "100"))
    wait_for(lambda: shared_keys()["sampling"] == "100" and (sflow_of("br0") or {}).get("sampling") == 100, "the new sampling")
    assert bridge_state("br0") == "sampled" and "br1" in appctl("sflow/status")
    assert status()["collectors"][0]["datagrams_sent"] > 0
