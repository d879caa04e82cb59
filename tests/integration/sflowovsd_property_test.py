"""Whatever others change in the database, every bridge ends as it should be, and rows of other owners are not changed."""

import random

from testbed import Monitor, NothingReceived, appctl, publish, run, settings, wait_for

EDITS = 10_000
REST = 250  # edits between two checks of the whole database
TABLES = {"Bridge": {"columns": ["name", "sflow", "external_ids"]},
          "sFlow": {"columns": ["agent", "sampling", "polling", "header", "targets", "external_ids"]},
          "Open_vSwitch": {"columns": ["bridges"]}}
OURS = {"managed-by": "sflowovsd"}
COUNTERS_ONLY = 4294967295


def plain(value):
    """An OVSDB value (RFC 7047, section 5.1) as one of Python."""
    if not isinstance(value, list):
        return value
    kind, items = value
    if kind == "map":
        return {key: item for key, item in items}
    return [plain(item) for item in items] if kind == "set" else items


def ovsdb_map(values):
    return ["map", [[key, value] for key, value in values.items()]]


def single(value):
    """The value of a column with at most one."""
    return None if value == [] else value


def is_foreign(row):
    return bool(row["external_ids"]) and row["external_ids"].get("managed-by") != "sflowovsd"


def is_ours(row):
    return row["external_ids"].get("managed-by") == "sflowovsd"


class Replica:
    """A copy of the database, from its updates. `harm` lists changes of foreign rows that this test did not make."""

    def __init__(self):
        self.monitor = Monitor(TABLES)
        self.tables = {"Bridge": {}, "sFlow": {}, "Open_vSwitch": {}}
        self.touched = set()  # rows that the current edit changes
        self.harm = []
        self.take(self.monitor.initial)

    def take(self, update):
        self.check(update)
        for table, rows in update.items():
            for uuid, change in rows.items():
                if change.get("new") is None:
                    del self.tables[table][uuid]
                else:
                    self.tables[table][uuid] = {key: plain(value) for key, value in change["new"].items()}

    def check(self, update):
        rows = self.tables["sFlow"]
        for uuid, change in update.get("sFlow", {}).items():
            if change.get("new") and uuid in rows and is_foreign(rows[uuid]) and uuid not in self.touched:
                self.harm.append(f"foreign row {uuid}: {rows[uuid]} became {change['new']}")
        for uuid, change in update.get("Bridge", {}).items():
            before = self.tables["Bridge"].get(uuid)
            row = before and single(before["sflow"])
            if row and change.get("new") and plain(change["new"]["sflow"]) != row and is_foreign(rows[row]) \
                    and uuid not in self.touched:
                self.harm.append(f"bridge {before['name']} lost the foreign row {row}")

    def edit(self, touched, *operations):
        """Makes one edit, and applies all updates before it. False if the server refused the edit."""
        self.touched = set(touched)
        self.monitor.next_id += 1
        self.monitor.send({"id": self.monitor.next_id, "method": "transact", "params": ["Open_vSwitch", *operations]})
        while True:
            message = self.monitor.receive(10)
            if message.get("method") == "update":
                self.take(message["params"][1])
            elif message.get("id") == self.monitor.next_id:
                self.touched = set()
                return not any(result and result.get("error") for result in message["result"])

    def pump(self):
        """Applies an update if one has arrived."""
        try:
            message = self.monitor.receive(0.01)
        except NothingReceived:
            return
        if message.get("method") == "update":
            self.take(message["params"][1])


