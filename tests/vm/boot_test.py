"""The packages on a booted guest: systemd, Open vSwitch's kernel data path, DNS-SD. SUITE names another release than Debian 12, and
PACKAGES the directory of what was built on that release."""

import json
import os
import time

import pytest
from guest import UUID, Guest
from image import DEBIAN_12
from proxmox_bed import sees_proxmox_guests
from repository import EARLIER, fill_repository

SUITE = os.environ.get("SUITE", DEBIAN_12)
DNS_SD = 'sflow { dns-sd { domain = .example.com } }'
COLLECTOR = "/root/datagrams"
DOMAIN = """<domain type='qemu'>
  <name>vm1</name><uuid>00000000-0000-4000-8000-000000000001</uuid>
  <memory unit='MiB'>32</memory><vcpu>1</vcpu>
  <os><type arch='x86_64' machine='pc'>hvm</type></os>
  <devices>
    <disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='/srv/vm1.img'/><target dev='vda' bus='virtio'/></disk>
    <interface type='bridge'><source bridge='br0'/><virtualport type='openvswitch'/><model type='virtio'/></interface>
  </devices>
</domain>"""

pytestmark = pytest.mark.timeout(2400)


@pytest.fixture(scope="module", name="repository")
def fixture_repository(tmp_path_factory):
    return fill_repository(tmp_path_factory.mktemp("repository"), with_earlier=True)


@pytest.fixture(name="guest")
def fixture_guest(tmp_path, repository):
    with Guest(tmp_path, repository, suite=SUITE) as guest:
        try:
            yield guest
        finally:
            print(guest.try_sh("journalctl --no-pager -b -u hsflowd -u sflowovsd -p info")[1][-8000:])


def versions_of(guest):
    return guest.sh(""". /etc/os-release
        echo "$PRETTY_NAME, Linux $(uname -r), $(systemctl --version | head -n 1), Open vSwitch $(ovs-vsctl --version | sed 's/.* //; q')" """)


def apt(guest, *arguments):
    return guest.sh("DEBIAN_FRONTEND=noninteractive apt-get -qq -y " + " ".join(arguments), timeout=300)


def row(guest):
    """The one sFlow row: UUID, and what it holds."""
    table = json.loads(guest.sh("ovs-vsctl --format=json --columns=_uuid,sampling,polling,targets list sflow"))
    [[uuid, sampling, polling, targets]] = table["data"]
    return uuid[1], sampling, polling, targets


def wait_for_row_on(guest, *bridges):
    for bridge in bridges:
        guest.wait_for(f"test \"$(ovs-vsctl get bridge {bridge} sflow)\" != '[]'", f"{bridge} has sFlow")
    return row(guest)


def start_collector(guest):
    guest.sh(f"systemd-run --unit=collector sh -c 'exec hsflowd decode --port 6343 > {COLLECTOR}'")


def wait_for_sample(guest, what, condition, cause="true"):
    """A datagram, received from the script `cause` on, for which the jq expression is true."""
    first = int(guest.sh(f"cat {COLLECTOR} | wc -l; {cause} > /dev/null")) + 1
    return guest.wait_for(f"tail -n +{first} {COLLECTOR} | jq -ce 'select({condition})' | head -1 | grep .", what)


def wait_for_both_streams(guest):
    wait_for_sample(guest, "host counters", '.sub_agent_id == 100000 and any(.samples[].records[].type; . == "host_cpu")')
    wait_for_sample(guest, "packet samples", 'any(.samples[].type; . == "flow")',
                    cause="ip netns exec guest1 ping -q -c 100 -i 0.01 10.1.0.2")


def state_of_services(guest):
    return guest.sh("systemctl is-active hsflowd sflowovsd || true").split()


def install_the_earlier_version(guest):
    guest.sh("apt-get -qq update")
    guest.sh(f"echo '{DNS_SD}' > /etc/hsflowd.conf")
    apt(guest, f"install -o Dpkg::Options::=--force-confold hsflowd={EARLIER} sflowovsd={EARLIER}")
    guest.sh("service hsflowd start && service sflowovsd start")
    start_collector(guest)


def sees_the_zone(guest):
    _, sampling, polling, targets = wait_for_row_on(guest, "br0")
    assert (sampling, polling, targets) == (10, 5, "192.0.2.1:6343")
    guest.sh("ovs-vsctl add-br br1")
    wait_for_row_on(guest, "br1")
    wait_for_both_streams(guest)


