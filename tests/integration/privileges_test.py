"""Both daemons, started as root, become other users (--user), as on hosts whose service manager cannot do it."""

import os
import pathlib
import re
import shutil
import signal
import socket
import stat
import subprocess
import tempfile

import pytest

from testbed import (DEADLINE, HSFLOWD, PORTS_FILE, SFLOWOVSD, SHARED_FILE, STATUS_SOCKET, Daemon, add_bridge, appctl, hsflowd_config, publish, run,
                     settings, sflow_of, shared_keys, vsctl, wait_for)

HSFLOWD_ID, SFLOWOVSD_ID, THIRD_ID, EXTRA_GROUP = 40001, 40002, 40003, 40004
DAC_OVERRIDE, NET_ADMIN, NET_RAW = 1 << 1, 1 << 12, 1 << 13  # capabilities(7), <linux/capability.h>


@pytest.fixture(scope="module", autouse=True)
def users():
    """In the sandbox's own /etc."""
    def without_ours(lines):
        return "".join(line for line in lines.splitlines(keepends=True)
                       if line.split(":")[0] not in ("hsflowd", "sflowovsd", "third", "extra"))
    passwd, group = pathlib.Path("/etc/passwd"), pathlib.Path("/etc/group")
    names = {"hsflowd": HSFLOWD_ID, "sflowovsd": SFLOWOVSD_ID, "third": THIRD_ID}
    passwd.write_text(without_ours(passwd.read_text())
                      + "".join(f"{name}:x:{number}:{number}::/:/usr/sbin/nologin\n" for name, number in names.items()))
    group.write_text(without_ours(group.read_text()) + "".join(f"{name}:x:{number}:\n" for name, number in names.items())
                     + f"extra:x:{EXTRA_GROUP}:hsflowd\n")


@pytest.fixture
def tmp_path():
    """One that every user may enter, unlike pytest's."""
    directory = pathlib.Path(tempfile.mkdtemp(dir="/run"))
    directory.chmod(0o755)
    yield directory
    shutil.rmtree(directory)


@pytest.fixture
def database(bed):
    """A database whose socket only root may use, as in the packages of Open vSwitch."""
    bed.server = bed.ovsdb_server()
    about = os.stat("/run/openvswitch/db.sock")
    assert about.st_uid == 0 and not about.st_mode & (stat.S_IWOTH | stat.S_IWGRP)
    add_bridge("br0")
    return bed


@pytest.fixture
def no_directories(bed):
    for directory in SHARED_FILE.parent, PORTS_FILE.parent:
        shutil.rmtree(directory, ignore_errors=True)


def credentials(pid):
    """What the kernel says about each thread (proc(5), /proc/PID/status)."""
    wanted = "Uid", "Gid", "Groups", "CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb", "NoNewPrivs", "Umask"
    threads = []
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        fields = dict(re.findall(r"^(\w+):\s*(.*?)\s*$", (task / "status").read_text(), re.M))
        threads.append({key: fields[key] for key in wanted})
    assert threads and all(thread == threads[0] for thread in threads)
    return threads[0]


def unprivileged(user, groups, capabilities=0, group=None):
    none, kept = f"{0:016x}", f"{capabilities:016x}"
    return {"Uid": "\t".join([str(user)] * 4), "Gid": "\t".join([str(group or user)] * 4), "Groups": " ".join(map(str, groups)),
            "CapInh": none, "CapPrm": kept, "CapEff": kept, "CapBnd": none, "CapAmb": none, "NoNewPrivs": "1", "Umask": "0027"}


def owner_and_mode(path):
    about = os.lstat(path)
    return about.st_uid, about.st_gid, stat.S_IMODE(about.st_mode)


def outcome(*command):
    done = subprocess.run([str(word) for word in command], text=True, capture_output=True, timeout=DEADLINE)
    return done.returncode, done.stderr


def has_sampling(sampling):
    return lambda: (sflow_of("br0") or {}).get("sampling") == sampling


