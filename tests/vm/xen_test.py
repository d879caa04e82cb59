"""The set-up of 2010 from start to end: the self-contained RPM in Xen's dom0, two guests on xenbr0, DNS-SD, both services, and a
collector. With XEN_PACKAGES=deb, the Debian packages."""

import os
import re
import subprocess
import time

import pytest
from guest import Guest
from image import image
from repository import PACKAGES, fill_repository
from samples import Samples
from testbed import BUILD, ROOT
from xen_bed import (BRIDGE, CONFIG, CPUS, DISK_MIB, DOM0, MEMORY_MIB, OUTSIDE, RPM, XenBed, mac_of, older_tapdisk_statistics,
                     tapdisk_statistics, uuid_of)

VM_STRUCTURES = ["host_adapters", "host_descr", "host_parent", "virt_cpu", "virt_disk_io", "virt_memory", "virt_net_io"]
SELF_CONTAINED = os.environ.get("XEN_PACKAGES", "rpm") == "rpm"
DEADLINE = 240.0  # seconds; an emulated dom0 on a busy machine is slow
pytestmark = [pytest.mark.timeout(1500),
              pytest.mark.skipif("WITHOUT_XEN" in os.environ, reason="--without-xen")]


def debs(tmp_path_factory):
    """Those in PACKAGES; without that, of the build under test."""
    if "PACKAGES" in os.environ:
        return PACKAGES
    directory = tmp_path_factory.mktemp("packages")
    subprocess.run([ROOT / "tests/packages/build.sh", directory], check=True, env=dict(os.environ, BUILD_DIR=str(BUILD)))
    return directory


def rpms(tmp_path_factory):
    """Of the build under test, and the same as a later release."""
    directory = tmp_path_factory.mktemp("packages")
    for release in "1", "2":
        subprocess.run([ROOT / "systemd/packages/xcp.sh", BUILD, directory], check=True, env=dict(os.environ, RELEASE=release))
    return directory


@pytest.fixture(scope="module")
def xen(tmp_path_factory):
    begin = time.monotonic()

    def passed(what):
        print(f"{what}: {time.monotonic() - begin:.0f} s", flush=True)

    if SELF_CONTAINED:
        repository = rpms(tmp_path_factory)
    else:
        repository = fill_repository(tmp_path_factory.mktemp("repository"), debs(tmp_path_factory))
    passed("the packages are made")
    image()
    passed("the image is there")
    with Guest(tmp_path_factory.mktemp("xen"), repository, xen=True) as guest:
        passed("dom0 is up")
        bed = XenBed(guest)
        try:
            bed.zone(sampling=512, polling=20)
            bed.start_guests()
            if SELF_CONTAINED:
                print(bed.install_rpm())
            else:
                bed.install_debs()
            passed("the packages are installed")
            assert bed.state_of_services() == ["inactive", "inactive"]
            bed.sh("service hsflowd start && service sflowovsd start")
            passed("the services are started")
            bed.wait_for_guests()
            passed("the guests are up")
            yield bed
        finally:
            print(bed.log()[-8000:])
        assert not bed.unannounced_warnings()


def wait_for_row(xen, sampling, polling):
    wanted = f'{sampling} {polling} ["{OUTSIDE}:6343"]'
    xen.dom0.wait_for(f"""row=$(ovs-vsctl get bridge {BRIDGE} sflow)
        test "$(echo $(ovs-vsctl get sflow $row sampling polling targets))" = '{wanted}' || {{ ovs-vsctl list sflow; false; }}""",
                      f"the row on {BRIDGE}: {wanted}")


@pytest.fixture
def samples(xen):
    """With a short interval."""
    if xen.zone(sampling=64, polling=2):
        wait_for_row(xen, 64, 2)
    samples = Samples(xen.within, DEADLINE)
    samples.read(0)
    samples.seen.clear()
    samples.flows.clear()
    return samples


def wait_for_packet_sample(xen, samples, matches):
    deadline = time.monotonic() + DEADLINE
    while not any(matches(flow) for flow in samples.flows):
        assert time.monotonic() < deadline, f"no such packet sample; the last: {samples.flows[-1:]}"
        xen.sh("ping -q -f -c 500 -s 300 10.77.0.12 > /dev/null")
        samples.read(1)


