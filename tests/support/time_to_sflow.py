"""How long it takes from the moment that a new bridge is sent to the database until the database says that it has sFlow.

Usage: time_to_sflow.py BRIDGE [DATAPATH_TYPE]    adds the bridge and prints the milliseconds
"""

import sys
import time

from testbed import Monitor

# Not the list of all bridges in Open_vSwitch: to take that in would be most of what is measured.
MONITORED = {"Bridge": {"columns": ["name", "sflow"]}}


def insert_bridges(monitor, names, datapath_type):
    """Inserts bridges with their local ports straight into the database, in one transaction."""
    operations = []
    for i, name in enumerate(names):
        operations += [
            {"op": "insert", "table": "Interface", "row": {"name": name, "type": "internal"}, "uuid-name": f"i{i}"},
            {"op": "insert", "table": "Port", "row": {"name": name, "interfaces": ["named-uuid", f"i{i}"]}, "uuid-name": f"p{i}"},
            {"op": "insert", "table": "Bridge", "uuid-name": f"b{i}",
             "row": {"name": name, "datapath_type": datapath_type, "ports": ["named-uuid", f"p{i}"]}},
        ]
    added = ["set", [["named-uuid", f"b{i}"] for i in range(len(names))]]
    operations.append({"op": "mutate", "table": "Open_vSwitch", "where": [],
                       "mutations": [["bridges", "insert", added]]})
    monitor.send({"id": "insert", "method": "transact", "params": ["Open_vSwitch", *operations]})


def when_sampled(monitor, names):
    """The time at which the database said that the last of `names` has sFlow."""
    waiting = set(names)
    for table, _, _, new in monitor.updates():
        if table == "Bridge" and new and new["sflow"] != ["set", []]:
            waiting.discard(new["name"])
            if not waiting:
                return time.monotonic()


def seconds_to_sflow(monitor, name, datapath_type):
    begin = time.monotonic()
    insert_bridges(monitor, [name], datapath_type)
    return when_sampled(monitor, [name]) - begin


if __name__ == "__main__":
    milliseconds = 1000 * seconds_to_sflow(Monitor(MONITORED), sys.argv[1], (sys.argv[2:] or [""])[0])
    print(f"{milliseconds:.1f}")
