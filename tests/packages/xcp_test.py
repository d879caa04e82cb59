"""The self-contained RPM in a root that holds nothing but busybox and the kernel's file systems. Runs in tests/support/sandbox.sh. PACKAGES names
the directory of the packages, which tests/packages/build.sh makes."""

import json
import os
import pathlib
import re
import subprocess

import pytest

from dns_server import NameServer
from testbed import ROOT, Collector, Daemon, add_bridge, run, sflow_of, wait_for

PACKAGES = pathlib.Path(os.environ.get("PACKAGES", ROOT / "build/packages"))
PRIVATE = "/usr/lib/sflow-agent"
NAME = "sflow-agent-xcp"
UNITS = ("hsflowd", "sflowovsd")
BUSYBOX = "/bin/busybox"
PORT = 16343
assert b"\0sandbox\0" in pathlib.Path("/proc/1/cmdline").read_bytes(), "run this file in tests/support/sandbox.sh"
# What rpm 4.11 (CentOS 7) provides, of what the rpm of today may need (rpm --showrc).
RPM_4_11 = {"rpmlib(CompressedFileNames)", "rpmlib(FileDigests)", "rpmlib(PayloadFilesHavePrefix)", "rpmlib(PayloadIsXz)",
            "rpmlib(TildeInVersions)"}
# The keys that our units use, and the systemd that has them first (its NEWS; 0: before NEWS begins to name them, or so old that no
# release of interest lacks them). Keys that 219 does not know are ignored there, and with them what they promise.
KEYS = {
    "Description": 0, "Documentation": 0, "After": 0, "Type": 0, "EnvironmentFile": 0, "Environment": 0, "ExecStart": 0, "ExecReload": 0,
    "Restart": 0, "RestartSec": 0, "StartLimitInterval": 0, "TimeoutStopSec": 188, "UMask": 0, "CapabilityBoundingSet": 0,
    "PrivateTmp": 0, "PrivateNetwork": 0, "ReadOnlyDirectories": 0, "ReadWriteDirectories": 0, "WantedBy": 0,
    "WatchdogSec": 183, "NoNewPrivileges": 187, "SystemCallFilter": 187, "MemoryLimit": 205, "DevicePolicy": 208, "DeviceAllow": 208,
    "PrivateDevices": 209, "SystemCallArchitectures": 209, "SystemCallErrorNumber": 209,
    "RestartPreventExitStatus": 189, "RestrictAddressFamilies": 211, "ProtectSystem": 214, "ProtectHome": 214,
}
# Values of known keys that are newer than 219: ProtectSystem=strict (232), groups of system calls (231), "+" before a command (231).
NEWER_VALUES = r"^(ProtectSystem=strict|SystemCallFilter=.*@|Exec\w+=[-@:]*[+!])"


@pytest.fixture(scope="module", name="rpm")
def fixture_rpm():
    [file] = (PACKAGES / "xcp").glob("*.rpm")
    return file


def query(rpm, form):
    return run("rpm", "-qp", "--qf", form, rpm).splitlines()


# ---------------------------------------------------------------- what is in it

@pytest.mark.parametrize("unit", UNITS)
def test_systemd_219_knows_every_key_of_a_unit(unit):
    lines = (ROOT / f"systemd/xcp/{unit}.service").read_text().splitlines()
    keys = [line.split("=", 1)[0] for line in lines if re.match(r"[A-Za-z]+=", line)]
    assert len(keys) > 20
    assert [key for key in keys if KEYS.get(key, 999) > 219] == []
    assert [line for line in lines if re.search(NEWER_VALUES, line)] == []
    assert any(line.startswith(f"ExecStart=/usr/sbin/{unit} --user {unit} ") for line in lines)


def test_it_needs_nothing_but_a_shell_and_systemd(rpm):
    needs = {line.split()[0] for line in query(rpm, "[%{REQUIRENAME}\n]")}
    assert needs - RPM_4_11 == {"/bin/sh", "systemd"}
    assert set(query(rpm, "[%{CONFLICTNAME}\n]")) == {"hsflowd", "hsflowd-xen", "sflowovsd"}
    assert query(rpm, "%{PAYLOADCOMPRESSOR} %{BUILDHOST}") == ["xz localhost"]


def test_it_names_the_version_and_the_licence_of_each_library_in_it(rpm):
    files = query(rpm, "[%{FILENAMES}\n]")
    libraries = {pathlib.Path(file).name for file in files if file.startswith(f"{PRIVATE}/")}
    assert len(libraries) > 20
    documents = f"/usr/share/doc/{NAME}/libraries"
    text = subprocess.run(f"rpm2cpio {rpm} | cpio --quiet -i --to-stdout .{documents}/versions", shell=True, text=True, check=True,
                          stdout=subprocess.PIPE).stdout
    known = {line.split()[0]: line.split() for line in text.splitlines() if not line.startswith("#")}
    assert set(known) == libraries
    bundled = set(query(rpm, "[%{PROVIDENAME}\n]"))
    for _, package, version, source, _ in known.values():
        assert version and f"bundled({source})" in bundled
        assert f"{documents}/{package}.copyright" in files


