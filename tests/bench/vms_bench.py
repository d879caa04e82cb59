"""What virtual machines cost: JSON lines, one a measurement.

    tests/vm/kvm/make_guest.sh $PWD/build/release/tests/vm/guest
    sudo BUILD_DIR=$PWD/build/release tests/support/sandbox.sh /usr/bin/python3 tests/bench/vms_bench.py [GUESTS [SECONDS]]

First 500 domains of libvirt's test driver, which runs in hsflowd: how long a poll of them takes, as `hsflowd status` says.
Then GUESTS (2) real QEMU guests for SECONDS (120), at polling=5: CPU time of all of hsflowd, host counters among it, and of
libvirtd, less what libvirtd uses without a client (proc(5), /proc/PID/task/TID/schedstat, in ns).
Beside each, what libvirt_calls.cpp takes in the same run: an agent that makes a call for each counter, and does nothing else.
"""

import json
import pathlib
import statistics
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests/support"), str(ROOT / "tests/vm")]

from kvm_bed import MODULES, KvmBed  # noqa: E402
from testbed import BUILD, Collector, Testbed, hsflowd_config, run, status, wait_for  # noqa: E402

POLLING = 5
TEST_DOMAINS = 500
TEST_POLLS = 20
CALLS = BUILD / "tests/libvirt_calls"


def cpu_ns(pid):
    return sum(int((task / "schedstat").read_text().split()[0]) for task in pathlib.Path(f"/proc/{pid}/task").iterdir())


def source_status():
    return next(source for source in status()["sources"] if source["name"] == "kvm")


def test_driver(directory):
    node = directory / "node.xml"
    node.write_text("<node>\n" + "".join(f"<domain file='d{i}.xml'/>\n" for i in range(TEST_DOMAINS)) + "</node>\n")
    for i in range(TEST_DOMAINS):
        (directory / f"d{i}.xml").write_text(
            f"<domain type='test'><name>d{i}</name><uuid>00000000-0000-4000-8000-{i:012}</uuid>"
            "<memory unit='KiB'>98304</memory><vcpu>2</vcpu><os><type arch='x86_64'>hvm</type></os><devices>"
            f"<interface type='bridge'><mac address='52:54:00:99:{i // 256:02x}:{i % 256:02x}'/><source bridge='br0'/>"
            f"<target dev='vnet{i}'/></interface></devices></domain>")
    batch = directory / "taps"  # the driver names them so
    batch.write_text("".join(f"link add testnet{i} type veth peer name testnet{i + 1}\n" for i in range(0, TEST_DOMAINS, 2)))
    run("ip", "-batch", batch)
    bed, collector = Testbed(directory), Collector()
    bed.hsflowd(hsflowd_config(collector, f"agentIP = 192.0.2.1\n  modules = {MODULES}\n"
                                          f'  kvm {{ uri = "test://{node}" }}'))
    seen = set()

    def receive():
        for sample in collector.receive()["samples"]:
            if sample["source_id_type"] == 3:
                seen.add(sample["source_id_index"])
        return len(seen) == TEST_DOMAINS

    wait_for(receive, "every domain has a sample", deadline=60)
    costs = []
    for _ in range(TEST_POLLS):
        seen.clear()
        wait_for(receive, "every domain has another sample", deadline=60)
        costs.append(source_status()["cost_us"] / 1000)
    calls = run(CALLS, f"test://{node}", TEST_POLLS, 1)
    print(json.dumps({"bench": "libvirt's test driver", "domains": TEST_DOMAINS, "polls": TEST_POLLS,
                      "poll_ms": {"median": round(statistics.median(costs), 2), "min": round(min(costs), 2),
                                  "max": round(max(costs), 2)},
                      "calls_ms": round(statistics.median(map(float, calls.split())), 2)}), flush=True)
    collector.close()
    bed.close()
    batch.write_text("".join(f"link del testnet{i}\n" for i in range(0, TEST_DOMAINS, 2)))
    run("ip", "-batch", batch)


def guests(count, seconds, directory):
    bed, collector = Testbed(directory), Collector()
    kvm = KvmBed(bed, directory, guests=count)
    try:
        libvirtd, polls = kvm.libvirtd.pid, seconds // POLLING
        alone, begin = cpu_ns(libvirtd), time.monotonic()
        time.sleep(POLLING)
        alone = (cpu_ns(libvirtd) - alone) / (time.monotonic() - begin)

        def libvirtd_ms(before, elapsed):
            return round((cpu_ns(libvirtd) - before - alone * elapsed) / 1e6 / count / polls, 3)

        hsflowd = bed.hsflowd(hsflowd_config(collector, f"modules = {MODULES}\n  kvm {{ }}", polling=POLLING))
        wait_for(lambda: collector.receive()["sequence_number"] >= 2, "the first polls", deadline=60)
        begin = cpu_ns(hsflowd.pid), cpu_ns(libvirtd)
        time.sleep(seconds)
        used, ours = cpu_ns(hsflowd.pid) - begin[0], libvirtd_ms(begin[1], seconds)
        hsflowd.stop()
        begin = cpu_ns(libvirtd)
        run(CALLS, "qemu:///system", polls, POLLING)
        print(json.dumps({"bench": "QEMU guests", "domains": count, "polling": POLLING, "seconds": seconds,
                          "hsflowd_s": round(used / 1e9, 4),
                          "libvirtd_ms_per_domain_and_poll": {"hsflowd": ours, "calls": libvirtd_ms(begin, seconds)}}),
              flush=True)
    finally:
        kvm.close()
        collector.close()
        bed.close()


def main():
    count, seconds = [int(word) for word in sys.argv[1:]] + [2, 120][len(sys.argv) - 1:]
    with tempfile.TemporaryDirectory() as directory:
        test_driver(pathlib.Path(directory))
    with tempfile.TemporaryDirectory() as directory:
        guests(count, seconds, pathlib.Path(directory))


if __name__ == "__main__":
    main()
