"""How soon a changed DNS record is in the sFlow rows of many hosts: JSON lines, one a measurement.

    sudo BUILD_DIR=build/release tests/support/sandbox.sh /usr/bin/python3 tests/bench/dns_sd_bench.py [HOSTS [CHANGES]]

Each host is a network namespace with an ovsdb-server, a bridge, hsflowd and sflowovsd; one BIND serves all of them. The TTL
is 1 s, and `min-ttl` lets it count. The time is taken from the moment that BIND is told to load the zone again until the
database of the last host has the new rate, as its own update notifications say (RFC 7047, section 4.1.6). ovs-vswitchd is
not run: it takes no part in what is timed. Ends with status 1 when a change took longer than the TTL and a second.
"""

import json
import pathlib
import select
import statistics
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

from dns_server import NameServer, resolv_conf  # noqa: E402
from testbed import HSFLOWD, SCHEMA, SFLOWOVSD, Daemon, Monitor, run, wait_for  # noqa: E402

SERVER = "192.0.2.253"
TTL = 1  # seconds; that of NameServer's zone
CONFIG = "sflow { dns-sd { domain = example.com  min-ttl = 1 } }\n"


def zone(sampling):
    return f'_sflow._udp SRV 0 0 6343 collector\ncollector A 192.0.2.254\n_sflow._udp TXT "sampling={sampling}"'


class Host:
    def __init__(self, number, directory):
        self.name = f"host{number}"
        self.directory = pathlib.Path(directory) / self.name
        self.directory.mkdir()
        run("ip", "netns", "add", self.name)
        run("ip", "link", "add", self.name, "type", "veth", "peer", "name", "eth0", "netns", self.name)
        run("ip", "link", "set", self.name, "up", "master", "mgmt")
        run("ip", "-n", self.name, "addr", "add", f"192.0.2.{number}/24", "dev", "eth0")
        run("ip", "-n", self.name, "link", "set", "eth0", "up")
        run("ovsdb-tool", "create", self.directory / "conf.db", SCHEMA)
        socket = f"unix:{self.directory}/db.sock"
        self.daemons = [self.start("ovsdb-server", self.directory / "conf.db", f"--remote=p{socket}", "--no-chdir",
                                   f"--unixctl={self.directory}/server.ctl")]
        wait_for((self.directory / "db.sock").exists, "the database")
        run("ovs-vsctl", f"--db={socket}", "--no-wait", "init", "--", "add-br", "br0")
        (self.directory / "hsflowd.conf").write_text(CONFIG)
        self.daemons.append(self.start(HSFLOWD, "-f", self.directory / "hsflowd.conf", "--run-dir", self.directory,
                                       "--state-dir", self.directory, "-m", self.name))
        self.daemons.append(self.start(SFLOWOVSD, "-f", self.directory / "hsflowd.auto", socket, "-vsyslog:off", "--no-chdir",
                                       f"--unixctl={self.directory}/sflowovsd.ctl"))
        self.monitor = Monitor({"sFlow": {"columns": ["sampling"]}}, str(self.directory / "db.sock"))
        self.sampling = next((row["new"]["sampling"] for row in self.monitor.initial.get("sFlow", {}).values()), None)

    def start(self, *command):
        return Daemon(["ip", "netns", "exec", self.name, *command], self.directory / (pathlib.Path(command[0]).name + ".log"))

    def read(self):
        message = self.monitor.receive(5.0)
        if message.get("method") == "update":
            for row in message["params"][1].get("sFlow", {}).values():
                self.sampling = row["new"]["sampling"] if "new" in row else None

    def close(self):
        for daemon in reversed(self.daemons):
            daemon.stop()
        self.monitor.close()
        run("ip", "netns", "del", self.name)


def when_all_have(hosts, sampling):
    """For each host the time at which its database said so."""
    sockets = {host.monitor.socket: host for host in hosts}
    times = {host.name: time.monotonic() for host in hosts if host.sampling == sampling}
    end = time.monotonic() + 30
    while len(times) < len(hosts):
        ready, _, _ = select.select(list(sockets), [], [], max(0.0, end - time.monotonic()))
        if not ready:
            late = [host for host in hosts if host.name not in times]
            logs = "\n".join(daemon.text() for host in late for daemon in host.daemons)
            raise AssertionError(f"{len(late)} hosts do not have sampling={sampling} after 30 s:\n{logs}")
        for host in map(sockets.get, ready):
            host.read()
            while host.monitor.buffer:  # what came along with it is not announced again
                host.read()
            if host.sampling == sampling:
                times.setdefault(host.name, time.monotonic())
    return sorted(times.values())


def measure(count, changes, directory):
    # An address of its own: else it takes a new one as ports come, and hosts go on sending to the old one.
    run("ip", "link", "add", "mgmt", "address", "02:00:00:00:00:01", "type", "bridge")
    run("ip", "addr", "add", f"{SERVER}/24", "dev", "mgmt")
    run("ip", "link", "set", "mgmt", "up")
    dns = NameServer(directory, zone(400), address=SERVER)
    hosts = [Host(number, directory) for number in range(1, count + 1)]
    when_all_have(hosts, 400)
    last = []
    for sampling in range(1000, 1000 + changes):
        dns.write(zone(sampling))
        begin = time.monotonic()
        dns.daemon.process.send_signal(1)  # rndc reload
        times = [1000 * (then - begin) for then in when_all_have(hosts, sampling)]
        last.append(times[-1])
        print(json.dumps({"name": "record changed until every host's row has it", "hosts": count, "value": round(times[-1]),
                          "unit": "ms", "median": round(statistics.median(times)), "first": round(times[0])}), flush=True)
    for host in hosts:
        host.close()
    dns.close()
    limit = 1000 * (TTL + 1)
    print(json.dumps({"name": "slowest host of the slowest change", "hosts": count, "changes": changes,
                      "value": round(max(last)), "unit": "ms", "limit": limit}), flush=True)
    return max(last) <= limit


if __name__ == "__main__":
    numbers = [int(argument) for argument in sys.argv[1:]]
    with tempfile.TemporaryDirectory() as folder, resolv_conf(folder, f"nameserver {SERVER}\n"):
        in_time = measure(*(numbers + [20, 10][len(numbers):]), folder)
    sys.exit(0 if in_time else 1)
