"""Another client that undoes what sflowovsd does, each time, as fast as it can."""

import itertools
import threading
import time

import pytest

from testbed import (SLOW, Monitor, NothingReceived, appctl, bridge_state, publish, settings, sflow_of, sflow_status, vsctl, wait_for)

FIGHT = 10.0  # seconds
PROBLEM = "br0: another client keeps changing its sFlow, which is repaired more slowly now"
TABLES = {"Bridge": {"columns": ["name", "sflow"]}, "sFlow": {"columns": ["sampling", "external_ids"]}}


class Opponent:
    """Answers each change of ours that undo(table, uuid, new) knows the operation against, until the end of the context. It begins
    with what is there."""

    def __init__(self, undo):
        self.undo = undo
        self.monitor = Monitor(TABLES)
        self.last = None  # operation
        self.ends = False
        self.thread = threading.Thread(target=self.fight)

    def fight(self):
        self.answer(self.monitor.initial)
        while not self.ends:
            try:
                message = self.monitor.receive(0.05)
            except NothingReceived:
                self.send(self.last)  # ovsdb-server does not tell of changes that cancel each other
                continue
            if message.get("method") == "update":
                self.answer(message["params"][1])

    def answer(self, tables):
        for table, rows in tables.items():
            for uuid, change in rows.items():
                if operation := self.undo(table, uuid, change.get("new")):
                    self.send(operation)

    def send(self, operation):
        self.last = operation
        self.monitor.send({"id": "undo", "method": "transact", "params": ["Open_vSwitch", operation]})

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ends = True
        self.thread.join()
        self.monitor.close()


def clears(table, uuid, new):
    if table == "Bridge" and new and new["name"] == "br0" and new["sflow"] != ["set", []]:
        return {"op": "update", "table": "Bridge", "where": [["_uuid", "==", ["uuid", uuid]]], "row": {"sflow": ["set", []]}}
    return None


def edits(table, uuid, new):
    """Into a row of nobody, which sflowovsd adopts."""
    if table == "sFlow" and new and new["sampling"] == 512:
        return {"op": "update", "table": "sFlow", "where": [["_uuid", "==", ["uuid", uuid]]],
                "row": {"sampling": 7, "external_ids": ["map", []]}}
    return None


@pytest.mark.timeout(90)
@pytest.mark.parametrize("undo", [clears, edits])
def test_repairs_of_one_bridge_slow_down_and_no_other_bridge_waits(bed, undo):
    bed.ovsdb_server()
    vsctl("add-br", "br0")
    publish(settings(sampling=512))
    daemon = bed.sflowovsd()
    daemon.announce(PROBLEM)
    wait_for(lambda: sflow_of("br0"), "br0 has a row")
    begin = time.monotonic()
    with Opponent(undo):
        daemon.expect_log(PROBLEM)
        wait_for(lambda: time.monotonic() - begin > 3.5, "the next repair of br0 is 4 s away")
        vsctl("add-br", "br1")
        asked = time.monotonic()
        wait_for(lambda: sflow_of("br1"), "br1 has a row")
        assert time.monotonic() - asked < 2 * SLOW
        wait_for(lambda: time.monotonic() - begin > FIGHT, "enough of it", deadline=2 * FIGHT)
        # Five at once, then after 1 s, 2 s and 4 s; br1 shares the row, and has five of its own.
        assert 7 <= sflow_status()["transactions"]["succeeded"] <= 16
        assert PROBLEM.partition(": ")[2] in appctl("sflow/status")
    lines = daemon.text().count("\n")
    assert lines <= 18, daemon.text()  # a start, ten changes, the fight
    wait_for(lambda: (sflow_of("br0") or {}).get("sampling") == 512, "br0 is right again")
    wait_for(lambda: bridge_state("br0") == "sampled", "it knows that")
    assert sflow_status()["transactions"]["failed"] == 0


def test_resync_repairs_at_once_whatever_was_held_back(bed):
    bed.ovsdb_server()
    vsctl("add-br", "br0")
    publish(settings())
    daemon = bed.sflowovsd()
    daemon.announce(PROBLEM)
    wait_for(lambda: sflow_of("br0"), "br0 has a row")
    with Opponent(clears):
        daemon.expect_log(PROBLEM)
    assert appctl("sflow/resync") == "done\n"
    assert sflow_of("br0")


def test_a_client_that_changes_the_row_without_waiting_keeps_no_other_bridge_waiting(bed):
    bed.ovsdb_server()
    vsctl("add-br", "br0")
    publish(settings())
    daemon = bed.sflowovsd()
    for warning in (PROBLEM, "transaction error: ", "transaction: ", "bridges: "):
        daemon.tolerate(warning)
    row = wait_for(lambda: sflow_of("br0"), "br0 has a row")["_uuid"]
    blind, ends = Monitor({}), threading.Event()

    def change():  # each time something that a transaction of ours verifies
        for number in itertools.count():
            if ends.wait(0.001):
                return
            blind.send({"id": "blind", "method": "transact", "params": ["Open_vSwitch", {
                "op": "update", "table": "sFlow", "where": [["_uuid", "==", ["uuid", row]]],
                "row": {"external_ids": ["map", [["managed-by", "sflowovsd"], ["number", str(number)]]]}}]})
            blind.socket.recv(1 << 16)
    thread = threading.Thread(target=change)
    thread.start()
    try:
        for number in range(1, 6):
            vsctl("add-br", f"br{number}")
        asked = time.monotonic()
        wait_for(lambda: all(sflow_of(f"br{number}") for number in range(1, 6)), "all have a row")
        assert time.monotonic() - asked < 2 * SLOW
    finally:
        ends.set()
        thread.join()
        blind.close()