def names_the_host_by_its_firmware(guest):
    wait_for_sample(guest, "the host's UUID", f'any(.samples[].records[]; .type == "host_descr" and (.uuid | gsub("-"; "")) == "{UUID.replace("-", "")}")')


def pid_of(guest, daemon):
    return guest.sh(f"systemctl show -p MainPID {daemon}").removeprefix("MainPID=")  # -P is new in systemd 246


def runs_with_least_privilege(guest):
    for daemon, capabilities in {"hsflowd": 0, "sflowovsd": 1 << 1}.items():  # none; CAP_DAC_OVERRIDE of capabilities(7)
        pid = pid_of(guest, daemon)
        assert guest.sh(f"ps -o user:20= -p {pid}") == daemon
        assert int(guest.sh(f"grep CapEff /proc/{pid}/status").split()[1], 16) == capabilities
    pid = pid_of(guest, "sflowovsd")
    assert guest.sh(f"ls /proc/{pid}/root/etc").split() == ["ld.so.cache", "localtime"]
    assert guest.sh(f"ls /proc/{pid}/root/run").split() == ["hsflowd", "openvswitch", "sflowovsd", "systemd"]
    assert guest.sh("stat -c '%a %U' /run/sflowovsd /run/sflowovsd/ports.json").splitlines() == ["755 sflowovsd", "644 sflowovsd"]
    assert guest.sh(f"nsenter -n -t {pid} ip -o link | wc -l") == "1"
    for unit, limit in {"hsflowd": 25, "sflowovsd": 15}.items():
        guest.sh(f"systemd-analyze security --no-pager --threshold={limit} {unit}.service")


def follows_the_restarts_of_open_vswitch(guest):
    uuid = row(guest)[0]
    guest.sh("systemctl restart openvswitch-switch ovsdb-server ovs-vswitchd", timeout=300)
    guest.sh("ovs-vsctl clear bridge br0 sflow")
    assert wait_for_row_on(guest, "br0", "br1")[0] == uuid
    guest.sh("ovs-appctl -t sflowovsd sflow/status | grep '^database: .*: connected'")
    guest.sh("systemctl reload sflowovsd && systemctl is-active sflowovsd")
    wait_for_both_streams(guest)
    # As where its directory is a RuntimeDirectory= of systemd.exec(5).
    guest.sh("systemctl stop openvswitch-switch ovs-vswitchd ovsdb-server && rm -r /run/openvswitch && "
             "systemctl start openvswitch-switch && ovs-vsctl clear bridge br0 sflow", timeout=300)
    assert wait_for_row_on(guest, "br0", "br1")[0] == uuid


def is_back_after_a_reboot(guest):
    guest.reboot()
    start_collector(guest)
    wait_for_row_on(guest, "br0", "br1")
    assert state_of_services(guest) == ["active", "active"]
    wait_for_both_streams(guest)


def waits_for_a_network_that_is_late(guest):
    guest.sh("touch /etc/bed-network-late && systemctl disable -q bed-dns")
    guest.reboot()
    assert state_of_services(guest) == ["active", "active"]
    guest.sh("/usr/local/sbin/bed-network && systemctl start bed-dns")
    start_collector(guest)
    wait_for_row_on(guest, "br0", "br1")
    wait_for_both_streams(guest)
    guest.sh("rm /etc/bed-network-late && systemctl enable -q bed-dns")


def is_upgraded_without_losing_anything(guest):
    """The row keeps its UUID and is not even touched, and so the sequence numbers of Open vSwitch go on."""
    from_open_vswitch = '.sub_agent_id != 100000'
    before = json.loads(wait_for_sample(guest, "a datagram of Open vSwitch", from_open_vswitch))["sequence_number"]
    shared = guest.sh("cat /run/hsflowd/hsflowd.auto")
    version = guest.sh("ovs-vsctl get open_vswitch . next_cfg")
    uuid = row(guest)[0]
    apt(guest, "install -o Dpkg::Options::=--force-confold hsflowd sflowovsd")
    assert EARLIER not in guest.sh("dpkg-query -W -f '${Version}\n' hsflowd sflowovsd")
    guest.wait_for("ovs-appctl -t sflowovsd sflow/status | grep 'bridges: .*sampled'", "sflowovsd is up again")
    assert row(guest)[0] == uuid
    assert guest.sh("ovs-vsctl get open_vswitch . next_cfg") == version
    assert guest.sh("cat /run/hsflowd/hsflowd.auto") == shared
    after = json.loads(wait_for_sample(guest, "a datagram of Open vSwitch", from_open_vswitch))["sequence_number"]
    assert after > before
    wait_for_both_streams(guest)