def test_both_become_their_users_keep_what_they_need_and_do_their_work(database, no_directories, addresses, collector):
    hsflowd = database.hsflowd(hsflowd_config(collector), "--user", "hsflowd")
    sflowovsd = database.sflowovsd("--user=sflowovsd")
    wait_for(has_sampling(512), "the row")
    collector.receive()
    assert credentials(hsflowd.pid) == unprivileged(HSFLOWD_ID, [HSFLOWD_ID, EXTRA_GROUP])
    assert credentials(sflowovsd.pid) == unprivileged(SFLOWOVSD_ID, [SFLOWOVSD_ID], DAC_OVERRIDE)
    # The directories that systemd would have made.
    assert owner_and_mode(SHARED_FILE.parent) == owner_and_mode(database.directory / "state") == (HSFLOWD_ID, HSFLOWD_ID, 0o755)
    wait_for(PORTS_FILE.exists, "the ports file")
    assert owner_and_mode(PORTS_FILE.parent) == (SFLOWOVSD_ID, SFLOWOVSD_ID, 0o755)
    # Their files are for others to read, and the status is for the group.
    assert owner_and_mode(SHARED_FILE) == (HSFLOWD_ID, HSFLOWD_ID, 0o644)
    assert owner_and_mode(PORTS_FILE) == (SFLOWOVSD_ID, SFLOWOVSD_ID, 0o644)
    assert owner_and_mode(STATUS_SOCKET) == (HSFLOWD_ID, HSFLOWD_ID, 0o660)
    wait_for((database.directory / "state/agent-address.json").exists, "the state")
    assert "192.0.2.1" in run(HSFLOWD, "status")
    assert "sampled" in appctl("sflow/status")


def test_a_reload_and_a_new_database_socket_are_followed(database, addresses, collector):
    hsflowd = database.hsflowd(hsflowd_config(collector), "--user", "hsflowd")
    sflowovsd = database.sflowovsd("--user=sflowovsd")
    wait_for(has_sampling(512), "the row")
    hsflowd.reload(hsflowd_config(collector).replace("512", "77"))
    wait_for(has_sampling(77), "the new sampling")
    sflowovsd.tolerate(r"\|WARN\|.*db\.sock")  # of Open vSwitch's library, while there is none
    database.server.stop()
    os.path.exists("/run/openvswitch/db.sock") and os.unlink("/run/openvswitch/db.sock")
    database.server.start()
    wait_for(lambda: subprocess.run(["ovs-vsctl", "--no-wait", "--timeout=1", "clear", "bridge", "br0", "sflow"],
                                    stderr=subprocess.DEVNULL).returncode == 0, "ovsdb-server answers")
    wait_for(has_sampling(77), "the row again")
    # Its own log file and what it published stay writable.
    sflowovsd.process.send_signal(signal.SIGHUP)
    vsctl("add-br", "br1")
    wait_for(lambda: sflow_of("br1"), "br1 has the row")
    wait_for(lambda: "br1" in PORTS_FILE.read_text(), "the ports of br1")


def test_another_group_and_capabilities_that_a_feature_needs_are_kept(bed, no_directories, addresses, collector):
    hsflowd = bed.hsflowd(hsflowd_config(collector), "--user", "hsflowd:third", "--keep-capabilities", "CAP_NET_ADMIN,net_raw")
    collector.receive()
    assert credentials(hsflowd.pid) == unprivileged(HSFLOWD_ID, [THIRD_ID, EXTRA_GROUP], NET_ADMIN | NET_RAW, group=THIRD_ID)
    assert owner_and_mode(SHARED_FILE.parent)[:2] == (HSFLOWD_ID, THIRD_ID)