def test_the_set_up_of_2010_from_dns_to_the_collector(xen):
    xen.zone(sampling=512, polling=20)
    wait_for_row(xen, 512, 20)
    assert xen.state_of_services() == ["active", "active"]
    shown = xen.sh("ovs-vsctl list sflow")
    assert f'"{OUTSIDE}:6343"' in shown and f'agent               : "{DOM0}"' in shown
    samples = Samples(xen.within, DEADLINE)
    samples.next(uuid_of(1), begin=0)
    samples.next(uuid_of(2), begin=0)
    samples.next(None, lambda records: "host_cpu" in records and "virt_node" in records, begin=0)
    wait_for_packet_sample(xen, samples, lambda flow: flow["sampling_rate"] == 512)


def test_what_is_changed_in_dns_is_followed(xen, samples):
    wait_for_packet_sample(xen, samples, lambda flow: flow["sampling_rate"] == 64)
    samples.next(uuid_of(1))
    samples.seen.clear()
    samples.next(uuid_of(1))
    begin = time.monotonic()
    samples.next(uuid_of(1))
    assert time.monotonic() - begin < 15  # it was 20
    numbers = samples.numbers(uuid_of(1))
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))


def test_each_domain_has_a_sample_that_says_all_about_it(xen, samples):
    for number in (1, 2):
        # The first poll may be earlier than xenstored's answer.
        sample, records = samples.next(uuid_of(number), lambda records: records["host_descr"]["hostname"].startswith("vm"))
        assert sorted(records) == VM_STRUCTURES
        assert 100000 <= sample["source_id_index"] <= 149999
        assert records["host_descr"] == {"type": "host_descr", "hostname": f"vm{number}", "uuid": uuid_of(number),
                                         "machine_type": 3, "os_name": 2, "os_release": ""}
        assert records["host_parent"]["container_type"] == 2 and records["host_parent"]["container_index"] == 1
        assert records["virt_cpu"]["nr_virt_cpu"] == CPUS[number]
        assert 0 < records["virt_memory"]["memory"] <= records["virt_memory"]["max_memory"]
        assert abs(records["virt_memory"]["memory"] - (MEMORY_MIB[number] << 20)) < 2 << 20
        assert records["virt_disk_io"]["capacity"] == DISK_MIB << 20


def sample_between(xen, samples, number, read):
    """What `read` returns before and after a sample of the domain, and its records."""
    before = read(xen, number)
    samples.read(0)
    samples.next(uuid_of(number))  # perhaps from before
    _, records = samples.next(uuid_of(number))
    return before, records, read(xen, number)


def times_and_disk_counters(xen, number):
    text = xen.sh(f"""xl list vm{number} | awk 'NR == 2 {{ print $NF * 1000 }}'
        cd /sys/bus/xen-backend/devices/vbd-{xen.domain_of(number)}-51712/statistics
        cat rd_req rd_sect wr_req wr_sect""")
    return [float(word) for word in text.split()]


def test_cpu_time_and_disk_counters_are_those_of_xen(xen, samples):
    samples.next(uuid_of(1), lambda records: records["virt_disk_io"]["rd_req"] > 0 < records["virt_disk_io"]["wr_req"])
    before, records, after = sample_between(xen, samples, 1, times_and_disk_counters)
    disk = records["virt_disk_io"]
    counters = [records["virt_cpu"]["cpu_time"], disk["rd_req"], disk["rd_bytes"] / 512, disk["wr_req"], disk["wr_bytes"] / 512]
    for earlier, counter, later, precision in zip(before, counters, after, [100, 0, 0, 0, 0]):
        assert 0 < earlier - precision <= counter <= later + precision


def test_a_domain_is_joined_with_its_packets_by_the_if_index_and_the_mac(xen, samples):
    _, records = samples.next(uuid_of(2))
    [adapter] = records["host_adapters"]["adapters"]
    assert adapter["mac_addresses"] == [mac_of(2)]
    assert adapter["if_index"] == int(xen.sh(f"ovs-vsctl get interface {xen.vif_of(2)} ifindex"))

    def sent_by_the_domain(flow):
        header = next(record for record in flow["records"] if record["type"] == "sampled_header")
        return header["ethernet"]["src_mac"] == mac_of(2) and flow["input"]["value"] == adapter["if_index"]

    wait_for_packet_sample(xen, samples, sent_by_the_domain)