def counts_a_virtual_machine_with_nothing_configured(guest):
    """With hsflowd.conf as it is packaged, and a zone in the search list. QEMU below libvirtd, with nothing but the firmware in it:
    that looks at the disk for something to boot. The module, and libvirtd, come after hsflowd has started."""
    guest.sh("""set -e
        cp /etc/hsflowd.conf /root
        package=$(ls /srv/packages/hsflowd_*.deb | head -1)
        dpkg-deb --fsys-tarfile $package | tar -xO ./etc/hsflowd.conf > /etc/hsflowd.conf
        systemctl restart hsflowd""")
    wait_for_sample(guest, "the zone is found", 'any(.samples[].records[].type; . == "host_cpu")')
    apt(guest, "install -o Dpkg::Options::=--force-confold hsflowd-libvirt")
    guest.sh(f"""set -e
        truncate -s 1M /srv/vm1.img
        cat > /srv/vm1.xml << 'END_OF_FILE'
{DOMAIN}
END_OF_FILE
        systemctl start libvirtd
        virsh -q create /srv/vm1.xml""", timeout=300)
    nic = guest.sh("virsh -q domiflist vm1").split()[0]
    port = guest.sh(f"ovs-vsctl get interface {nic} ifindex")
    wait_for_sample(guest, "a sample of the VM, joined to its port", f"""any(.samples[];
        any(.records[]; .type == "host_descr" and .hostname == "vm1") and any(.records[]; .type == "virt_disk_io" and .rd_req > 0) and
        any(.records[]; .type == "host_adapters" and [.adapters[].if_index] == [{port}]))""")
    guest.wait_for(f"""jq -e '.bridges[].ports[] | select(.name == "{nic}" and .guest.uuid == "00000000-0000-4000-8000-000000000001")' \
                      /run/sflowovsd/ports.json""", "the ports file has the VM")
    guest.wait_for("hsflowd status --format=json | jq -e '.sources[] | select(.name == \"ports\" and .present)'", "hsflowd reads it")
    assert guest.sh("journalctl -q -b -u hsflowd -p warning | grep -i libvirt || true") == ""
    guest.sh("virsh -q destroy vm1 && mv /root/hsflowd.conf /etc && systemctl stop libvirtd && systemctl reload hsflowd")


def counts_the_guests_of_proxmox_ve(guest):
    """With nothing in its configuration that names Proxmox VE."""
    guest.sh("cp /etc/hsflowd.conf /root && echo 'sflow { polling=1 collector { ip=192.0.2.1 } }' > /etc/hsflowd.conf && "
             "systemctl reload hsflowd")
    sees_proxmox_guests(guest, lambda what, condition: json.loads(wait_for_sample(guest, what, condition)))
    guest.sh("mv /root/hsflowd.conf /etc && systemctl reload hsflowd")


def is_restarted_when_it_hangs(guest):
    for daemon in "hsflowd", "sflowovsd":
        directory = f"/run/systemd/system/{daemon}.service.d"
        guest.sh(f"mkdir -p {directory} && printf '[Service]\\nWatchdogSec=5\\n' > {directory}/test.conf && "
                 f"systemctl daemon-reload && systemctl restart {daemon}")
        pid = pid_of(guest, daemon)
        guest.sh(f"kill -STOP {pid}")
        guest.wait_for(f"systemctl is-active -q {daemon} && test $(systemctl show -P MainPID {daemon}) != {pid}",
                       f"{daemon} is another process")
    wait_for_row_on(guest, "br0", "br1")


