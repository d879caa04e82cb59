"""The self-contained RPM on Ubuntu 16.04, whose rpm (4.12), systemd (229) and glibc (2.23) are the nearest to those of XCP-ng 8.3 (4.11, 219,
2.17) that can be had. Their packages are unpacked only, and nothing boots. PACKAGES names the directory of the packages, which tests/packages/build.sh makes."""

import os
import pathlib
import shutil
import subprocess

import pytest

pytestmark = pytest.mark.timeout(900)
ROOT = pathlib.Path(__file__).resolve().parents[2]
PACKAGES = pathlib.Path(os.environ.get("PACKAGES", ROOT / "build/packages"))
UNITS = ("hsflowd", "sflowovsd")
CONFIG = "sflow { dns-sd { } }\n"
RPM = ["rpm", "--nodeps", "--force-debian"]


# systemd-analyze needs to know its cgroup, in the hierarchy of that time. All of it ends with the namespaces.
VERIFY = """set -e
mount -t proc proc proc
mount --bind /sys sys
mount -t tmpfs tmpfs sys/fs/cgroup
mkdir sys/fs/cgroup/systemd
mount -t cgroup -o none,name=systemd cgroup sys/fs/cgroup/systemd
chroot . systemd-analyze verify --man=no "$1" 2>&1
"""


class Xenial:
    def __init__(self, path):
        self.path = path

    def run(self, *command):
        """The exit status, and what it printed."""
        done = subprocess.run(["chroot", self.path, *command], text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        return done.returncode, done.stdout

    def expect(self, *command):
        status, output = self.run(*command)
        assert status == 0, output
        return output


@pytest.fixture(scope="module")
def xenial(tmp_path_factory):
    path = tmp_path_factory.mktemp("xenial") / "root"
    [rpm] = (PACKAGES / "xcp").glob("*.rpm")
    subprocess.run([ROOT / "tests/support/make_root.sh", "xenial", path, "--variant=extract",
                    "--include=bash,coreutils,dash,diffutils,grep,libc-bin,login,passwd,procps,rpm,sed,systemd"], check=True)
    shutil.copy(rpm, path / "root")
    try:
        root = Xenial(path)
        for name in ("passwd", "group", "shadow", "gshadow"):
            (path / "etc" / name).write_text("root:x:0:0::/:/bin/sh\n" if name == "passwd" else "root:x:0:\n" if name == "group" else "")
        (path / "etc/hsflowd.conf").write_text(CONFIG)
        root.file = f"/root/{rpm.name}"
        root.installed = root.expect(*RPM, "--install", root.file)
        yield root
    finally:
        subprocess.run(["rm", "-rf", "--one-file-system", path], check=True)


def test_an_rpm_of_that_age_installs_it_and_runs_its_scripts(xenial):
    for user in UNITS:
        assert f"{user}:x:" in (xenial.path / "etc/passwd").read_text()
        assert os.path.lexists(xenial.path / f"etc/systemd/system/multi-user.target.wants/{user}.service")
    assert (xenial.path / "etc/hsflowd.conf").read_text() == CONFIG
    assert xenial.expect("rpm", "--verify", "sflow-agent-xcp", "--nodeps", "--nofiles") == ""


def verify(xenial, unit):
    done = subprocess.run(["unshare", "--mount", "--pid", "--fork", "--kill-child=KILL", "sh", "-c", VERIFY, "sh", unit], cwd=xenial.path,
                          text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return done.returncode, done.stdout


def test_a_systemd_of_that_age_understands_every_line_of_a_unit(xenial):
    assert "systemd 229" in xenial.expect("systemctl", "--version")
    for unit in UNITS:
        assert verify(xenial, f"/usr/lib/systemd/system/{unit}.service") == (0, "")
    shutil.copy(ROOT / "systemd/hsflowd.service", xenial.path / "root")
    assert "Unknown lvalue 'StateDirectory'" in verify(xenial, "/root/hsflowd.service")[1]  # it would say so


def test_both_daemons_run_beside_a_c_library_of_that_age(xenial):
    for daemon in UNITS:
        assert xenial.expect(f"/usr/sbin/{daemon}", "--version").startswith(daemon)
    assert xenial.expect("/usr/sbin/hsflowd", "check") == ""


def test_it_leaves_nothing_but_the_users_and_what_was_edited(xenial):
    xenial.expect(*RPM, "--erase", "sflow-agent-xcp")
    left = [path for path in (xenial.path / "usr").rglob("*flow*") if not str(path).endswith("overflow.h")]
    assert left == []
    assert (xenial.path / "etc/hsflowd.conf").exists() or (xenial.path / "etc/hsflowd.conf.rpmsave").exists()
