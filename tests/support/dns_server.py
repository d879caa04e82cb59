"""A real DNS server (BIND) for a test, and the content of /etc/resolv.conf while it runs."""

import contextlib
import os
import pathlib
import signal
import socket

from testbed import DEADLINE, Daemon, run

ADDRESS = "127.0.0.1"


@contextlib.contextmanager
def resolv_conf(directory, text=f"nameserver {ADDRESS}\nsearch example.com\n"):
    """Puts `text` in the place of resolv.conf, in the sandbox's mount namespace only."""
    file = pathlib.Path(directory) / "resolv.conf"
    file.write_text(text)
    # Where it is a symbolic link, it leads into /run, which the sandbox has emptied.
    place = pathlib.Path(os.path.realpath("/etc/resolv.conf"))
    if not place.exists():
        place.parent.mkdir(parents=True, exist_ok=True)
        place.touch()
    run("mount", "--bind", file, place)
    try:
        yield file
    finally:
        run("umount", place)


@contextlib.contextmanager
def copy_of_etc(directory):
    """In the place of /etc, in the sandbox's mount namespace only: a file mounted by itself, as above, is not seen to change
    by those who watch its directory."""
    copy = pathlib.Path(directory) / "etc"
    run("cp", "-a", "/etc", copy)
    run("mount", "--bind", copy, "/etc")
    try:
        yield
    finally:
        run("umount", "/etc")


class NameServer:
    """Authoritative for example.com; `records` are lines of a zone file (RFC 1035, section 5)."""

    def __init__(self, directory, records="", address=ADDRESS, ipv6="none"):
        self.address = address
        self.directory = pathlib.Path(directory) / "named"
        self.directory.mkdir()
        self.serial = 0
        self.write(records)
        (self.directory / "named.conf").write_text(f"""
options {{
    directory "{self.directory}"; pid-file none; session-keyfile none;
    listen-on {{ {address}; }}; listen-on-v6 {{ {ipv6}; }};
    recursion no; dnssec-validation no; notify no;
}};
controls {{ }};
zone "example.com" {{ type primary; file "zone"; }};
""")
        self.daemon = Daemon(["named", "-g", "-n", "1", "-c", self.directory / "named.conf"], self.directory / "log")
        self.daemon.expect_log("running\n")

    def write(self, records):
        self.serial += 1
        soa = f"@ SOA ns hostmaster {self.serial} 3600 600 86400 1\n@ NS ns\nns A {self.address}\n"
        (self.directory / "zone").write_text(f"$ORIGIN example.com.\n$TTL 1\n{soa}{records}\n")

    def change(self, records):
        """Returns when the new zone is served."""
        self.write(records)
        self.daemon.process.send_signal(signal.SIGHUP)
        self.daemon.expect_log(rf"zone example.com/IN: loaded serial {self.serial}\n")

    def close(self):
        self.daemon.stop()


class SilentServer:
    """Takes questions and never answers."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((ADDRESS, 53))

    def wait_for_a_question(self):
        self.socket.settimeout(DEADLINE)
        return self.socket.recv(512)

    def close(self):
        self.socket.close()