def stays_down_when_it_should(guest):
    guest.sh("systemctl disable -q --now hsflowd && systemctl restart sflowovsd")
    assert state_of_services(guest) == ["inactive", "active"]
    guest.sh("systemctl enable -q --now hsflowd")
    for daemon in "hsflowd", "sflowovsd":
        guest.sh(f"""cp /etc/default/{daemon} /root
            echo '{daemon.upper()}_OPTIONS=--no-such-option' > /etc/default/{daemon}
            ! systemctl restart {daemon} 2> /dev/null""")
        guest.wait_for(f"test $(systemctl show -P ActiveState {daemon}) = failed", f"{daemon} has failed, for good")
        assert guest.sh(f"systemctl show -P NRestarts -P ExecMainStatus {daemon}").split() == ["0", "64"]
        guest.sh(f"mv /root/{daemon} /etc/default && systemctl start {daemon}")


def leaves_nothing_behind(guest):
    guest.sh("systemctl stop collector")
    apt(guest, "remove sflowovsd")
    assert guest.sh("ovs-vsctl --columns=_uuid list sflow") == ""
    assert guest.sh("ls /etc/default/sflowovsd") != ""
    apt(guest, "remove hsflowd")
    assert guest.sh("ls /etc/default/hsflowd /etc/hsflowd.conf /var/lib/hsflowd") != ""
    status, *_ = guest.try_sh("ls /etc/hsflowd.auto /run/hsflowd/hsflowd.auto")
    assert status != 0
    apt(guest, "purge hsflowd sflowovsd hsflowd-libvirt")
    left = guest.sh("find / -xdev \\( -name '*hsflowd*' -o -name '*sflowovsd*' \\) -not -path '/proc/*' -not -path '/tmp/*' "
                    "-not -path '/var/tmp/*' -not -path '/var/log/*' -not -path '/var/cache/*'")
    assert left == ""
    assert guest.sh("systemctl --failed --no-legend") == ""


def works_alone_with_another_source_of_the_shared_file(guest):
    apt(guest, "install sflowovsd")
    status, *_ = guest.try_sh("ls /usr/sbin/hsflowd")
    assert status != 0
    guest.sh("""printf '%s\\n' rev_start=1 sampling=77 polling=7 agentIP=192.0.2.1 'collector=192.0.2.9 6343' rev_end=1 > /run/hsflowd/new &&
                mv /run/hsflowd/new /run/hsflowd/hsflowd.auto""")
    assert wait_for_row_on(guest, "br0", "br1")[1:] == (77, 7, "192.0.2.9:6343")
    # Its row goes with it, also from a database that is not where it usually is.
    guest.sh("""ovs-vsctl set-manager ptcp:6640:127.0.0.1
                echo 'SFLOWOVSD_OPTIONS="tcp:127.0.0.1:6640"' > /etc/default/sflowovsd
                mv /run/openvswitch/db.sock /run/openvswitch/elsewhere""")
    apt(guest, "purge sflowovsd")
    guest.sh("mv /run/openvswitch/elsewhere /run/openvswitch/db.sock")
    assert guest.sh("ovs-vsctl del-manager -- --columns=_uuid list sflow; rm /run/hsflowd/hsflowd.auto") == ""


def is_the_same_as_rpms(guest):
    """Their scripts with a systemd that runs; what they depend on has other names here."""
    rpm, files = "rpm --force-debian --nodeps", "/srv/packages/hsflowd-[0-9]*.rpm /srv/packages/sflowovsd-*.rpm /srv/packages/hsflowd-libvirt-*.rpm"
    guest.sh(f"echo '{DNS_SD}' > /etc/hsflowd.conf && {rpm} -i {files}")
    assert guest.sh("cat /etc/hsflowd.conf") == DNS_SD
    assert state_of_services(guest) == ["inactive", "inactive"]
    assert guest.sh("systemctl is-enabled hsflowd sflowovsd").split() == ["enabled", "enabled"]  # Debian's preset
    guest.sh("systemctl start hsflowd sflowovsd")
    uuid = wait_for_row_on(guest, "br0", "br1")[0]
    before = [pid_of(guest, daemon) for daemon in ("hsflowd", "sflowovsd")]
    guest.sh(f"{rpm} -U --force {files}")
    assert state_of_services(guest) == ["active", "active"]
    assert not set(before) & {pid_of(guest, daemon) for daemon in ("hsflowd", "sflowovsd")}
    assert wait_for_row_on(guest, "br0", "br1")[0] == uuid
    guest.sh(f"{rpm} -e hsflowd sflowovsd hsflowd-libvirt")
    assert guest.sh("ovs-vsctl --columns=_uuid list sflow") == ""
    assert state_of_services(guest) == ["inactive", "inactive"]
    assert DNS_SD in guest.sh("cat /etc/hsflowd.conf.rpmsave")
    assert guest.sh("find /etc/systemd /usr/sbin /run/hsflowd /etc/hsflowd.auto -name '*flow*d*' 2> /dev/null || true") == "/run/hsflowd"
    assert guest.sh("systemctl --failed --no-legend") == ""