def vif_counters(xen, number):
    directory = f"/sys/class/net/{xen.vif_of(number)}/statistics"
    return [int(count) for count in xen.sh(f"cat {directory}/rx_bytes {directory}/tx_bytes").split()]


def test_received_is_what_the_domain_received(xen, samples):
    """vm1 broadcasts: it sends more than it receives. Its vif's own counters are the other way round."""
    (vif_rx, vif_tx), records, (after_rx, after_tx) = sample_between(xen, samples, 1, vif_counters)
    counters = records["virt_net_io"]
    assert vif_tx <= counters["rx_bytes"] <= after_tx
    assert vif_rx <= counters["tx_bytes"] <= after_rx
    assert counters["tx_bytes"] > counters["rx_bytes"] > 0


def counters_at_rest(xen, number):
    """virt_net_io and virt_disk_io of a domain as dom0's kernel has them."""
    vif = f"/sys/class/net/{xen.vif_of(number)}/statistics"
    disk = f"/sys/bus/xen-backend/devices/vbd-{xen.domain_of(number)}-51712/statistics"
    text = xen.sh(f"cat {vif}/tx_bytes {vif}/tx_packets {vif}/rx_bytes {vif}/rx_packets {disk}/rd_req {disk}/rd_sect {disk}/wr_req {disk}/wr_sect")
    values = [int(word) for word in text.split()]
    return values[:5] + [values[5] * 512, values[6], values[7] * 512]


def test_what_two_domains_sent_received_read_and_wrote_is_counted_to_the_packet_and_the_byte(xen, samples):
    """Both are paused meanwhile, so that nothing changes between two looks."""
    names = [("virt_net_io", name) for name in ("rx_bytes", "rx_packets", "tx_bytes", "tx_packets")]
    names += [("virt_disk_io", name) for name in ("rd_req", "rd_bytes", "wr_req", "wr_bytes")]
    xen.sh("xl pause vm1 && xl pause vm2")
    try:
        for number in (1, 2):
            _, records = samples.next(uuid_of(number), lambda records, number=number: records["virt_cpu"]["state"] == 3 and
                                      [records[block][name] for block, name in names] == counters_at_rest(xen, number))
            assert min(records["virt_net_io"]["rx_packets"], records["virt_disk_io"]["wr_req"]) > 10
    finally:
        xen.sh("xl unpause vm1 && xl unpause vm2")


def wait_for_disks(xen, samples, number, served):
    """A sample with the counters of the kernel's disk and exactly `served` more. The domain is paused."""
    names = ("rd_req", "rd_bytes", "wr_req", "wr_bytes")
    expected = [count + more for count, more in zip(counters_at_rest(xen, number)[4:], served)]
    assert min(expected) > 0
    _, records = samples.next(uuid_of(number), lambda records: [records["virt_disk_io"][name] for name in names] == expected)
    return records["virt_disk_io"]


def test_disks_that_tapdisks_serve_count_beside_the_one_of_the_kernel(xen, samples):
    """The tapdisks are made up: their keys in xenstore and their files in /dev/shm, which only root may read."""
    domain = xen.domain_of(2)
    million = 1000000
    xen.sh("xl pause vm2")
    try:
        wait_for_disks(xen, samples, 2, [0, 0, 0, 0])
        xen.write_shared(f"td3-4242/vbd-{domain}-51728", tapdisk_statistics(million, 8 * million, 2 * million, 9 * million, errors=3))
        xen.write_shared(f"vbd3-{domain}-51744/statistics", older_tapdisk_statistics(11, 22, 33, 44))
        xen.serve_disk(2, 51744, sectors=1024)
        xen.serve_disk(2, 51728, sectors=2048, pid=4242)
        served = [million + 11, (8 * million + 22) * 512, 2 * million + 33, (9 * million + 44) * 512]
        disks = wait_for_disks(xen, samples, 2, served)
        assert disks["capacity"] == (DISK_MIB << 20) + (1024 + 2048) * 512 and disks["errs"] == 3

        # Another tapdisk serves the disk. It counts from zero.
        xen.write_shared(f"td3-4243/vbd-{domain}-51728", tapdisk_statistics(5, 6, 7, 8, errors=1))
        xen.serve_disk(2, 51728, sectors=2048, pid=4243)
        xen.sh("rm -r /dev/shm/td3-4242")
        served = [count + more for count, more in zip(served, (5, 6 * 512, 7, 8 * 512))]
        assert wait_for_disks(xen, samples, 2, served)["errs"] == 3 + 1

        xen.sh(f"xenstore-rm /local/domain/0/backend/vbd3; rm -r /dev/shm/td3-4243 /dev/shm/vbd3-{domain}-*")
        samples.next(uuid_of(2), lambda records: records["virt_disk_io"]["capacity"] == DISK_MIB << 20)
        wait_for_disks(xen, samples, 2, served)
    finally:
        xen.sh("xl unpause vm2; xenstore-rm /local/domain/0/backend/vbd3 || true; rm -rf /dev/shm/td3-* /dev/shm/vbd3-*")


