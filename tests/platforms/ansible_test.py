"""The Ansible role in conf/ansible, on a booted Debian guest. Ansible reaches the guest's sshd through a port of loopback."""

import hashlib
import json
import os
import pathlib
import re
import socket
import subprocess
import sys
import time
from email.utils import formatdate

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/vm"))

from boot_test import pid_of, start_collector, state_of_services, wait_for_both_streams, wait_for_row_on  # noqa: E402
from guest import Guest  # noqa: E402
from repository import PACKAGES, fill_repository  # noqa: E402

PLAYBOOK = ROOT / "conf/ansible/playbook.yml"
COLLECTOR = {"sflow_agent_collectors": [{"ip": "192.0.2.1", "port": 6343}], "sflow_agent_polling": 1, "sflow_agent_sampling": 20}
ZONE = {"sflow_agent_dns_sd": {"domain": "example.com"}}
AGENT = {"sflow_agent_options": "agentIP = 192.0.2.1\n"}

pytestmark = pytest.mark.timeout(3600)


def run(*command, **options):
    return subprocess.run([str(word) for word in command], check=True, capture_output=True, text=True, **options).stdout


def signed_repository(directory, home):
    """Signed as apt-secure(8) wants it, by a key that ends with the test. Returns the public key."""
    fill_repository(directory)
    index = (directory / "Packages").read_bytes()
    home.mkdir(mode=0o700)
    gpg = ("gpg", "--homedir", home, "--batch", "--quiet")
    try:
        run(*gpg, "--passphrase", "", "--quick-generate-key", "test@example.com", "ed25519", "sign", "1d")
        release = f"Date: {formatdate(usegmt=True)}\nSHA256:\n {hashlib.sha256(index).hexdigest()} {len(index)} Packages\n"
        run(*gpg, "--output", directory / "InRelease", "--clearsign", input=release)
        run(*gpg, "--output", home / "public.asc", "--armor", "--export")
    finally:
        run("gpgconf", "--homedir", home, "--kill", "all")
    return home / "public.asc"


def environment(work):
    """Ansible's, without a configuration of the user or of the machine."""
    (work / "ansible.cfg").touch()
    return {**os.environ, "HOME": str(work), "LC_ALL": "C.UTF-8", "ANSIBLE_CONFIG": str(work / "ansible.cfg"), "ANSIBLE_NOCOLOR": "1",
            "ANSIBLE_PIPELINING": "1", "ANSIBLE_TIMEOUT": "120", "ANSIBLE_SSH_CONTROL_PATH_DIR": str(work / "cp")}


