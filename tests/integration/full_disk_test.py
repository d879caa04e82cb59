"""The disk under Open vSwitch's database, or under a daemon's own files, is full and has space again."""

import contextlib
import time

import pytest

from ovsdb import Server
from testbed import SCHEMA, publish, run, settings, wait_for

MOST = 10.0  # seconds until the row is right


@contextlib.contextmanager
def small_disk(path):
    path.mkdir()
    run("mount", "-t", "tmpfs", "-o", "size=128k", "tmpfs", path)
    try:
        yield path
    finally:
        run("umount", "--lazy", path)


def fill(directory):
    with open(directory / "filler", "wb", buffering=0) as filler, contextlib.suppress(OSError):
        while True:
            filler.write(bytes(512))


@pytest.mark.timeout(90)
def test_after_the_disk_of_the_database_was_full_the_row_is_right_within_ten_seconds(bed, tmp_path):
    with small_disk(tmp_path / "disk") as disk:
        run("ovsdb-tool", "create", disk / "conf.db", SCHEMA)
        server = Server(bed, "db", disk / "conf.db")
        server.vsctl("init")
        server.vsctl("add-br", "br0")
        publish(settings(sampling=100))
        daemon = bed.sflowovsd(server.remote)
        daemon.announce("transaction: .*No space left on device")
        daemon.announce("transaction error: .*No space left on device")

        def sampling():
            return server.vsctl("--bare", "--columns=sampling", "list", "sflow").strip()
        wait_for(lambda: sampling() == "100", "br0 has a row")
        fill(disk)
        with pytest.raises(AssertionError, match="No space left on device"):
            for number in range(1000):  # what is free in the last page of the file
                server.vsctl("set", "bridge", "br0", f"external_ids:number={number}")
        publish(settings(sampling=99, revision=2))
        daemon.expect_log("transaction: .*No space left on device")
        begin = time.monotonic()
        wait_for(lambda: sampling() == "100" and time.monotonic() - begin > 16, "the longest pause", deadline=40)
        assert daemon.text().count("\n") < 20, daemon.text()
        (disk / "filler").unlink()
        wait_for(lambda: sampling() == "99", "the row is right", deadline=MOST)
        daemon.expect_log("transaction: recovered")
        server.daemon.stop()