def test_the_state_of_a_daemon_that_ran_as_root_is_used_on(bed, no_directories, addresses, collector):
    before = bed.hsflowd(hsflowd_config(collector))
    state = bed.directory / "state/agent-address.json"
    wait_for(state.exists, "the state")
    before.stop()
    assert owner_and_mode(state)[0] == owner_and_mode(SHARED_FILE)[0] == 0
    state.write_text("{")
    after = bed.hsflowd(hsflowd_config(collector).replace("512", "77"), "--user", "hsflowd")
    after.announce("ignoring the saved one")  # it was read
    wait_for(lambda: state.exists() and owner_and_mode(state)[0] == HSFLOWD_ID, "the state is the user's")
    wait_for(lambda: shared_keys()["sampling"] == "77", "the shared file")
    assert owner_and_mode(SHARED_FILE)[0] == HSFLOWD_ID


def test_the_few_capabilities_that_changing_the_user_needs_are_enough(database, no_directories, addresses, collector):
    bounding = "--bounding-set=-all,+chown,+dac_override,+fowner,+setgid,+setpcap,+setuid"
    publish_dir = SHARED_FILE.parent
    config = database.directory / "hsflowd.conf"
    config.write_text(hsflowd_config(collector))
    for number, command in enumerate([[HSFLOWD, "-f", config, "--state-dir", database.directory / "state", "--user", "hsflowd"],
                                      [SFLOWOVSD, "--unixctl=/run/openvswitch/sflowovsd.ctl", "-vsyslog:off", "--user=sflowovsd"]]):
        database.ours.append(Daemon(["setpriv", bounding, *command], database.directory / f"bounded{number}.log"))
        wait_for(publish_dir.exists, "hsflowd's directory")
    wait_for(has_sampling(512), "the row")
    assert credentials(database.ours[1].pid)["CapEff"] == f"{DAC_OVERRIDE:016x}"


@pytest.mark.parametrize("place", ["run", "state"])
def test_a_link_in_the_place_of_a_directory_is_refused(bed, place):
    precious = bed.directory / "precious"
    precious.mkdir()
    directory = bed.directory / place
    directory.symlink_to(precious)
    daemon = bed.hsflowd("sflow {}", "--user", "hsflowd", "--run-dir", bed.directory / "run")
    daemon.announce(re.escape(f"critical: {directory}: `{place}` is a symbolic link, which is not followed"))
    assert daemon.process.wait(DEADLINE) == 1
    assert owner_and_mode(precious)[0] == 0


def test_a_directory_of_a_third_user_is_refused(bed):
    directory = bed.directory / "state"
    directory.mkdir()
    os.chown(directory, THIRD_ID, THIRD_ID)
    daemon = bed.hsflowd("sflow {}", "--user", "hsflowd")
    daemon.announce(re.escape(f"critical: {directory}: belongs to another user (uid {THIRD_ID}), not to `hsflowd`"))
    assert daemon.process.wait(DEADLINE) == 1


def test_an_unknown_user_or_capability_is_a_wrong_command_line():
    for daemon in HSFLOWD, SFLOWOVSD:
        for name, problem in (("nobody-here", "there is no user `nobody-here`"), ("hsflowd:nowhere", "there is no group `nowhere`"),
                              ("root", "`root` is root")):
            status, said = outcome(daemon, "--user", name)
            assert status == 64 and f"--user: {problem}\n" in said, said
    status, said = outcome(HSFLOWD, "--user", "hsflowd", "--keep-capabilities", "fly")
    assert status == 64 and "--keep-capabilities: there is no capability `fly`\n" in said, said
    status, said = outcome(HSFLOWD, "--keep-capabilities", "net_admin")
    assert status == 64 and "--keep-capabilities requires --user" in said, said


def test_a_way_back_to_root_is_refused(bed):
    daemon = bed.hsflowd("sflow {}", "--user", "hsflowd", "--keep-capabilities", "setuid")
    daemon.announce("critical: cannot become user `hsflowd`: the way back to root is still open")
    assert daemon.process.wait(DEADLINE) == 1


