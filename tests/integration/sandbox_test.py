"""tests/support/sandbox.sh: what a command in it does to the files of the machine. This test runs in a sandbox too, which is the
machine here."""

import os
import pathlib
import subprocess

import pytest

from testbed import BUILD, DEADLINE, ROOT, run

SANDBOX = ROOT / "tests/support/sandbox.sh"


def machine():
    """Kind, mode and size of everything in the directories that belong to the machine."""
    return run("find", "/dev", "/etc", "/usr/bin", "/var/cache", "/var/lib", "/var/log", "-not", "-path", "/dev/pts/*",
               "-not", "-path", "/dev/fd/*", "-printf", "%p %y %m %s %T@\n") + run("ls", "-al", "/root")


def in_sandbox(script, *words):
    return subprocess.run([SANDBOX, "bash", "-c", script, "bash", *words], text=True, capture_output=True, timeout=DEADLINE)


CHANGES = {  # within the sandbox: what may fail, and what must hold afterwards
    "a device node is removed": ("rm -f /dev/null", "[ -c /dev/null ]"),
    "a device node is replaced": ("touch /tmp/$$.file && mv -f /tmp/$$.file /dev/zero; rm -f /tmp/$$.file", "[ -c /dev/zero ]"),
    "a device node gets another mode": ("chmod 600 /dev/null", "[ $(stat -c %a /dev/null) = 666 ]"),
    "the directory of a device node is removed": ("rm -rf /dev/net", "[ -c /dev/net/tun ]"),
    "a file is made in /dev": ("touch /dev/new", "[ -e /dev/new ]"),
    "a file in /etc is changed": ("echo 192.0.2.1 new >> /etc/hosts", "grep -q new /etc/hosts"),
    "a file in /etc is removed": ("rm /etc/passwd", "[ ! -e /etc/passwd ]"),
    "all of /etc is removed": ("rm -rf /etc/*", '[ -z "$(ls /etc)" ]'),
    "a file is made in /etc": ("mkdir /etc/new && echo 1 > /etc/new/file", "[ -s /etc/new/file ]"),
    "a program is replaced": ("cp /bin/true /usr/bin/ls", "ls / | grep -q usr"),
    "the state of a daemon is written": ("mkdir /var/lib/hsflowd && echo 1 > /var/lib/hsflowd/file", "[ -s /var/lib/hsflowd/file ]"),
    "a log is written": ("echo 1 > /var/log/hsflowd", "[ -s /var/log/hsflowd ]"),
    "a cache is written": ("mkdir -p /var/cache/libvirt/qemu", "[ -d /var/cache/libvirt/qemu ]"),
    "a file is made in the home directory": ("touch /root/new", "[ ! -e /root/new ]"),
    "what is its own is unmounted": ("umount -l /dev /etc; touch /dev/new /etc/new", "[ ! -e /dev/new ] && [ ! -e /etc/new ]"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_a_command_changes_in_the_machines_directories_stays_in_its_sandbox(change):
    command, result = CHANGES[change]
    before = machine()
    assert "/dev/null c 666 " in before and "/etc/passwd f 644 " in before
    done = in_sandbox(f"{{ {command}; }} 2> /tmp/sandbox_test.$$; rm -f /tmp/sandbox_test.$$; {result}")
    assert done.returncode == 0, done.stderr
    assert machine() == before


def test_it_can_use_devices_terminals_and_shared_memory():
    done = in_sandbox("""set -e
        echo 1 > /dev/null; [ "$(head -c 3 /dev/zero | wc -c)" = 3 ]; [ "$(head -c 3 /dev/urandom | wc -c)" = 3 ]
        ! echo 1 2> /dev/null > /dev/full
        : <> /dev/net/tun
        echo 1 > /dev/shm/file; [ -s /dev/fd/0 ] || [ -e /dev/stdin ]; echo out > /dev/stdout
        python3 -c 'import os, pty; master, slave = pty.openpty(); print(os.ttyname(slave))'""")
    assert (done.returncode, done.stdout) == (0, "out\n/dev/pts/0\n"), done.stderr


@pytest.mark.parametrize("place", ["/tmp", "/var/tmp", ROOT / "tests", BUILD])
def test_what_it_writes_to_temporary_directories_this_repository_and_the_build_stays(place):
    file = pathlib.Path(place) / f"sandbox_test.{os.getpid()}"
    assert in_sandbox('echo 1 > "$1"', file).returncode == 0
    assert file.read_text() == "1\n"
    file.unlink()


def test_it_writes_to_the_temporary_directory_and_the_build_that_variables_name(tmp_path):
    for name in ("TMPDIR", "BUILD_DIR"):
        hidden = pathlib.Path("/var/lib") / name  # an empty directory hides it in the sandbox
        hidden.mkdir()
        done = subprocess.run([SANDBOX, "touch", hidden / "file"], env={**os.environ, name: str(hidden)})
        assert done.returncode == 0 and (hidden / "file").exists()


def test_it_stays_in_the_directory_where_it_was_started():
    done = subprocess.run([SANDBOX, "bash", "-c", "pwd -P && touch sandbox_test.new && rm sandbox_test.new"], cwd=ROOT / "tests",
                          text=True, capture_output=True)
    assert (done.returncode, done.stdout) == (0, f"{ROOT}/tests\n"), done.stderr


CHROOT = """mkdir -p $0 && mount --rbind / $0 && cd $0
exec chroot . "$@\""""
OVERLAY = """mount -t tmpfs tmpfs $0 && cd $0 && mkdir upper work root
mount -t overlay -o lowerdir=/,upperdir=upper,workdir=work overlay root
for directory in dev proc sys; do mount --rbind /$directory root/$directory; done
mkdir -p root$1 && mount --bind $1 root$1
exec chroot root "${@:2}\""""


def test_it_works_in_a_chroot_whose_root_is_a_bind_mount(tmp_path):
    done = subprocess.run(["unshare", "--mount", "bash", "-c", CHROOT, tmp_path, SANDBOX, "--check"], text=True, capture_output=True)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr


def test_it_works_where_the_root_is_an_overlay_as_in_a_container(tmp_path):
    done = subprocess.run(["unshare", "--mount", "bash", "-c", OVERLAY, tmp_path, ROOT, SANDBOX, "--check"], text=True, capture_output=True)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr


REFUSALS = {  # a program that refuses something: the program, what it refuses, what is said about it
    "no terminals": ("mount", "*devpts*", "mount: /run/dev/pts: permission denied.",
                     "the namespaces cannot have a /dev of their own (mount: /run/dev/pts: permission denied.)\n"),
    "no copy of etc": ("cp", "*/etc/.*", "cp: cannot open '/etc/shadow' for reading: Permission denied",
                       "the namespaces cannot have a copy of /etc (cp: cannot open '/etc/shadow' for reading: Permission denied)\n"),
    "a root that stays writable": ("mount", "*remount*/", "mount: /: permission denied.",
                                   "the root directory cannot be made read-only in a new namespace (mount: /: permission denied.)\n"),
}


@pytest.mark.parametrize("refusal", REFUSALS)
def test_a_machine_that_cannot_protect_its_files_is_reported_in_one_sentence(refusal, tmp_path):
    program, arguments, says, reported = REFUSALS[refusal]
    wrapper = tmp_path / program
    wrapper.write_text(f'#!/bin/sh\ncase "$*" in {arguments}) echo "{says}" >&2; exit 1 ;; esac\nexec /bin/{program} "$@"\n')
    wrapper.chmod(0o755)
    done = subprocess.run([SANDBOX, "--check"], text=True, capture_output=True, env={**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"})
    assert (done.returncode, done.stdout) == (1, reported), done.stderr