def reaches_a_remote_database_with_its_drop_in(guest):
    directory = "/etc/systemd/system/sflowovsd.service.d"
    guest.sh("ovs-vsctl set-manager ptcp:6640:127.0.0.1 && cp /etc/default/sflowovsd /root && "
             "echo 'SFLOWOVSD_OPTIONS=\"tcp:127.0.0.1:6640\"' > /etc/default/sflowovsd && "
             f"install -D -m 644 -t {directory} /usr/share/doc/sflowovsd/examples/remote-database.conf && "
             "systemctl daemon-reload && systemctl restart sflowovsd && ovs-vsctl clear bridge br0 sflow")
    guest.wait_for("ovs-appctl -t sflowovsd sflow/status | grep '^database: tcp:.*: connected'", "connected over TCP")
    wait_for_row_on(guest, "br0", "br1")
    guest.sh(f"rm -r {directory} && mv /root/sflowovsd /etc/default && systemctl daemon-reload && "
             "systemctl restart sflowovsd && ovs-vsctl del-manager")


def reaches_the_database_of_a_snap_with_its_drop_in(guest):
    directory = "/etc/systemd/system/sflowovsd.service.d"
    run_dir = "/var/snap/microovn/common/run/switch"
    guest.sh(f"mkdir -p {run_dir} && ovs-appctl -t ovsdb-server ovsdb-server/add-remote punix:{run_dir}/db.sock && "
             "cp /etc/default/sflowovsd /root && "
             f"echo 'SFLOWOVSD_OPTIONS=\"unix:{run_dir}/db.sock\"' > /etc/default/sflowovsd && "
             f"install -D -m 644 -t {directory} /usr/share/doc/sflowovsd/examples/snap-database.conf && "
             "systemctl daemon-reload && systemctl restart sflowovsd && ovs-vsctl clear bridge br0 sflow")
    guest.wait_for("ovs-appctl -t sflowovsd sflow/status | grep '^database: unix:/var/snap/.*: connected'", "connected to it")
    wait_for_row_on(guest, "br0", "br1")
    guest.sh(f"rm -r {directory} && mv /root/sflowovsd /etc/default && systemctl daemon-reload && systemctl restart sflowovsd && "
             f"ovs-appctl -t ovsdb-server ovsdb-server/remove-remote punix:{run_dir}/db.sock && rm -r /var/snap")


def sends_through_a_vrf_and_from_a_namespace_with_its_drop_in(guest):
    directory = "/etc/systemd/system/hsflowd.service.d"
    guest.sh("""set -e
        ip link add mgmt type vrf table 10
        ip link set mgmt up
        ip netns add outside
        ip link add wire0 type veth peer name wire1 netns outside
        ip link set wire0 master mgmt up
        ip address add 198.51.100.1/24 dev wire0
        ip -n outside address add 198.51.100.9/24 dev wire1
        ip -n outside link set wire1 up
        ip netns exec outside true
        cp /etc/hsflowd.conf /root
        echo 'sflow { polling=1 collector { ip=198.51.100.9 dev=mgmt } collector { ip=10.1.0.2 namespace=guest1 } }' > /etc/hsflowd.conf
        systemctl reload hsflowd""")
    decode = "hsflowd decode --port 6343 --count 1 --seconds 60 | grep host_cpu"
    guest.sh(f"ip netns exec outside {decode}")
    guest.wait_for("journalctl -u hsflowd | grep 'collector 10.1.0.2 .*: Operation not permitted'", "it may not enter the namespace")
    guest.sh(f"install -D -m 644 -t {directory} /usr/share/doc/hsflowd/examples/collector-namespace.conf && "
             "systemctl daemon-reload && systemctl restart hsflowd")
    guest.sh(f"ip netns exec guest2 {decode}")
    # All of it in the VRF, without `dev`.
    guest.sh("echo 'sflow { polling=1 collector { ip=198.51.100.9 } }' > /etc/hsflowd.conf && "
             f"rm {directory}/*.conf && install -m 644 -t {directory} /usr/share/doc/hsflowd/examples/vrf.conf && "
             "systemctl daemon-reload && systemctl restart hsflowd")
    guest.sh(f"ip netns exec outside {decode}")
    assert guest.sh(f"ps -o user:20=,comm= -p {pid_of(guest, 'hsflowd')}").split() == ["hsflowd", "hsflowd"]
    guest.sh(f"rm -r {directory} && mv /root/hsflowd.conf /etc && systemctl daemon-reload && systemctl restart hsflowd && "
             "ip netns del outside && ip link del mgmt")
    wait_for_row_on(guest, "br0", "br1")


