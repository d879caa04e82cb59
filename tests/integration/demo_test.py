"""tests/demo.sh, the README's first command."""

import os
import re
import signal
import subprocess

import pytest

from testbed import BUILD, DEADLINE, ROOT, run, wait_for

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
    changed = shown[shown.index("] A new sampling rate for all hosts, in DNS"):]
    milliseconds = int(re.search(r"^both hypervisors had it (\d+) ms after", changed, re.M)[1])
    assert milliseconds < 2500
    assert len(re.findall(r"^sampling +: 20$", changed, re.M)) == 2
    assert "  sampling: DNS record _sflow._udp.example.com TXT\n" in changed


def test_it_prints_host_counters_port_counters_and_packet_samples(shown):
    samples = shown[shown.index("] What the collector receives"):]
    structures = "host_adapters host_cpu host_descr host_disk_io host_memory host_net_io " \
        "mib2_icmp_group mib2_ip_group mib2_tcp_group mib2_udp_group virt_node"
    for hypervisor in (r"192\.0\.2\.1", r"192\.0\.2\.2"):
        assert len(re.findall(rf"^host +{hypervisor}/100000: .* sample \d+ with {structures}$", samples, re.M)) >= 2
    assert re.search(r"^packet +192\.0\.2\.[12]/\d: 10\.1\.0\.[12] -> 10\.1\.0\.[12] protocol 1, 246 bytes, 1 in 20$", samples, re.M)
    for hypervisor, guest in (("192.0.2.1", "host1"), ("192.0.2.2", "host2")):
        assert re.search(rf"^guest +{hypervisor}/100000: {guest} at ifIndex \d+: [1-9]\d* bytes received, [1-9]\d* sent$", samples, re.M)
    assert re.search(r"^port +192\.0\.2\.1/\d: ifIndex \d+: [1-9]\d* bytes in, [1-9]\d* bytes out$", samples, re.M)


def processes():
    """Those of other process namespaces as well: all that there are below this one."""
    return {pid for pid in os.listdir("/proc") if pid.isdigit()}


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_interrupted_it_leaves_nothing_behind(how, tmp_path):
    links, namespaces, before = run("ip", "-o", "link"), run("ip", "netns", "list"), processes()
    with open(tmp_path / "out", "w") as out:
        demo = subprocess.Popen([DEMO, "--build-dir", BUILD, "--seconds", "60"], stdout=out, stderr=out)
    wait_for(lambda: "] A new sampling rate" in (tmp_path / "out").read_text(), "the demo is well under way")
    assert len(processes() - before) > 5
    demo.send_signal(how)
    demo.wait(DEADLINE)
    wait_for(lambda: processes() <= before, "all its processes are gone")
    assert (run("ip", "-o", "link"), run("ip", "netns", "list")) == (links, namespaces)
    assert not os.path.exists("/run/demo")


UNMOUNTED_ROOT = """mkdir -p $0/{dev,etc,proc,run,sys,tmp,usr} && cd $0
for link in bin lib lib64 sbin; do ln -s usr/$link $link; done
for directory in dev etc proc sys usr; do mount --rbind /$directory $directory; done
mkdir -p .$1 && mount --bind $1 .$1
exec chroot . "${@:2}\""""
MACHINES = {  # what keeps a machine from running the demo; how to get there from here; what is said about it
    # Somebody who may read all files, because this repository may be below a directory that only root may read.
    "not root": (["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=+dac_read_search",
                  "--ambient-caps=+dac_read_search"], "must be root to create namespaces"),
    "a container": (["setpriv", "--bounding-set=-sys_admin"], "namespaces are not permitted"),
    "a container that hides a part of sysfs":
        (["unshare", "--mount", "bash", "-c", 'mount -t tmpfs tmpfs /sys/kernel; exec unshare --user --map-root-user "$@"', "-"],
         "tmpfs, sysfs or proc cannot be mounted in a new namespace"),
    "no more namespaces": (["unshare", "--user", "--map-root-user", "bash", "-c",
                            'echo 0 > /proc/sys/user/max_net_namespaces; exec "$@"', "-"], "the kernel allows no more namespaces"),
    "no tun": (["unshare", "--mount", "bash", "-c", 'mount -t tmpfs tmpfs /dev/net; exec "$@"', "-"], "/dev/net/tun is missing"),
    "a tun that is no tun": (["unshare", "--mount", "bash", "-c", 'mount --bind /dev/null /dev/net/tun; exec "$@"', "-"],
                             "/dev/net/tun is missing"),
    "a chroot whose root is not mounted": (["unshare", "--mount", "bash", "-c", UNMOUNTED_ROOT, "{directory}", ROOT],
                                           "the root directory is not a mount point"),
}


@pytest.mark.parametrize("machine", MACHINES)
def test_on_a_machine_that_cannot_run_it_one_sentence_says_why_and_nothing_is_installed_or_built(machine, tmp_path):
    prefix, reason = MACHINES[machine]
    if "--user" in " ".join(map(str, prefix)) and subprocess.run(["unshare", "--user", "true"], capture_output=True).returncode != 0:
        pytest.skip("no user namespaces here, as in a chroot (user_namespaces(7))")
    prefix = [str(word).format(directory=tmp_path) if word == "{directory}" else word for word in prefix]
    done = subprocess.run([*prefix, DEMO], text=True, capture_output=True, timeout=DEADLINE)
    assert (done.returncode, done.stdout) == (1, "[1/9] Checking this machine\n"), done.stderr
    assert re.fullmatch(rf"demo\.sh: this machine cannot run the demo: {reason}.*\n", done.stderr)


def test_a_wait_that_is_in_vain_ends_with_a_sentence(tmp_path):
    """With daemons that do nothing, so that no collector listens."""
    for daemon in ("hsflowd", "sflowovsd"):
        program = tmp_path / daemon / daemon
        program.parent.mkdir()
        program.write_text("#!/bin/sh\n")
        program.chmod(0o755)
    done = subprocess.run([DEMO, "--build-dir", tmp_path], text=True, capture_output=True, timeout=80)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == "demo.sh: gave up after 10 s waiting for the collector"
