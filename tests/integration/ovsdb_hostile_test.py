"""A server that is no ovsdb-server, or a broken one: it costs little CPU and few lines, and a good one in its place is used."""

import re
import time

import pytest

from hostile_ovsdb import BRIDGE, ROW, Database, server
from testbed import DEADLINE, SLOW, publish, run, settings, sflow_of, vsctl, wait_for

WATCHED = 6.0  # seconds
SFLOW_ONLY = "--ports-file="  # one connection; ports_file_test.py has the other one


@pytest.mark.skipif(SLOW > 1, reason="a sanitizer has an allocator of its own, whose memory sflowovsd does not see")
@pytest.mark.timeout(60)
def test_a_string_without_an_end_ends_it_with_a_message_before_the_memory_does(bed):
    publish(settings())

    def talk(connection):
        connection.sendall(b'{"id":1,"error":null,"result":"')
        while True:
            connection.sendall(b"x" * (1 << 20))

    with server(talk):
        daemon = bed.sflowovsd(SFLOW_ONLY)
        assert daemon.process.wait(DEADLINE) == 1
        assert re.search("more than 128 MiB of memory are in use: unix:.*db.sock sends more than a database of Open vSwitch has", daemon.text())


class Refuses(Database):
    """Refuses every transaction."""


class FailsAndChanges(Database):
    """Refuses every transaction, after a change of what it was planned from."""

    def transact(self, params):
        self.change_bridge()
        return super().transact(params)


class FailsAndChangesMany(FailsAndChanges):
    """With more bridges than may be tried at once."""
    bridges, most = 200, 40


class SucceedsAndReverts(Database):
    """Says that a transaction was successful, and undoes it."""

    def result(self, operations):
        self.update({"Bridge": {BRIDGE: {"old": {}, "new": {**self.bridge(), "sflow": ["uuid", ROW]}}},
                     "sFlow": {ROW: {"new": {"targets": "192.0.2.9:1"}}}})
        self.update({"Bridge": {BRIDGE: {"old": {"sflow": ["uuid", ROW]}, "new": self.bridge()}},
                     "sFlow": {ROW: {"old": {"targets": "192.0.2.9:1"}}}})
        return [{"uuid": ["uuid", ROW]} if operation["op"] == "insert" else {"count": 1} for operation in operations]


class TimesOut(Database):
    """Every transaction fails as if what it waits for were different."""

    def result(self, operations):
        self.change_bridge()
        return [{"error": "timed out"}] * len(operations)


class TakesTheLock(Database):
    """Takes the lock away and gives it back."""

    def result(self, operations):
        self.notify("stolen", ["sflowovsd"])
        self.notify("locked", ["sflowovsd"])
        return [{"error": "not owner"}] * len(operations)


class AnswersWithNonsense(Database):
    def result(self, _):
        return {"what": [None, 1e300, "\u0000"]}


class ChangesWithoutEnd(Database):
    """Each question of the client is followed by a thousand changes."""

    def result(self, operations):
        for _ in range(1000):
            self.change_bridge()
        return super().result(operations)


class SendsWrongValues(Database):
    """Values of wrong types, and references to nothing."""
    least = 1

    def monitor(self, params):
        good = super().monitor(params)
        wrong = {BRIDGE[:-1] + "9": {"name": ["set", []], "sflow": 7, "external_ids": "x"},
                 BRIDGE[:-1] + "8": {"name": "br\n8", "sflow": ["uuid", ROW], "external_ids": ["map", [["sflow", "\u001b[31m"]]]}}
        return {**good, "Bridge": {**good["Bridge"], **{uuid: {"new": row} for uuid, row in wrong.items()}}}


class SendsWrongRows(Database):
    """Rows and tables that nobody asked for; the library then takes nothing at all."""
    least = 0

    def monitor(self, params):
        return {**super().monitor(params), "Bridge": {"no uuid": {"new": {}}}, "Nothing": {ROW: {"new": {}}}}


def closes(connection):
    connection.recv(1)


def says_no_json(connection):
    connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n<html>")
    connection.recv(1 << 20)


def nests_deeply(connection):
    connection.sendall(b"[" * 100_000)
    connection.recv(1 << 20)


class AnswersAndCloses(Database):
    """A connection that is closed as soon as it is used."""
    least, most = 3, 14

    def transact(self, params):
        super().transact(params)
        raise OSError("close")


@pytest.mark.timeout(60)
@pytest.mark.parametrize("behaviour", [
    Refuses, FailsAndChanges, FailsAndChangesMany, SucceedsAndReverts, TimesOut, TakesTheLock, AnswersWithNonsense, AnswersAndCloses,
    ChangesWithoutEnd, SendsWrongValues, SendsWrongRows, closes, says_no_json, nests_deeply,
], ids=lambda behaviour: behaviour.__name__)
def test_a_hostile_server_costs_little_and_a_good_one_in_its_place_is_used(bed, behaviour):
    publish(settings())
    talk = behaviour() if isinstance(behaviour, type) else behaviour
    with server(talk):
        daemon = bed.sflowovsd(SFLOW_ONLY)
        daemon.tolerate("")
        wait_for(lambda: "connected" in daemon.text(), "it has connected")
        begin, ticks = time.monotonic(), daemon.cpu_ticks()
        wait_for(lambda: time.monotonic() - begin > WATCHED or daemon.process.poll() is not None, "enough of it", deadline=2 * WATCHED)
        assert daemon.process.poll() is None, daemon.text()
        assert daemon.cpu_ticks() - ticks < 100 * SLOW, daemon.text()  # of 600
        if isinstance(talk, Database):
            assert talk.least <= talk.transactions <= talk.most, daemon.text()
        # Six of its start, and before it knows better three connections of five lines.
        assert daemon.text().count("\n") <= 21, daemon.text()
    bed.ovsdb_server()
    vsctl("add-br", "br0")
    wait_for(lambda: sflow_of("br0"), "br0 has a row of the good server")
    if "closed again and again" in daemon.text():
        return  # it trusts the connection when it has lasted for 30 s
    levels = run("ovs-appctl", "-t", "/run/openvswitch/sflowovsd.ctl", "vlog/list")
    for module in "jsonrpc", "ovsdb_cs", "ovsdb_idl", "reconnect":
        assert re.search(rf"^{module} +INFO +OFF +INFO$", levels, re.M), levels