def test_dom0_is_the_host_and_no_vm(xen, samples):
    samples.next(uuid_of(1))
    samples.next(uuid_of(2))
    _, records = samples.next(None, lambda records: "virt_node" in records)
    assert {who for _, who, _, _ in samples.seen} == {None, uuid_of(1), uuid_of(2)}
    info = {key.strip(): value for key, value in (line.split(":", 1) for line in xen.sh("xl info").splitlines())}
    node = records["virt_node"]
    assert node["num_domains"] == 2
    assert node["cpus"] == int(info["nr_cpus"]) > records["host_cpu"]["cpu_num"]
    assert abs(node["memory"] - (int(info["total_memory"]) << 20)) < 1 << 20
    assert abs(node["memory_free"] - (int(info["free_memory"]) << 20)) < 16 << 20
    assert node["memory"] > records["host_memory"]["mem_total"] * 1.5


def test_a_xenstored_that_hangs_stops_no_counter(xen, samples):
    """It cannot be restarted: what it knows of the domains would be gone."""
    xen.reconfigure("sflow { DNSSD = on  xen { update.dominfo = on } }")  # it is asked at each poll
    for number in (1, 2):
        samples.next(uuid_of(number), lambda records: records["host_descr"]["hostname"].startswith("vm"))
    said = xen.log("warning").count("xenstored does not answer")
    process = xen.sh("pidof oxenstored xenstored")
    xen.sh(f"kill -STOP {process}")
    try:
        samples.read(0)
        for number in (1, 2):
            samples.next(uuid_of(number))
            _, records = samples.next(uuid_of(number))
            assert records["host_descr"]["hostname"] == f"vm{number}"
            assert records["host_adapters"]["adapters"][0]["mac_addresses"] == [mac_of(number)]
        xen.dom0.wait_for(f"test $(journalctl -q -b -u hsflowd | grep -c 'xenstored does not answer') -gt {said}", "it says so")
        recovered = xen.log("info").count("recovered")
    finally:
        xen.sh(f"kill -CONT {process}")
    xen.dom0.wait_for(f"test $(journalctl -q -b -u hsflowd | grep -c recovered) -gt {recovered}", "it asks again")
    xen.reconfigure(CONFIG)


def test_what_is_unplugged_stays_counted_and_a_domain_that_is_destroyed_ends_alone(xen, samples):
    """And comes back with its index."""
    before, plugged = samples.next(uuid_of(2))
    xen.sh("xl network-detach vm2 0 && xl block-detach vm2 xvda")
    _, records = samples.next(uuid_of(2), lambda records: "host_adapters" not in records and records["virt_disk_io"]["capacity"] == 0)
    for structure, counters in {"virt_net_io": ("rx_bytes", "tx_bytes"), "virt_disk_io": ("rd_bytes", "wr_bytes")}.items():
        for counter in counters:
            assert records[structure][counter] >= plugged[structure][counter] > 0, counter
    xen.sh("xl destroy vm2")
    samples.next(None, lambda records: records.get("virt_node", {}).get("num_domains") == 1)
    samples.seen.clear()
    for _ in range(3):
        samples.next(uuid_of(1))
    assert not samples.numbers(uuid_of(2))
    xen.create(2)
    after, records = samples.next(uuid_of(2))
    assert after["source_id_index"] == before["source_id_index"]
    xen.wait_for_guest(2)