class Playbook:
    """conf/ansible/playbook.yml for the guest, with what the inventory of an operator would set."""

    def __init__(self, work, guest, port, key):
        self.work = work
        run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", work / "id")
        guest.sh(f"""set -e
            mkdir -p -m 700 /root/.ssh
            echo '{(work / "id.pub").read_text().strip()}' > /root/.ssh/authorized_keys
            ip address add 10.0.2.15/24 dev eth0
            ip link set eth0 up
            systemctl start ssh
            rm /etc/apt/sources.list.d/bed.list""")
        print("\nversions:", run("ansible-playbook", "--version", env=environment(work)).splitlines()[0])
        (work / "known_hosts").write_text(f"[127.0.0.1]:{port} {guest.sh('cat /etc/ssh/ssh_host_ed25519_key.pub')}\n")
        (work / "inventory.json").write_text(json.dumps({"hypervisors": {"hosts": {"guest": {
            "ansible_host": "127.0.0.1", "ansible_port": port, "ansible_user": "root",
            "ansible_ssh_private_key_file": str(work / "id"), "ansible_python_interpreter": "/usr/bin/python3",
            "ansible_ssh_common_args": f"-F none -o UserKnownHostsFile={work / 'known_hosts'} -o StrictHostKeyChecking=yes",
            "sflow_agent_repository": {"url": "file:/srv/packages", "suite": "./", "key": str(key)},
        }}}}))

    def try_run(self, variables, *arguments):
        (self.work / "variables.json").write_text(json.dumps(variables))
        ended = subprocess.run(["ansible-playbook", "-i", self.work / "inventory.json", "-e", f"@{self.work / 'variables.json'}", *arguments,
                                PLAYBOOK], env=environment(self.work), stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        return ended.returncode, ended.stdout + ended.stderr

    def run(self, variables, *arguments):
        """How many tasks changed something, and the output."""
        start = time.monotonic()
        status, output = self.try_run(variables, *arguments)
        print(f"ansible-playbook {' '.join(arguments)}: {time.monotonic() - start:.0f} s", flush=True)
        assert status == 0, output
        [changed] = re.findall(r"changed=(\d+)", output)
        return int(changed), output

    def refuses(self, variables, message, *arguments):
        status, output = self.try_run(variables, *arguments)
        assert status != 0 and re.search(message, " ".join(output.split())), output


@pytest.fixture(name="beds")
def fixture_beds(tmp_path):
    repository = tmp_path / "packages"
    repository.mkdir()
    key = signed_repository(repository, tmp_path / "gpg")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with Guest(tmp_path, repository, nic=f"user,model=virtio-net-pci,restrict=on,hostfwd=tcp:127.0.0.1:{port}-:22") as guest:
        try:
            yield guest, Playbook(tmp_path, guest, port, key)
        finally:
            print(guest.try_sh("journalctl --no-pager -b -u hsflowd -u sflowovsd -u ssh -p info")[1][-8000:])


def changes_nothing_in_check_mode(guest, playbook):
    """Before anything of ours is installed."""
    files = "find /etc /usr /var/cache /var/lib -xdev -type f -newer /root/before"
    guest.sh("touch /root/before")
    changed, output = playbook.run({**COLLECTOR, **AGENT}, "--check", "--diff")
    assert changed > 0
    assert "+  collector { ip = 192.0.2.1 UDPPort = 6343 }" in output
    assert guest.sh(files) == ""
    assert guest.sh("ls -d /usr/sbin/hsflowd /etc/hsflowd.conf /etc/apt/sources.list.d/* 2> /dev/null || true") == ""


def installs_from_a_signed_repository(guest, playbook):
    playbook.run({**COLLECTOR, **AGENT})
    assert state_of_services(guest) == ["active", "active"]
    assert wait_for_row_on(guest, "br0")[1:] == (20, 1, "192.0.2.1:6343")
    start_collector(guest)
    wait_for_both_streams(guest)


def changes_nothing_in_a_second_run(_, playbook):
    for arguments in [], ["--check"]:
        changed, output = playbook.run({**COLLECTOR, **AGENT}, *arguments)
        assert changed == 0, output


def reloads_when_the_configuration_changes(guest, playbook):
    uuid, *_ = wait_for_row_on(guest, "br0")
    pids = [pid_of(guest, daemon) for daemon in ("hsflowd", "sflowovsd")]
    changed, output = playbook.run({**ZONE, **AGENT})
    assert changed == 2, output  # the file, and the handler
    guest.wait_for('test "$(ovs-vsctl --bare --columns=polling list sflow)" = 5', "the zone is applied")
    assert wait_for_row_on(guest, "br0") == (uuid, 10, 5, "192.0.2.1:6343")
    assert pids == [pid_of(guest, daemon) for daemon in ("hsflowd", "sflowovsd")]
    wait_for_both_streams(guest)


def keeps_the_last_good_file(guest, playbook):
    """What only hsflowd knows to be wrong."""
    before, pid = guest.sh("cat /etc/hsflowd.conf"), pid_of(guest, "hsflowd")
    playbook.refuses({**ZONE, "sflow_agent_polling": 301}, "polling: found `301`, expected a number from 0 to 300")
    playbook.refuses({"sflow_agent_collectors": [{"ip": "192.0.2.300"}]}, "ip: found `192.0.2.300`, expected an IP address or a host name")
    assert guest.sh("cat /etc/hsflowd.conf") == before
    assert pid_of(guest, "hsflowd") == pid
    wait_for_both_streams(guest)


def refuses_wrong_variables(_, playbook):
    for variables, message in [
            ({}, "Set either sflow_agent_collectors or sflow_agent_dns_sd. None is set."),
            ({**COLLECTOR, **ZONE}, "Set either sflow_agent_collectors or sflow_agent_dns_sd. Both are set."),
            ({"sflow_agent_collectors": [{"port": 6343}]}, "missing required arguments: ip found in sflow_agent_collectors"),
            ({"sflow_agent_collectors": [{"ip": "192.0.2.9", "prot": 6343}]}, "prot.*Supported parameters include: .*port"),
            ({**ZONE, "sflow_agent_polling": "often"}, "sflow_agent_polling.*cannot be converted to an int"),
            ({**ZONE, "sflow_agent_state": "gone"}, "value of sflow_agent_state must be one of: present, latest, absent, got: gone"),
            ({**ZONE, "sflow_agent_repository": {"url": "file:/srv/packages"}}, "sflow_agent_repository needs url, and either key or trusted")]:
        playbook.refuses(variables, message)


def restarts_when_command_line_options_change(guest, playbook):
    other = guest.sh("grep -v ^HSFLOWD_OPTIONS /etc/default/hsflowd")
    pids = [pid_of(guest, daemon) for daemon in ("hsflowd", "sflowovsd")]
    playbook.run({**ZONE, **AGENT, "sflow_agent_daemon_options": {"hsflowd": "-d"}})
    assert guest.sh("tr '\\0' ' ' < /proc/$(systemctl show -P MainPID hsflowd)/cmdline") == "/usr/sbin/hsflowd -d"
    assert pid_of(guest, "hsflowd") != pids[0] and pid_of(guest, "sflowovsd") == pids[1]
    assert guest.sh("grep -v ^HSFLOWD_OPTIONS /etc/default/hsflowd") == other


def removes_the_agent(guest, playbook):
    guest.sh("systemctl stop collector")
    absent = {"sflow_agent_state": "absent"}
    playbook.run(absent)
    assert guest.sh("ls -d /usr/sbin/hsflowd /usr/sbin/sflowovsd /etc/apt/sources.list.d/* /etc/apt/keyrings/* 2> /dev/null || true") == ""
    assert guest.sh("ovs-vsctl --columns=_uuid list sflow") == ""
    assert "dns-sd { domain = example.com }" in guest.sh("cat /etc/hsflowd.conf")
    changed, output = playbook.run(absent)
    assert changed == 0, output


def installs_package_files(guest, playbook):
    """With the configuration that the removal has kept. Then nothing is left."""
    files = [str(next(PACKAGES.glob(f"{name}_*.deb"))) for name in ("hsflowd", "sflowovsd")]
    variables = {**ZONE, **AGENT, "sflow_agent_repository": {}, "sflow_agent_package_files": files}
    playbook.run(variables)
    assert state_of_services(guest) == ["active", "active"]
    wait_for_row_on(guest, "br0")
    changed, output = playbook.run(variables)
    assert changed == 0, output
    playbook.run({"sflow_agent_state": "absent", "sflow_agent_purge": True})
    assert guest.sh("find /etc /usr /var/lib /var/cache -xdev \\( -name '*sflow*' -o -name '*hsflowd*' \\) "
                    "-not -path '/var/lib/apt/*'") == ""
    assert guest.sh("systemctl --failed --no-legend") == ""


def test_a_host_is_managed_by_ansible(beds):
    for chapter in (changes_nothing_in_check_mode, installs_from_a_signed_repository, changes_nothing_in_a_second_run,
                    reloads_when_the_configuration_changes, keeps_the_last_good_file, refuses_wrong_variables,
                    restarts_when_command_line_options_change, removes_the_agent, installs_package_files):
        start = time.monotonic()
        chapter(*beds)
        print(f"{chapter.__name__}: {time.monotonic() - start:.0f} s", flush=True)


def test_the_playbook_and_its_role_are_good_yaml(tmp_path):
    run("ansible-playbook", "--syntax-check", "-i", PLAYBOOK.with_name("inventory.yml"), PLAYBOOK, env=environment(tmp_path))
    run("yamllint", "--strict", "-d", "{extends: default, rules: {line-length: {max: 150}}}", PLAYBOOK.parent)