# ---------------------------------------------------------------- in the empty root

class Root:
    """What runs in it shares /run, the network and the process ids of the sandbox."""

    def __init__(self, path, users=True):
        self.path = path
        for directory in ("bin", "sbin", "etc", "proc", "sys", "dev", "run", "tmp", "usr/bin", "usr/sbin", "var"):
            (path / directory).mkdir(parents=True)
        (path / "var/run").symlink_to("/run")
        run("cp", BUSYBOX, path / "bin")
        run("chroot", path, BUSYBOX, "--install", "-s")
        # It has no useradd(8): the host has the users already, or cannot make them.
        names = {"root": 0, "hsflowd": 901, "sflowovsd": 902} if users else {"root": 0}
        (path / "etc/passwd").write_text("".join(f"{name}:x:{uid}:{uid}::/:/sbin/nologin\n" for name, uid in names.items()))
        (path / "etc/group").write_text("".join(f"{name}:x:{gid}:\n" for name, gid in names.items()))
        # A host of a domain may have name services whose libraries fit its own C library only.
        (path / "etc/nsswitch.conf").write_text("passwd: files sss\ngroup: files sss\nhosts: files dns myhostname\n")
        (path / "etc/resolv.conf").write_text("nameserver 127.0.0.1\nsearch example.com\n")
        for directory in ("proc", "sys", "dev", "run"):
            run("mount", "--rbind", f"/{directory}", path / directory)

    def close(self):
        for directory in ("proc", "sys", "dev", "run"):
            run("umount", "--recursive", self.path / directory)

    def rpm(self, *options):
        """What it and the scripts print."""
        done = subprocess.run(["rpm", "--force-debian", "--root", self.path, *options], text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        return done.returncode, done.stdout

    def run(self, *command):
        return run("chroot", self.path, *command)

    def daemon(self, bed, name, *options):
        daemon = Daemon(["chroot", self.path, f"/usr/sbin/{name}", *options], bed.directory / f"{name}.log")
        bed.ours.append(daemon)
        return daemon


NO_SYSTEMD = "sflow-agent-xcp: this host has no systemd: start hsflowd --user hsflowd and sflowovsd --user sflowovsd in another way\n"


@pytest.fixture(scope="module")
def root(rpm, tmp_path_factory):
    root = Root(tmp_path_factory.mktemp("root") / "root")
    try:
        (root.path / "etc/hsflowd.conf").write_text(CONFIG)  # of an earlier installation
        status, output = root.rpm("--install", rpm)  # no package has brought a shell or systemd
        assert status == 1 and re.findall("\t(.*) is needed by", output) == ["/bin/sh", "systemd"], output
        status, output = root.rpm("--install", "--nodeps", rpm)
        assert status == 0 and output.endswith(NO_SYSTEMD), output
        yield root
        # The kept configuration stays.
        (root.path / "etc/hsflowd.conf").write_text(CONFIG + "# edited\n")
        assert root.rpm("--erase", NAME)[0] == 0
        left = [str(path.relative_to(root.path)) for path in (root.path / "usr").rglob("*") if re.search("flow", path.name)]
        assert left == []
        kept = [path.read_text() for path in (root.path / "etc").glob("hsflowd.conf*")]
        assert CONFIG + "# edited\n" in kept
    finally:
        root.close()


CONFIG = "sflow {\n agentIP = 192.0.2.1\n dns-sd { domain = example.com min-ttl = 1 start-delay = 0 }\n xen { }\n}\n"


def privileges(pid):
    """User ids, group ids, and effective and bounding capabilities (proc(5))."""
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    fields = dict(re.findall(r"^(\w+):\s+(.*)$", text, re.M))
    assert len(set(fields["Uid"].split())) == len(set(fields["Gid"].split())) == 1
    return {"user": int(fields["Uid"].split()[0]), "effective": int(fields["CapEff"], 16), "permitted": int(fields["CapPrm"], 16),
            "bounding": int(fields["CapBnd"], 16), "no_new_privileges": fields["NoNewPrivs"]}


def mapped_files(pid):
    return {line.split(maxsplit=5)[5] for line in pathlib.Path(f"/proc/{pid}/maps").read_text().splitlines() if "/" in line}


CAP_DAC_OVERRIDE = 1 << 1


def test_both_daemons_run_there_follow_dns_export_and_keep_the_rows_of_open_vswitch(root, bed, tmp_path):
    collector = Collector("127.0.0.1", PORT)
    dns = NameServer(tmp_path, f'_sflow._udp SRV 0 0 {PORT} c1\nc1 A 127.0.0.1\n_sflow._udp TXT "sampling=50" "polling=1"')
    bed.others.append(dns.daemon)
    bed.ovsdb_server()
    bed.vswitchd("--enable-dummy")
    add_bridge("br0")
    os.chmod("/run/openvswitch/db.sock", 0o750)
    hsflowd = root.daemon(bed, "hsflowd", "--user", "hsflowd", "--keep-capabilities", "dac_override")
    hsflowd.tolerate("xen: ")  # this kernel runs below no Xen
    sflowovsd = root.daemon(bed, "sflowovsd", "--user", "sflowovsd", "--pidfile", "--no-chdir", "-vsyslog:off")

    datagram = collector.receive()  # the independent decoder has checked it
    assert datagram["agent_address"] == "192.0.2.1"
    row = wait_for(lambda: sflow_of("br0"), "the bridge has sFlow")
    assert (row["sampling"], row["targets"]) == (50, f"127.0.0.1:{PORT}")
    add_bridge("br1")
    wait_for(lambda: sflow_of("br1"), "an added bridge has it, too")

    for daemon, user, uid in ((hsflowd, "hsflowd", 901), (sflowovsd, "sflowovsd", 902)):
        assert privileges(daemon.pid) == {"user": uid, "effective": CAP_DAC_OVERRIDE, "permitted": CAP_DAC_OVERRIDE,
                                          "bounding": 0, "no_new_privileges": "1"}
        foreign = [file for file in mapped_files(daemon.pid)
                   if not re.search(rf"({PRIVATE}/[^/]+|/hsflowd/xen\.so|/usr/sbin/{user})$", file)]
        assert foreign == []
    # With the module of Xen, which is tried because the configuration names it.
    assert any("libxenctrl" in file for file in mapped_files(hsflowd.pid))
    assert json.loads(root.run("/usr/sbin/hsflowd", "status", "--format=json"))
    sflowovsd.stop()
    run("chroot", root.path, "/usr/sbin/sflowovsd", "--clear", "-vsyslog:off")
    assert sflow_of("br0") is None
    collector.close()


def test_its_commands_run_there(root):
    assert root.run("/usr/sbin/hsflowd", "check") == ""
    assert re.search("(?m)^Modules in .*: xen$", root.run("/usr/sbin/hsflowd", "--version"))
    assert "--user" in root.run("/usr/sbin/sflowovsd", "--help")


def test_every_library_comes_from_its_own_directory_and_none_of_the_host_completes_them(root):
    """The host has a library of the same name, and a cache that finds it, as CentOS 7 has for /lib64."""
    (root.path / "lib64").mkdir()
    run("cp", "-L", "/lib/x86_64-linux-gnu/libmnl.so.0", root.path / "lib64")
    (root.path / "etc/ld.so.conf").write_text("/lib64\n")
    run("ldconfig", "-r", root.path)
    loader = f"{PRIVATE}/ld-linux-x86-64.so.2"
    for program in ("/usr/sbin/hsflowd", "/usr/sbin/sflowovsd", "/usr/lib/x86_64-linux-gnu/hsflowd/xen.so"):
        found = [line for line in root.run(loader, "--list", program).splitlines() if "=>" in line]
        assert found and [line for line in found if f"=> {PRIVATE}/" not in line] == []
    ours = root.path / PRIVATE.lstrip("/") / "libmnl.so.0"
    ours.rename(ours.with_suffix(".away"))
    try:
        done = subprocess.run(["chroot", root.path, "/usr/sbin/hsflowd", "--version"], text=True, capture_output=True)
        assert (done.returncode, "libmnl.so.0: cannot open shared object file" in done.stderr) == (127, True), done
    finally:
        ours.with_suffix(".away").rename(ours)


def test_a_disk_without_room_for_it_is_left_as_it_is(rpm, tmp_path):
    place = tmp_path / "small"
    place.mkdir()
    run("mount", "-t", "tmpfs", "-o", "size=20m", "tmpfs", place)
    root = Root(place / "root")
    try:
        before = files_in(root)
        status, output = root.rpm("--install", "--nodeps", rpm)
        assert status == 1 and re.search(r"installing package sflow-agent-xcp-\S+ needs \d+MB more space on the .* filesystem", output), output
        assert files_in(root) == before
    finally:
        root.close()
        run("umount", place)


def files_in(root):
    return sorted(str(path) for directory in ("usr", "etc") for path in (root.path / directory).rglob("*"))


def test_a_host_on_which_no_user_can_be_made_is_left_as_it_is(rpm, tmp_path):
    root = Root(tmp_path / "root", users=False)
    try:
        before = files_in(root)
        status, output = root.rpm("--install", "--nodeps", rpm)
        assert status == 1
        assert "sflow-agent-xcp: cannot create the user hsflowd with useradd(8); nothing is installed\n" in output
        assert files_in(root) == before
    finally:
        root.close()
