"""hsflowd on a hypervisor of libvirt and QEMU."""

import json
import os
import pathlib
import signal
import time

import pytest

from kvm_bed import MODULES, KvmBed, nic_xml, uuid_of
from samples import Samples
from testbed import hsflowd_config, run, status, wait_for

VM_STRUCTURES = ["host_adapters", "host_descr", "host_parent", "virt_cpu", "virt_disk_io", "virt_memory", "virt_net_io"]
pytestmark = pytest.mark.timeout(600)  # guests boot in 3 s on an idle machine


@pytest.fixture(scope="module")
def kvm(machine, tmp_path_factory):
    kvm = KvmBed(machine, tmp_path_factory.mktemp("kvm"))
    yield kvm
    kvm.close()


@pytest.fixture
def agent(bed, kvm, collector):
    bed.daemon = bed.hsflowd(hsflowd_config(collector, f"modules = {MODULES}\n  kvm {{ }}"))
    bed.samples = Samples(collector.within)
    bed.collector = collector
    return bed


def tap_counters(tap):
    directory = pathlib.Path(f"/sys/class/net/{tap}/statistics")
    return {name: int((directory / name).read_text()) for name in ("rx_bytes", "tx_bytes")}


def test_each_vm_has_a_sample_that_says_all_about_it(kvm, agent):
    for number in (1, 2):
        # On a busy machine an emulated QEMU may be late with its disks, and its guest with using them.
        sample, records = agent.samples.next(uuid_of(number), lambda records: records.get(
            "virt_disk_io", {"wr_bytes": 0})["wr_bytes"] > 0, deadline=60)
        assert sorted(records) == VM_STRUCTURES
        assert 100000 <= sample["source_id_index"] <= 149999
        assert records["host_descr"] == {"type": "host_descr", "hostname": f"g{number}", "uuid": uuid_of(number),
                                         "machine_type": 3, "os_name": 2, "os_release": "debian/12"}
        assert records["host_parent"]["container_type"] == 2 and records["host_parent"]["container_index"] == 1
        assert records["virt_cpu"]["state"] == 1 and records["virt_cpu"]["nr_virt_cpu"] == 1
        assert records["virt_cpu"]["cpu_time"] > 500
        assert records["virt_memory"]["memory"] == records["virt_memory"]["max_memory"] == 96 << 20
        disk = records["virt_disk_io"]
        assert disk["capacity"] == disk["available"] == 8 << 20
        assert disk["allocation"] <= kvm.image(number).stat().st_blocks * 512  # it is sparse, and grows
        assert disk["rd_bytes"] > 0 and disk["wr_bytes"] > 0 and disk["rd_req"] > 0 and disk["wr_req"] > 0


def test_a_vm_is_joined_with_the_port_of_open_vswitch_by_its_if_index(kvm, agent):
    for number in (1, 2):
        _, records = agent.samples.next(uuid_of(number))
        [adapter] = records["host_adapters"]["adapters"]
        port = run("ovs-vsctl", "get", "interface", kvm.tap(number), "ifindex")
        assert adapter["if_index"] == int(port)
        assert adapter["mac_addresses"] == [f"52:54:00:99:00:{number:02x}"]


def test_received_is_what_the_guest_received(kvm, agent):
    """g1 broadcasts: it sends more than it receives. Its tap's own counters are the other way round."""
    before = tap_counters(kvm.tap(1))
    _, first = agent.samples.next(uuid_of(1))
    agent.samples.watch(5)
    _, last = agent.samples.next(uuid_of(1))
    after = tap_counters(kvm.tap(1))
    assert before["tx_bytes"] <= first["virt_net_io"]["rx_bytes"] <= last["virt_net_io"]["rx_bytes"] <= after["tx_bytes"]
    assert before["rx_bytes"] <= first["virt_net_io"]["tx_bytes"] <= last["virt_net_io"]["tx_bytes"] <= after["rx_bytes"]
    received = last["virt_net_io"]["rx_bytes"] - first["virt_net_io"]["rx_bytes"]
    sent = last["virt_net_io"]["tx_bytes"] - first["virt_net_io"]["tx_bytes"]
    assert sent > received * 1.2 > 0