class Others:
    """Everybody else who edits the database, at random."""

    def __init__(self, replica, seed):
        self.replica = replica
        self.random = random.Random(seed)
        self.root = next(iter(replica.tables["Open_vSwitch"]))
        self.count = 0

    def any_of(self, table):
        return self.random.choice(sorted(self.replica.tables[table]) or [None])

    def new_row(self, owner):
        """The operation that inserts a row, named "r" within the transaction."""
        ids = {"ours": OURS, "nobody": {}, "foreign": {"owner": self.random.choice("abc")}}[owner]
        return {"op": "insert", "table": "sFlow", "uuid-name": "r",
                "row": {"targets": "192.0.2.1:9", "sampling": self.random.choice([1, 64, 512]),
                        "external_ids": ovsdb_map(ids)}}

    def owner(self):
        return self.random.choice(["ours", "nobody", "foreign"])

    def step(self):
        self.random.choice([self.add_bridge, self.add_bridge, self.delete_bridge, self.clear, self.give_new_row,
                            self.give_new_row, self.point_elsewhere, self.edit_row, self.mark_row, self.set_keys,
                            self.set_keys])()

    def add_bridge(self):
        if len(self.replica.tables["Bridge"]) > 30:
            return self.delete_bridge()
        self.count += 1
        bridge = {"name": self.random.choice(["br", "test"]) + str(self.count)}
        operations = []
        if self.random.random() < 0.5:
            operations = [self.new_row(self.owner())]
            bridge["sflow"] = ["named-uuid", "r"]
        self.replica.edit([], *operations, {"op": "insert", "table": "Bridge", "uuid-name": "b", "row": bridge},
                          self.change_bridges("insert", ["named-uuid", "b"]))

    def change_bridges(self, how, bridge):
        return {"op": "mutate", "table": "Open_vSwitch", "where": [["_uuid", "==", ["uuid", self.root]]],
                "mutations": [["bridges", how, ["set", [bridge]]]]}

    def delete_bridge(self):
        if bridge := self.any_of("Bridge"):
            self.replica.edit([bridge], self.change_bridges("delete", ["uuid", bridge]))

    def update(self, table, uuid, row, *before, also=()):
        self.replica.edit([uuid, *also], *before, {"op": "update", "table": table,
                                                   "where": [["_uuid", "==", ["uuid", uuid]]], "row": row})

    def clear(self):
        if bridge := self.any_of("Bridge"):
            self.update("Bridge", bridge, {"sflow": ["set", []]})

    def give_new_row(self):
        if bridge := self.any_of("Bridge"):
            self.update("Bridge", bridge, {"sflow": ["named-uuid", "r"]}, self.new_row(self.owner()))

    def point_elsewhere(self):
        bridge, row = self.any_of("Bridge"), self.any_of("sFlow")
        if bridge and row:
            self.update("Bridge", bridge, {"sflow": ["uuid", row]})  # refused if the row was deleted meanwhile

    def edit_row(self):
        if row := self.any_of("sFlow"):
            self.update("sFlow", row, {"sampling": self.random.choice([1, 2, 64]), "agent": "lo"})

    def mark_row(self):
        if row := self.any_of("sFlow"):
            ids = self.random.choice([{}, OURS, {"owner": "z"}, {**OURS, "note": "x"}])
            self.update("sFlow", row, {"external_ids": ovsdb_map(ids)})

    def set_keys(self):
        if bridge := self.any_of("Bridge"):
            keys = {}
            if self.random.random() < 0.3:
                keys["sflow"] = self.random.choice(["off", "on"])
            if self.random.random() < 0.5:
                keys["sflow-sampling"] = self.random.choice(["64", "32", "0"])
            self.update("Bridge", bridge, {"external_ids": ovsdb_map(keys)})


def wrong(replica, wanted):
    """The differences from what is wanted; empty if none."""
    rows = replica.tables["sFlow"]
    problems = []
    for bridge in replica.tables["Bridge"].values():
        row = single(bridge["sflow"]) and rows[bridge["sflow"]]
        keys = bridge["external_ids"]
        selected = wanted and not bridge["name"].startswith("test1") and keys.get("sflow") != "off"
        if row and is_foreign(row):
            continue
        if not selected:
            if row and is_ours(row):
                problems.append(f"{bridge} has our row")
        elif not row or not is_ours(row):
            problems.append(f"{bridge} has {row}")
        else:
            rate = int(keys.get("sflow-sampling", wanted["sampling"])) or COUNTERS_ONLY
            if (row["sampling"], row["agent"], row["targets"]) != (rate, "10.0.0.1", "127.0.0.1:6343"):
                problems.append(f"{bridge} has {row}")
    rates = [row["sampling"] for row in rows.values() if is_ours(row)]
    if len(rates) != len(set(rates)):
        problems.append(f"duplicates: {rows}")
    return problems


def test_after_ten_thousand_random_edits_by_others_every_bridge_is_as_wanted(bed):
    bed.ovsdb_server()
    wanted = {"sampling": 512}
    publish(settings(**wanted, **{"ovs.exclude": "test1*"}))
    daemon = bed.sflowovsd()
    # Logged if somebody gives a bridge a row between our snapshot and our transaction. sflowovsd then plans again.
    daemon.tolerate("transaction error: .*constraint violation")
    daemon.announce("foreign rows: left alone on ")
    daemon.announce("bridges: .*another client keeps changing its sFlow")
    daemon.tolerate("patterns: exclude: `test1\\*` matches no bridge")
    replica = Replica()
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    others = Others(replica, seed)

    def at_rest():
        replica.pump()
        return not wrong(replica, wanted)

    for number in range(1, EDITS + 1):
        others.step()
        assert not replica.harm, f"seed {seed}, edit {number}: {replica.harm}"
        if number % REST == 0:
            # So many edits of a bridge are a fight, which is damped. An error says that one goes on.
            run("ovs-appctl", "-t", "/run/openvswitch/sflowovsd.ctl", "sflow/resync", check=False)
            try:
                wait_for(at_rest, "rest")
            except AssertionError:
                raise AssertionError(f"seed {seed}, edit {number}: {wrong(replica, wanted)}") from None
        if number % (3 * REST) == 0:
            wanted = others.random.choice([{"sampling": 512}, {"sampling": 64}, None])
            off = {} if wanted else {"collectors": []}
            publish(settings(revision=1 + number, **(wanted or {}), **off, **{"ovs.exclude": "test1*"}))
    assert not replica.harm
    wait_for(lambda: appctl("sflow/plan") == "nothing to change\n", "no plan")
    replica.monitor.close()