def counts_what_a_bond_negotiates_with_its_drop_in(guest):
    directory = "/etc/systemd/system/hsflowd.service.d"
    guest.sh(f"""set -e
        modprobe bonding max_bonds=0
        for bond in bond0 bond1; do ip link add $bond type bond mode 802.3ad lacp_rate fast miimon 100; done
        for wire in 0 1; do
            ip link add left$wire type veth peer name right$wire
            ip link set left$wire master bond0
            ip link set right$wire master bond1
        done
        ip link set bond0 up
        ip link set bond1 up
        cp /etc/hsflowd.conf /root
        echo 'sflow {{ polling=1 collector {{ ip=192.0.2.1 }} interfaces {{ include=left0 }} }}' > /etc/hsflowd.conf
        install -D -m 644 -t {directory} /usr/share/doc/hsflowd/examples/interface-details.conf
        systemctl daemon-reload
        systemctl restart hsflowd""")
    bond = guest.sh("cat /sys/class/net/bond0/ifindex").strip()
    lacp = '.samples[].records[] | select(.type == "lag_port_stats"'
    wait_for_sample(guest, "LACP is up", f'any({lacp} and .attached_agg_id == {bond} and .port_state.partner_oper == 63); .)')
    # One a second is sent to each side, and nothing of another kind.
    wait_for_sample(guest, "PDUs are counted", f'any({lacp} and .stats_lacpdus_tx > 5 and .stats_lacpdus_rx > 5 '
                                               'and .stats_marker_pdus_rx + .stats_unknown_rx + .stats_illegal_rx == 0); .)')


def polls_on_when_the_clock_is_set(guest):
    """With what the chapter before has set: a poll a second."""
    def polls_in_five_seconds():
        count = f"""grep -c '"host_cpu"' {COLLECTOR}"""
        before, after = guest.sh(f"{count}; sleep 5; {count}").split()
        return int(after) - int(before)
    for step in ("+1 day", "-2 days", "+1 day"):
        guest.sh(f"date -s '{step}'")
        assert 4 <= polls_in_five_seconds() <= 6, step
    guest.sh("rm -r /etc/systemd/system/hsflowd.service.d && mv /root/hsflowd.conf /etc && systemctl daemon-reload && "
             "systemctl restart hsflowd && ip link del bond0 && ip link del bond1 && ip link del left0 && ip link del left1")


def test_an_installation_from_the_first_apt_to_the_purge(guest):
    print("versions:", versions_of(guest), flush=True)
    for chapter in (install_the_earlier_version, sees_the_zone, names_the_host_by_its_firmware, runs_with_least_privilege,
                    follows_the_restarts_of_open_vswitch, is_back_after_a_reboot, waits_for_a_network_that_is_late,
                    is_upgraded_without_losing_anything, counts_a_virtual_machine_with_nothing_configured,
                    counts_the_guests_of_proxmox_ve, is_restarted_when_it_hangs,
                    stays_down_when_it_should,
                    reaches_a_remote_database_with_its_drop_in, reaches_the_database_of_a_snap_with_its_drop_in,
                    sends_through_a_vrf_and_from_a_namespace_with_its_drop_in,
                    counts_what_a_bond_negotiates_with_its_drop_in, polls_on_when_the_clock_is_set,
                    leaves_nothing_behind, works_alone_with_another_source_of_the_shared_file,
                    *([is_the_same_as_rpms] if SUITE == DEBIAN_12 else [])):  # the RPMs are those of one build
        start = time.monotonic()
        chapter(guest)
        print(f"{chapter.__name__}: {time.monotonic() - start:.0f} s", flush=True)
