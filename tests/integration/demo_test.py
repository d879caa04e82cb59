"""tests/demo.sh, the README's first command."""

import os
import re
import signal
import subprocess

import pytest

from testbed import BUILD, ROOT, run, wait_for

DEMO = ROOT / "tests/demo.sh"


@pytest.fixture(scope="module")
def shown():
    done = subprocess.run([DEMO, "--build-dir", BUILD, "--seconds", "8"], text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=80)
    assert done.returncode == 0, done.stdout
    return re.sub(r"\x1b\[\d*m", "", done.stdout)


def test_it_shows_the_row_that_ovs_vsctl_lists(shown):
    row = shown[shown.index("$ ovs-vsctl list sflow"):]
    assert re.search(r'agent +: "192\.0\.2\.1"\n', row)
    assert re.search(r"external_ids +: \{managed-by=sflowovsd\}\n", row)
    assert re.search(r"polling +: 3\n", row)
    assert re.search(r"sampling +: 50\n", row)
    assert re.search(r'targets +: \["192\.0\.2\.9:6343"\]\n', row)
    uuid = re.search(r"_uuid +: (\S+)", row)[1]
    assert sorted(re.findall(rf"name +: (\w+)\nsflow +: {uuid}\n", row))[:2] == ["br0", "br1"]


def test_it_adds_a_third_bridge_and_says_how_soon_it_had_sflow(shown):
    milliseconds = float(re.search(r"^br2 had sFlow ([\d.]+) ms after", shown, re.M)[1])
    assert 0 < milliseconds < 1000
    assert re.search(r"name +: br2\nsflow +: [0-9a-f-]{36}\n", shown)


def test_it_configures_both_hypervisors_from_dns(shown):
    assert "dns-sd { domain = example.com  min-ttl = 1 }" in shown
    assert re.search(r"\$ hsflowd dnssd example.com\n_sflow._udp.example.com\n  SRV, TTL 1 s, .*\n    192.0.2.9, TTL 1 s\n", shown)
    row = shown[shown.index("$ on_hv2 ovs-vsctl list sflow"):]
    assert re.search(r'agent +: "192\.0\.2\.2"\n(.*\n)*polling +: 3\nsampling +: 50\n', row)


def test_it_changes_a_record_and_shows_the_rows_of_both_hypervisors_follow(shown):
    changed = shown[shown.index("== A new sampling rate for all, in DNS"):]
    milliseconds = int(re.search(r"^both hypervisors had it (\d+) ms after", changed, re.M)[1])
    assert milliseconds < 2500
    assert len(re.findall(r"^sampling +: 20$", changed, re.M)) == 2
    assert "  sampling: DNS record _sflow._udp.example.com TXT\n" in changed


def test_it_prints_host_counters_port_counters_and_packet_samples(shown):
    samples = shown[shown.index("== What the collector gets"):]
    structures = "host_adapters host_cpu host_descr host_disk_io host_memory host_net_io " \
        "mib2_icmp_group mib2_ip_group mib2_tcp_group mib2_udp_group"
    for hypervisor in (r"192\.0\.2\.1", r"192\.0\.2\.2"):
        assert len(re.findall(rf"^host +{hypervisor}/100000: .* sample \d+ with {structures}$", samples, re.M)) >= 2
    assert re.search(r"^packet +192\.0\.2\.[12]/\d: 10\.1\.0\.[12] -> 10\.1\.0\.[12] protocol 1, 246 bytes, 1 in 20$", samples, re.M)
    assert re.search(r"^port +192\.0\.2\.1/\d: ifIndex \d+: [1-9]\d* bytes in, [1-9]\d* bytes out$", samples, re.M)


def processes():
    """Those of other process namespaces as well: all that there are below this one."""
    return {pid for pid in os.listdir("/proc") if pid.isdigit()}


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_interrupted_it_leaves_nothing_behind(how, tmp_path):
    links, namespaces, before = run("ip", "-o", "link"), run("ip", "netns", "list"), processes()
    with open(tmp_path / "out", "w") as out:
        demo = subprocess.Popen([DEMO, "--build-dir", BUILD, "--seconds", "60"], stdout=out, stderr=out)
    wait_for(lambda: "== A new sampling rate" in (tmp_path / "out").read_text(), "the demo is well under way", deadline=30)
    assert len(processes() - before) > 5
    demo.send_signal(how)
    demo.wait(5)
    wait_for(lambda: processes() <= before, "all its processes are gone")
    assert (run("ip", "-o", "link"), run("ip", "netns", "list")) == (links, namespaces)
    assert not os.path.exists("/run/demo")