def test_the_services_run_with_least_privilege(xen, samples):
    samples.next(uuid_of(1))
    for daemon, limit in (("hsflowd", 25), ("sflowovsd", 15)):
        process = xen.sh(f"systemctl show -P MainPID {daemon}")
        assert xen.sh(f"ps -o user:20= -p {process}") == daemon
        capabilities = xen.sh(f"sed -n 's/^Cap...:\\s*0*//p; s/^NoNewPrivs:\\s*//p' /proc/{process}/status").split()
        if SELF_CONTAINED:  # permitted and effective CAP_DAC_OVERRIDE, which it has kept itself, and no other; no new privileges
            assert capabilities == ["2", "2", "1"], capabilities
            files = set(xen.sh(f"sed -n 's#^[^/]*/#/#p' /proc/{process}/maps").splitlines())
            assert [file for file in files if not re.match("/usr/lib/sflow-agent/|/usr/lib/x86_64-linux-gnu/hsflowd/|/usr/sbin/|/dev/xen/", file)] == []
        else:
            xen.sh(f"systemd-analyze security --no-pager --threshold={limit} {daemon}.service")


def services(xen):
    """What service(8) says of each, and its main process."""
    return [(xen.sh(f"service {daemon} status > /dev/null && echo runs || echo $?"), xen.sh(f"systemctl show -P MainPID {daemon}"))
            for daemon in ("hsflowd", "sflowovsd")]


if SELF_CONTAINED:  # boot_test.py does this with the Debian packages
    def test_the_rpm_is_stopped_restarted_upgraded_booted_and_removed(xen):
        """The last of all: no guest is left when dom0 boots again."""
        xen.zone(sampling=64, polling=2)
        wait_for_row(xen, 64, 2)
        row = xen.sh(f"ovs-vsctl get bridge {BRIDGE} sflow")
        kept = xen.sh("cat /etc/hsflowd.conf")
        assert "xen" in kept

        xen.sh("service hsflowd stop && service sflowovsd stop")
        assert [state for state, _ in services(xen)] == ["3", "3"]  # not running, in the LSB
        assert xen.sh(f"ovs-vsctl get bridge {BRIDGE} sflow") == row
        xen.sh("service hsflowd start && service sflowovsd restart")
        before = services(xen)
        xen.sh("service hsflowd restart")

        xen.sh(f"{RPM} --upgrade /srv/packages/sflow-agent-xcp-*-2.x86_64.rpm")
        assert xen.sh("rpm -q --qf '%{RELEASE}' sflow-agent-xcp") == "2"
        after = services(xen)
        assert [state for state, _ in after] == ["runs", "runs"]
        assert not {process for _, process in before} & {process for _, process in after}
        wait_for_row(xen, 64, 2)
        assert xen.sh(f"ovs-vsctl get bridge {BRIDGE} sflow") == row
        assert xen.sh("cat /etc/hsflowd.conf") == kept

        assert not xen.unannounced_warnings()  # of this boot
        xen.dom0.reboot()
        xen.set_up_network()
        xen.read = 0
        xen.said = None
        xen.zone(sampling=128, polling=2)
        wait_for_row(xen, 128, 2)
        assert [state for state, _ in services(xen)] == ["runs", "runs"]
        Samples(xen.within, DEADLINE).next(None, lambda records: "virt_node" in records, begin=0)

        xen.sh(f"{RPM} --erase sflow-agent-xcp")
        assert xen.sh("ovs-vsctl --columns=_uuid list sflow") == ""
        assert [state for state, _ in services(xen)] == ["4", "4"]  # no such service
        left = xen.sh("find /usr /etc/systemd /run/sflowovsd /etc/hsflowd.auto -xdev "
                      "'(' -name '*sflowovsd*' -o -name '*hsflowd.*' -o -name hsflowd -o -name 'sflow-agent*' ')' 2> /dev/null || true")
        assert left == ""
        assert xen.sh("cat /etc/hsflowd.conf.rpmsave /etc/hsflowd.conf 2> /dev/null || true") == kept
        assert xen.sh("systemctl list-units --failed --no-legend '*flow*'") == ""