def counters_at_rest(kvm, number):
    """virt_net_io and virt_disk_io of a guest as its tap and its QEMU have them."""
    tap = pathlib.Path(f"/sys/class/net/{kvm.tap(number)}/statistics")
    swapped = {"rx": "tx", "tx": "rx"}
    net = {f"{way}_{what}": int((tap / f"{swapped[way]}_{counter}").read_text()) for way in swapped
           for what, counter in (("bytes", "bytes"), ("packets", "packets"), ("errs", "errors"), ("drop", "dropped"))}
    disk = dict(line.split()[1:] for line in kvm.virsh("domblkstat", f"g{number}", "vda").splitlines() if line)
    return net, {name: int(disk[name]) for name in ("rd_req", "rd_bytes", "wr_req", "wr_bytes")}


def test_what_two_guests_sent_received_read_and_wrote_is_counted_to_the_packet_and_the_byte(kvm, agent):
    """Both are suspended meanwhile, so that nothing changes between two looks."""
    for number in (1, 2):
        agent.samples.next(uuid_of(number), lambda records: records.get("virt_disk_io", {"wr_bytes": 0})["wr_bytes"] > 0, deadline=60)
        kvm.virsh("suspend", f"g{number}")
    try:
        for number in (1, 2):
            def all_counted(records, number=number):
                net, disk = counters_at_rest(kvm, number)
                return (records["virt_cpu"]["state"] == 3 and net == {name: records["virt_net_io"][name] for name in net}
                        and disk == {name: records.get("virt_disk_io", {}).get(name) for name in disk})
            _, records = agent.samples.next(uuid_of(number), all_counted)
            assert min(records["virt_net_io"]["rx_packets"], records["virt_net_io"]["tx_packets"]) > 10
    finally:
        for number in (1, 2):
            kvm.virsh("resume", f"g{number}")


def test_a_guest_that_the_switch_knows_too_is_one_data_source_and_counts_once(kvm, agent, tmp_path):
    ports = tmp_path / "ports.json"
    agent.daemon.stop()
    agent.sflowovsd(f"--ports-file={ports}")
    agent.daemon.command += ["--ports-file", str(ports)]
    agent.daemon.command[agent.daemon.command.index("-f") + 1] = str(tmp_path / "auto.conf")
    (tmp_path / "auto.conf").write_text(hsflowd_config(agent.collector, f"modules = {MODULES}"))
    agent.daemon.start()
    wait_for(lambda: {source["name"]: source["present"] for source in status()["sources"]}.get("ports"), "the ports are read")
    for number in (1, 2):
        agent.samples.next(uuid_of(number))
        kvm.virsh("suspend", f"g{number}")
    try:
        for number in (1, 2):
            _, records = agent.samples.next(uuid_of(number), lambda records: records["virt_cpu"]["state"] == 3)
            [adapter] = records["host_adapters"]["adapters"]
            assert adapter["if_index"] == int(run("ovs-vsctl", "get", "interface", kvm.tap(number), "ifindex"))
            agent.samples.next(uuid_of(number), lambda records, number=number: records["virt_net_io"]["rx_bytes"] ==
                               tap_counters(kvm.tap(number))["tx_bytes"])
    finally:
        for number in (1, 2):
            kvm.virsh("resume", f"g{number}")
    assert {row["name"]: row["count"] for row in status()["data_sources"]}["vms"] == 2


def test_the_host_says_how_many_vms_there_are(kvm, agent):
    _, records = agent.samples.next(None, lambda records: "virt_node" in records)
    node = records["virt_node"]
    assert node["num_domains"] == 2
    assert node["cpus"] == os.cpu_count()
    assert node["memory"] > node["memory_free"] > 0