def test_a_configuration_that_the_user_cannot_read_is_named(bed):
    config = bed.directory / "hsflowd.conf"
    config.touch(mode=0o600)
    daemon = bed.hsflowd("sflow {}", "--user", "hsflowd")
    daemon.announce(f"error: {config}: Permission denied; the user with uid {HSFLOWD_ID} must be able to read it")
    assert daemon.process.wait(DEADLINE) == 78


def test_without_root_the_user_must_be_that_one(bed, tmp_path, addresses, collector):
    for name, program in (("hsflowd", HSFLOWD), ("sflowovsd", SFLOWOVSD)):
        shutil.copy(program, tmp_path / name)  # the build may be where only root may enter
        status, said = outcome("setpriv", f"--reuid={THIRD_ID}", f"--regid={THIRD_ID}", "--clear-groups", tmp_path / name, "--user", "hsflowd")
        assert status == 1 and "cannot become user `hsflowd`: not started as root" in said, said
    own = tmp_path / "own"
    own.mkdir()
    os.chown(own, HSFLOWD_ID, HSFLOWD_ID)
    config = tmp_path / "hsflowd.conf"
    config.write_text(hsflowd_config(collector))
    daemon = Daemon(["setpriv", f"--reuid={HSFLOWD_ID}", f"--regid={HSFLOWD_ID}", "--clear-groups", tmp_path / "hsflowd", "--user", "hsflowd",
                     "-f", config, "--run-dir", own, "--state-dir", own], tmp_path / "own.log")
    bed.ours.append(daemon)
    collector.receive()
    assert credentials(daemon.pid)["NoNewPrivs"] == "0", "nothing was changed"


def test_an_init_script_can_start_and_stop_both(database, addresses, collector):
    """As LSB scripts do: no service manager, no standard streams, process ids in files, messages in syslog."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as syslog:
        syslog.bind("/dev/log")
        os.chmod("/dev/log", 0o666)
        syslog.settimeout(DEADLINE)
        config = database.directory / "hsflowd.conf"
        config.write_text(hsflowd_config(collector))
        pid_files = SHARED_FILE.parent / "hsflowd.pid", pathlib.Path("/run/openvswitch/sflowovsd.pid")
        run("start-stop-daemon", "--start", "--background", "--pidfile", pid_files[0], "--exec", HSFLOWD, "--", "-f", config, "--state-dir",
            database.directory / "state", "--user", "hsflowd", "--pid-file", pid_files[0], "--syslog")
        run(SFLOWOVSD, "--detach", "--pidfile", "--user=sflowovsd", "-vconsole:off", "--unixctl=/run/openvswitch/sflowovsd.ctl")
        wait_for(has_sampling(512), "the row")
        wait_for(pid_files[0].exists, "hsflowd's process id")
        pids = [int(file.read_text()) for file in pid_files]
        assert [credentials(pid)["Uid"].split()[0] for pid in pids] == [str(HSFLOWD_ID), str(SFLOWOVSD_ID)]
        lines = []
        wait_for(lambda: lines.append(syslog.recv(65536).decode()) or re.search(r"hsflowd\[\d+\]: agent 192\.0\.2\.1, sampling 1 in 512", lines[-1]),
                 lambda: f"hsflowd's line: {lines}")
        assert lines[-1].startswith("<30>")  # facility daemon, level info (syslog(3))
        for file, pid, program in zip(pid_files, pids, (HSFLOWD, SFLOWOVSD)):
            run("start-stop-daemon", "--stop", "--pidfile", file, "--exec", program, "--retry", f"TERM/{DEADLINE:.0f}")
            wait_for(lambda: not pathlib.Path(f"/proc/{pid}").exists(), "it has ended, and was reaped by the sandbox")
        assert not any(file.exists() for file in pid_files)
    os.unlink("/dev/log")


def test_sflowovsd_writes_the_rows_once_as_the_user_too(database):
    publish(settings(sampling=99))
    database.sflowovsd_once("--once", "--user=sflowovsd")
    assert sflow_of("br0")["sampling"] == 99
