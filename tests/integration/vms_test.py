"""hsflowd with libvirt's test driver, which needs no hypervisor. Real ones are in tests/vm."""

import shutil

from testbed import BUILD, hsflowd_config, status, wait_for

MODULES = BUILD / "hsflowd/guests/modules"
KVM = f"modules = {MODULES}\n  kvm {{ uri = \"test:///default\" }}"


def vm_count():
    return next(row["count"] for row in status()["data_sources"] if row["name"] == "vms")


def test_a_vm_is_exported_and_the_host_counts_it(bed, collector):
    bed.hsflowd(hsflowd_config(collector, KVM))
    seen = {}

    def both():
        for sample in collector.receive()["samples"]:
            seen.setdefault(sample["source_id_type"], {}).update({row["type"]: row for row in sample["records"]})
        return 3 in seen and "virt_node" in seen.get(2, {})

    wait_for(both, "a VM's sample and virt_node")
    assert seen[3]["host_descr"]["hostname"] == "test"
    assert seen[2]["virt_node"]["num_domains"] == 1


def test_a_reload_switches_vms_on_and_off(bed, collector):
    daemon = bed.hsflowd(hsflowd_config(collector))
    collector.receive()
    assert vm_count() == 0
    daemon.reload(hsflowd_config(collector, KVM))
    wait_for(lambda: vm_count() == 1, "the VM")
    daemon.reload(hsflowd_config(collector))
    wait_for(lambda: vm_count() == 0, "no VM")


def test_a_module_that_is_missing_is_one_line_and_no_failure(bed, collector, tmp_path):
    daemon = bed.hsflowd(hsflowd_config(collector, f"modules = {tmp_path}\n  kvm {{ }}"))
    daemon.announce(rf"kvm: {tmp_path}/libvirt.so is not installed")
    daemon.expect_log(r"kvm: .*libvirt\.so is not installed")
    assert len([line for line in daemon.text().splitlines() if "libvirt.so" in line]) == 1
    collector.receive()


def test_a_hypervisor_that_hangs_does_not_disturb_the_end(bed, collector, tmp_path):
    """Static objects of libraries must live as long as a thread may use them: those of this module end the process when they do not."""
    shutil.copy(BUILD / "tests/unit/modules/hanging.so", tmp_path / "libvirt.so")
    daemon = bed.hsflowd(hsflowd_config(collector, f"modules = {tmp_path}\n  kvm {{ }}"))
    collector.receive()
    assert daemon.stop() == 0