def test_totals_do_not_fall_when_a_nic_is_unplugged(kvm, agent, tmp_path):
    (tmp_path / "nic.xml").write_text(nic_xml(2, slot=1))
    kvm.virsh("attach-device", "g2", tmp_path / "nic.xml", "--live")
    _, records = agent.samples.next(uuid_of(2), lambda records: len(records["host_adapters"]["adapters"]) == 2)
    assert records["host_adapters"]["adapters"][1]["mac_addresses"] == ["52:54:00:99:01:02"]
    # The guest leaves the second NIC down, but broadcasts reach its tap.
    agent.samples.watch(3)
    _, plugged = agent.samples.next(uuid_of(2))
    kvm.virsh("detach-device", "g2", tmp_path / "nic.xml", "--live")
    wait_for(lambda: "52:54:00:99:01:02" not in kvm.virsh("domiflist", "g2"), "the NIC is gone", deadline=60)
    _, records = agent.samples.next(uuid_of(2), lambda records: len(records["host_adapters"]["adapters"]) == 1)
    totals = [records["virt_net_io"] for _, who, _, records in agent.samples.seen if who == uuid_of(2)]
    for earlier, later in zip(totals, totals[1:]):
        for counter in earlier.keys() - {"type"}:
            assert later[counter] >= earlier[counter], counter
    assert records["virt_net_io"]["rx_bytes"] >= plugged["virt_net_io"]["rx_bytes"]


def test_a_restart_of_libvirtd_costs_neither_sequence_numbers_nor_the_index(kvm, agent):
    before, _ = agent.samples.next(uuid_of(1))
    agent.daemon.announce(r"kvm: ")  # while it is away
    kvm.restart_libvirtd()
    agent.samples.seen.clear()
    agent.samples.watch(1)
    agent.samples.next(uuid_of(1), deadline=30)
    after, _ = agent.samples.next(uuid_of(1))
    assert after["source_id_index"] == before["source_id_index"]
    numbers = agent.samples.numbers(uuid_of(1))
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    assert numbers[0] > before["sequence_number"]
    host = agent.samples.numbers(None)
    assert host == list(range(host[0], host[0] + len(host)))
    agent.daemon.expect_log("kvm: recovered")


def longest_gap(seen, who, begin, end):
    times = [begin] + [when for when, whose, _, _ in seen if whose == who] + [end]
    return round(max(later - earlier for earlier, later in zip(times, times[1:])), 3)


def test_a_qemu_that_is_stopped_delays_nobody(kvm, agent):
    seconds = int(os.environ.get("STOPPED_SECONDS", 15))
    agent.daemon.announce("g2: QEMU does not answer")
    agent.samples.next(uuid_of(1))
    agent.samples.next(uuid_of(2))
    os.kill(kvm.qemu(2), signal.SIGSTOP)
    begin = time.monotonic()
    try:
        seen = agent.samples.watch(seconds)
    finally:
        os.kill(kvm.qemu(2), signal.SIGCONT)
    longest = {who or "host": longest_gap(seen, who, begin, begin + seconds) for who in (None, uuid_of(1), uuid_of(2))}
    print(json.dumps({"stopped_s": seconds, "longest_gap_s": longest}))
    assert max(longest.values()) <= 2.0  # a poll a second, to within one
    mine = [records for when, who, _, records in seen if who == uuid_of(2) and when > begin + 2]
    assert mine
    for records in mine:
        assert sorted(records) == sorted(set(VM_STRUCTURES) - {"virt_disk_io"})
    # And afterwards it is as before.
    agent.samples.next(uuid_of(2), lambda records: "virt_disk_io" in records)
    agent.daemon.expect_log(f"VM {uuid_of(2)}: g2: QEMU does not answer(.|\n)*VM {uuid_of(2)}: recovered")


