"""Both daemons from the packages for arm64, twice: as processes of this machine's kernel (the scripts in BUILD_DIR run them with QEMU),
against its ovsdb-server and ovs-vswitchd; and booted, with systemd, Open vSwitch and the kernel of arm64. arm64.sh runs this file."""

import os
import socket
import subprocess
import sys

import pytest

from testbed import ROOT, HSFLOWD, SFLOWOVSD, add_bridge, appctl, bridge_state, hsflowd_config, run, sflow_of, shared_keys, status, vsctl, wait_for

sys.path.insert(0, str(ROOT / "tests/vm"))
from guest import Guest  # noqa: E402

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


class ArmGuest(Guest):
    """Boots the root of arm64, which it has in memory. QEMU's network hands on what the guest sends to 10.0.2.2 to this loopback."""

    def __init__(self, work):
        self.console = work / "console"
        self.buffer = b""
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(work / "agent"))
            listener.listen()
            listener.settimeout(60)
            self.qemu = subprocess.Popen([
                "setpriv", "--pdeathsig", "KILL",
                "qemu-system-aarch64", "-accel", "tcg,thread=multi", "-machine", "virt", "-cpu", "cortex-a57", "-smp", "2", "-m", "1536",
                "-kernel", os.environ["KERNEL"], "-initrd", os.environ["INITRD"],
                "-append", "rdinit=/init console=ttyAMA0 quiet systemd.show_status=0 systemd.firstboot=off net.ifnames=0",
                "-display", "none", "-nodefaults", "-serial", f"file:{self.console}",
                "-nic", "user,model=virtio-net-pci", "-device", "virtio-rng-pci", "-device", "virtio-serial-pci",
                "-chardev", f"socket,id=agent,path={work / 'agent'}", "-device", "virtserialport,chardev=agent,name=bed"],
                stdin=subprocess.DEVNULL)
            self.channel, _ = listener.accept()
        self.boot_id = self.wait_for_boot()


@pytest.mark.timeout(1200)
def test_a_booted_arm_host_sends_counters_and_packet_samples(tmp_path, collector):
    with ArmGuest(tmp_path) as guest:
        assert guest.sh("uname -m") == "aarch64"
        guest.wait_for("systemctl is-active hsflowd sflowovsd", "the services are active")
        guest.sh(f"""ip address add 10.0.2.15/24 dev eth0; ip link set eth0 up
            cat > /etc/hsflowd.conf <<< 'sflow {{ polling = 1  sampling = 1  collector {{ ip = 10.0.2.2  udpport = {collector.port} }} }}'
            systemctl reload hsflowd""")
        guest.wait_for("test \"$(ovs-vsctl get bridge br0 sflow)\" != '[]'", "br0 has sFlow")
        records = {record["type"]: record for record in next_sample(collector, "host_descr")["records"]}
        assert records["host_descr"]["machine_type"] == ARM
        assert records["host_descr"]["os_release"] == guest.sh("uname -r")
        assert records["host_cpu"]["cpu_num"] == 2
        guest.sh("ip netns exec guest1 ping -q -c 20 -i 0.1 10.1.0.2")
        assert next_sample(collector, "sampled_header")["sampling_rate"] == 1
        users = guest.sh("ps -o user:20= -p $(pidof hsflowd),$(pidof sflowovsd)")
        assert sorted(users.split()) == ["hsflowd", "sflowovsd"]


def next_sample(collector, structure):
    """The next sample that has it."""
    return wait_for(lambda: next((sample for sample in collector.receive()["samples"]
                                  if any(record["type"] == structure for record in sample["records"])), None), structure, deadline=120)
