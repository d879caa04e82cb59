"""The self-contained RPM on releases whose compilers cannot build it. SUITE names one: bullseye (Linux 5.10, here with cgroups of version 1) or
xenial (Linux 4.4, systemd 229, Open vSwitch 2.5: the nearest to XCP-ng 8.3 that can be booted). BUILD_DIR has the release build."""

import os
import subprocess
import time

import pytest
from boot_test import (DNS_SD, is_back_after_a_reboot, pid_of, row, sees_the_zone, start_collector, state_of_services, versions_of,
                       wait_for_both_streams, wait_for_row_on)
from guest import Guest
from testbed import BUILD, ROOT

SUITE = os.environ.get("SUITE", "bullseye")
RPM = "rpm --force-debian --nodeps"
# Of systemd(1). Without it, Debian 11 has version 2 only.
KERNEL_OPTIONS = "systemd.unified_cgroup_hierarchy=0"

pytestmark = pytest.mark.timeout(3600)


@pytest.fixture(name="guest")
def fixture_guest(tmp_path):
    packages = tmp_path / "packages"
    for release in "1", "2":
        subprocess.run([ROOT / "systemd/packages/xcp.sh", BUILD, packages], check=True, env=dict(os.environ, RELEASE=release))
    with Guest(tmp_path, packages, suite=SUITE, with_dependencies=False, kernel_options=KERNEL_OPTIONS) as guest:
        try:
            yield guest
        finally:
            print(guest.try_sh("journalctl --no-pager -b -u hsflowd -u sflowovsd")[1][-8000:])


def has_the_cgroups_and_the_kernel_of_its_time(guest):
    assert guest.sh("stat -f -c %T /sys/fs/cgroup") == "tmpfs"  # version 2 is cgroup2fs; cgroups(7)


def is_installed_with_a_previous_configuration(guest):
    guest.sh(f"echo '{DNS_SD}' > /etc/hsflowd.conf && {RPM} --install /srv/packages/*-1.x86_64.rpm")
    assert guest.sh("cat /etc/hsflowd.conf") == DNS_SD
    assert state_of_services(guest) == ["inactive", "inactive"]
    guest.sh("service hsflowd start && service sflowovsd start && service hsflowd status && service sflowovsd status")
    start_collector(guest)


def runs_as_users_of_its_own(guest):
    for daemon in "hsflowd", "sflowovsd":
        assert guest.sh(f"ps -o user:20= -p {pid_of(guest, daemon)}") == daemon


def is_stopped_and_restarted(guest):
    uuid, pids = row(guest)[0], [pid_of(guest, daemon) for daemon in ("hsflowd", "sflowovsd")]
    guest.sh("service hsflowd stop && service sflowovsd stop")
    for daemon in "hsflowd", "sflowovsd":
        assert guest.try_sh(f"service {daemon} status")[0] == 3  # not running, in the LSB
    guest.sh("ovs-vsctl clear bridge br0 sflow && service sflowovsd start && service hsflowd start")
    assert wait_for_row_on(guest, "br0", "br1")[0] == uuid
    guest.sh("service hsflowd reload && service sflowovsd reload && service hsflowd restart && service sflowovsd restart")
    assert not set(pids) & {pid_of(guest, daemon) for daemon in ("hsflowd", "sflowovsd")}
    wait_for_both_streams(guest)


def follows_a_restart_of_open_vswitch(guest):
    uuid = row(guest)[0]
    guest.sh("service openvswitch-switch restart && ovs-vsctl clear bridge br0 sflow")
    assert wait_for_row_on(guest, "br0", "br1")[0] == uuid
    wait_for_both_streams(guest)


def is_upgraded(guest):
    uuid, pids = row(guest)[0], [pid_of(guest, daemon) for daemon in ("hsflowd", "sflowovsd")]
    guest.sh(f"{RPM} --upgrade /srv/packages/*-2.x86_64.rpm")
    assert guest.sh("rpm -q --qf '%{RELEASE}' sflow-agent-xcp") == "2"
    assert state_of_services(guest) == ["active", "active"]
    assert not set(pids) & {pid_of(guest, daemon) for daemon in ("hsflowd", "sflowovsd")}
    assert wait_for_row_on(guest, "br0", "br1")[0] == uuid
    assert guest.sh("cat /etc/hsflowd.conf") == DNS_SD
    wait_for_both_streams(guest)


def leaves_nothing_behind(guest):
    guest.sh(f"systemctl stop collector && {RPM} --erase sflow-agent-xcp")
    assert guest.sh("ovs-vsctl --columns=_uuid list sflow") == ""
    assert guest.sh("find /usr /etc/systemd /run/sflowovsd /etc/hsflowd.auto -name '*flow*d*' ! -path '*openvswitch*' 2> /dev/null || true") == ""
    assert DNS_SD in guest.sh("cat /etc/hsflowd.conf*")
    assert guest.sh("systemctl --failed --no-legend") == ""


def test_the_self_contained_rpm_from_installation_to_removal(guest):
    print("versions:", versions_of(guest), flush=True)
    for chapter in (has_the_cgroups_and_the_kernel_of_its_time, is_installed_with_a_previous_configuration, sees_the_zone, runs_as_users_of_its_own,
                    is_stopped_and_restarted, follows_a_restart_of_open_vswitch, is_back_after_a_reboot, is_upgraded, leaves_nothing_behind):
        start = time.monotonic()
        chapter(guest)
        print(f"{chapter.__name__}: {time.monotonic() - start:.0f} s", flush=True)