def test_a_libvirtd_that_is_stopped_does_not_delay_the_host(kvm, agent):
    before, _ = agent.samples.next(uuid_of(1))
    agent.daemon.announce("kvm: libvirt does not answer")
    begin = time.monotonic()
    os.kill(kvm.libvirtd.pid, signal.SIGSTOP)
    try:
        seen = []
        while "kvm: libvirt does not answer" not in agent.daemon.text() and time.monotonic() < begin + 60:
            seen += agent.samples.watch(1)
    finally:
        os.kill(kvm.libvirtd.pid, signal.SIGCONT)
    assert longest_gap(seen, None, begin, time.monotonic()) <= 2.0
    agent.daemon.expect_log("kvm: recovered")
    after, _ = agent.samples.next(uuid_of(1))
    agent.samples.next(uuid_of(2), lambda records: "virt_disk_io" in records)
    assert after["source_id_index"] == before["source_id_index"]
    numbers = agent.samples.numbers(uuid_of(1))
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))


def test_an_agent_that_starts_while_libvirtd_is_stopped_begins_with_the_host(kvm, agent):
    agent.daemon.stop()
    agent.daemon.announce("kvm: libvirt does not answer")
    os.kill(kvm.libvirtd.pid, signal.SIGSTOP)
    try:
        agent.daemon.start()
        agent.samples.next(None)
        agent.daemon.expect_log("kvm: libvirt does not answer")
    finally:
        os.kill(kvm.libvirtd.pid, signal.SIGCONT)
    agent.samples.next(uuid_of(1), deadline=60)
    agent.samples.next(uuid_of(2))


def test_a_vm_keeps_its_index_when_it_and_the_agent_are_started_again(kvm, agent):
    first, _ = agent.samples.next(uuid_of(2))
    agent.daemon.stop()
    kvm.virsh("destroy", "g2")
    agent.daemon.start()
    agent.samples.next(None, lambda records: records.get("virt_node", {}).get("num_domains") == 1)
    kvm.create(2)
    again, records = agent.samples.next(uuid_of(2))
    assert again["source_id_index"] == first["source_id_index"]
    other, _ = agent.samples.next(uuid_of(1))
    assert other["source_id_index"] != again["source_id_index"]
    kvm.wait_for_guest(2)


def test_vms_that_come_and_go_within_a_poll_are_no_problem(kvm, agent):
    agent.samples.next(uuid_of(1))
    for _ in range(3):
        kvm.virsh("destroy", "g2")
        kvm.create(2)
    # libvirt starts a domain paused, and then lets it run.
    sample, _ = agent.samples.next(uuid_of(2), lambda records: records["virt_cpu"]["state"] == 1)
    indices = {sample["source_id_index"] for _, who, sample, _ in agent.samples.seen if who == uuid_of(2)}
    assert len(indices) == 1
    totals = [records["virt_cpu"]["cpu_time"] for _, who, _, records in agent.samples.seen if who == uuid_of(2)]
    assert totals == sorted(totals)
    kvm.wait_for_guest(2)


def test_vms_are_found_without_a_section_when_libvirt_is_there(bed, kvm, collector):
    bed.hsflowd(hsflowd_config(collector, f"modules = {MODULES}\n  vms = auto"))
    Samples(collector.within).next(uuid_of(1))


def test_what_it_costs(kvm, agent):
    """CPU time of hsflowd and of libvirtd; for the record, with a bound that only a blunder exceeds."""
    agent.samples.next(uuid_of(1))
    seconds = float(os.environ.get("COST_SECONDS", 5))
    begin = agent.daemon.cpu_ticks(), kvm.libvirtd.cpu_ticks()
    agent.samples.watch(seconds)
    end = agent.daemon.cpu_ticks(), kvm.libvirtd.cpu_ticks()
    tick = 1000 / os.sysconf("SC_CLK_TCK")
    cost = {"seconds": seconds, "domains": 2, "hsflowd_ms": (end[0] - begin[0]) * tick,
            "libvirtd_ms": (end[1] - begin[1]) * tick}
    print(json.dumps(cost))
    assert cost["hsflowd_ms"] < seconds * 100
