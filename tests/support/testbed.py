"""Real servers and our daemons as children of a test, inside the namespaces that sandbox.sh made.

No test waits for a time: it waits for a condition, with a deadline (wait_for).
"""

import ctypes
import json
import os
import pathlib
import re
import select
import signal
import socket
import subprocess
import sys
import time
import weakref

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("BUILD_DIR", ROOT / "build/debug"))
HSFLOWD = str(BUILD / "hsflowd/hsflowd")
SFLOWOVSD = str(BUILD / "sflowovsd/sflowovsd")
SHARED_FILE = pathlib.Path("/run/hsflowd/hsflowd.auto")
PORTS_FILE = pathlib.Path("/run/sflowovsd/ports.json")
STATUS_SOCKET = pathlib.Path("/run/hsflowd/hsflowd.sock")
SCHEMA = "/usr/share/openvswitch/vswitch.ovsschema"

sys.path.insert(0, str(ROOT / "tests/decoder"))
import sflow  # noqa: E402  (the independent decoder)

CRASHES = {-number for number in (signal.SIGABRT, signal.SIGBUS, signal.SIGFPE, signal.SIGILL, signal.SIGSEGV, signal.SIGSYS)}
DEADLINE = 30.0  # seconds; far more than anything here takes, also when the whole machine stands still for ten
# A sanitizer makes our daemons several times slower: what is timed may take that much longer then.
SLOW = 10 if os.environ.get("SANITIZE") else 1


def wait_for(condition, what, deadline=DEADLINE):
    """The first true value of condition(); fails after `deadline` seconds. `what` may be a function, asked when it has failed."""
    end = time.monotonic() + deadline
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"not within {deadline} s: {what() if callable(what) else what}")
        select.select([], [], [], 0.002)


def at_best(limit, attempt, again=lambda: None):
    """What attempt() returns once it takes less than `limit` seconds, in one of three; again() makes another one possible. About once
    a minute, a busy Linux 6.18 left a new process without a CPU for 0.2 to 1 s. What is too slow itself is so each time."""
    took = []
    while len(took) < 3:
        if took:
            again()
        begin = time.monotonic()
        result = attempt()
        took.append(time.monotonic() - begin)
        if took[-1] < limit:
            return result
    raise AssertionError(f"not within {limit} s: {took}")


class FileEvent:
    """The moment in which something happens to a file, or in a directory (inotify(7)); begins to watch at once."""
    READ, CREATED = 0x1, 0x100

    def __init__(self, path, event):
        libc = ctypes.CDLL(None, use_errno=True)
        self.descriptor = libc.inotify_init1(os.O_CLOEXEC)
        assert self.descriptor >= 0 and libc.inotify_add_watch(self.descriptor, os.fsencode(path), event) >= 0

    def wait(self):
        ready, _, _ = select.select([self.descriptor], [], [], DEADLINE)
        os.close(self.descriptor)
        assert ready, "nothing has happened to the file"


def run(*command, check=True):
    done = subprocess.run([str(word) for word in command], text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if check and done.returncode != 0:
        raise AssertionError(f"{command} ended with {done.returncode}: {done.stderr}")
    return done.stdout


def vsctl(*command, wait=False):
    """With `wait`, ovs-vswitchd has done it too."""
    return run("ovs-vsctl", *([] if wait else ["--no-wait"]), f"--timeout={DEADLINE:.0f}", *command)


def add_bridge(name, datapath_type="dummy", wait=False):
    vsctl("add-br", name, "--", "set", "bridge", name, f"datapath_type={datapath_type}", wait=wait)


def appctl(*command):
    return run("ovs-appctl", "-t", "/run/openvswitch/sflowovsd.ctl", *command)


def appctl_error(*command):
    """The answer of sflowovsd when it refuses a command."""
    done = subprocess.run(["ovs-appctl", "-t", "/run/openvswitch/sflowovsd.ctl", *command], text=True, capture_output=True)
    assert done.returncode == 2, done
    return done.stderr


def sflow_status():
    """The status of sflowovsd."""
    return json.loads(appctl("sflow/status", "--format=json"))


def bridge_state(name):
    """The state of a bridge as sflowovsd sees it; None when it sees no such bridge."""
    return next((bridge["state"] for bridge in sflow_status()["bridges"] if bridge["name"] == name), None)


class Daemon:
    """A child process with a log file. Stopped by pid at the end of the test, by SIGTERM."""

    def __init__(self, command, log, env=None):
        self.log = pathlib.Path(log)
        self.command = [str(word) for word in command]
        self.env = dict(os.environ, **(env or {}))
        self.process = None
        self.announced = []  # patterns of warnings that the test expects
        self.tolerated = []
        self.start()

    def start(self):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(self.command, stdout=log, stderr=log, env=self.env)

    @property
    def pid(self):
        return self.process.pid

    def text(self):
        return self.log.read_text(errors="replace")

    def expect_log(self, pattern):
        return wait_for(lambda: re.search(pattern, self.text()), lambda: f"{pattern!r} in the log:\n{self.text()}")

    def announce(self, pattern):
        """A warning that this test provokes. If it does not come, the test fails."""
        self.announced.append(pattern)

    def tolerate(self, pattern):
        """A warning that depends on timing, so that it may come."""
        self.tolerated.append(pattern)

    def stop(self, signal_number=signal.SIGTERM):
        if self.process.poll() is None:
            self.process.send_signal(signal_number)
        try:
            status = self.process.wait(DEADLINE)
        except subprocess.TimeoutExpired:
            where = self.where_its_threads_are()
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"{self.command[0]} did not end within {DEADLINE} s of signal {signal_number}; its threads:\n{where}\n"
                                 f"{self.text()[-1000:]}")
        assert status not in CRASHES, f"{self.command[0]} crashed ({signal.Signals(-status).name}):\n{self.text()[-3000:]}"
        return status

    def where_its_threads_are(self):
        """What the kernel says about each (proc(5)): state, time on a CPU and waiting for one (ns), and what it waits for."""
        lines = []
        for task in pathlib.Path(f"/proc/{self.pid}/task").iterdir():
            try:
                state = re.search(r"^State:\s+(.*)", (task / "status").read_text(), re.M)[1]
                lines.append(f"{(task / 'comm').read_text().strip()}: {state}, {(task / 'schedstat').read_text().strip()}\n"
                             f"{(task / 'stack').read_text()}")
            except OSError as error:  # it has just ended
                lines.append(str(error))
        return "\n".join(lines)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def warnings(self):
        return [line for line in self.text().splitlines() if re.search(r"\|(WARN|ERR|EMER)\||(warning|error|critical): ", line)]

    def unannounced_warnings(self):
        return [line for line in self.warnings() if not any(re.search(pattern, line) for pattern in self.announced + self.tolerated)]

    def missing_warnings(self):
        return [f"announced, but not logged: {pattern}" for pattern in self.announced
                if not any(re.search(pattern, line) for line in self.warnings())]

    def reload(self, config=None):
        """SIGHUP, after the configuration was written if one is given; returns when it was taken or refused."""
        if config is not None:
            pathlib.Path(self.command[self.command.index("-f") + 1]).write_text(config)
        count = len(re.findall(r": (?:not )?reloaded\b", self.text()))
        self.process.send_signal(signal.SIGHUP)
        wait_for(lambda: len(re.findall(r": (?:not )?reloaded\b", self.text())) > count, "the outcome of the reload")

    def cpu_ticks(self):
        """User and system time so far, in clock ticks (proc(5), /proc/PID/stat)."""
        fields = pathlib.Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return int(fields[11]) + int(fields[12])

    def wakeups(self):
        """How often it has slept and woken (proc(5), /proc/PID/status)."""
        return int(re.search(r"^voluntary_ctxt_switches:\s+(\d+)", pathlib.Path(f"/proc/{self.pid}/status").read_text(), re.M)[1])

    def expect_rest(self, seconds):
        """Returns after so long a time in which it never woke and used no CPU. One is enough, and the first need not be it: what
        begins with a daemon ends late if a thread waits for a disk or a CPU, but a daemon that wakes regularly never rests."""
        costs = []

        def rests():
            before = self.wakeups(), self.cpu_ticks()
            time.sleep(seconds)  # no wait for something to happen: the absence of anything is what is measured
            costs.append((self.wakeups() - before[0], self.cpu_ticks() - before[1]))
            woken, ticks = costs[-1]
            return woken == 0 and (ticks == 0 or SLOW > 1)  # ThreadSanitizer has a thread of its own
        wait_for(rests, lambda: f"it rests for {seconds} s; wake-ups and ticks: {costs}", deadline=DEADLINE + seconds)


class Testbed:
    """Starts daemons for a test; at the end stops them, newest first, and fails if one of ours logged a warning that the test did
    not announce, crashed, or ended with an error that the test did not wait for."""

    __test__ = False  # not a test, whatever its name says to pytest

    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        self.ours = []
        self.others = []

    def ovsdb_server(self, *options, schema=SCHEMA):
        """The schema counts when there is no database yet."""
        database = self.directory / "conf.db"
        if not database.exists():
            run("ovsdb-tool", "create", database, schema)
        log = self.directory / "ovsdb-server.log"
        server = Daemon(["ovsdb-server", database, "--remote=punix:/run/openvswitch/db.sock",
                         "--unixctl=/run/openvswitch/ovsdb-server.ctl", "--no-chdir", *options], log)
        self.others.append(server)
        wait_for(lambda: subprocess.run(["ovs-vsctl", "--no-wait", "--timeout=1", "init"], stderr=subprocess.DEVNULL)
                 .returncode == 0, "ovsdb-server answers")
        return server

    def vswitchd(self, *options):
        log = self.directory / "ovs-vswitchd.log"
        switch = Daemon(["ovs-vswitchd", "--unixctl=/run/openvswitch/ovs-vswitchd.ctl", *options], log)
        self.others.append(switch)
        vsctl("show", wait=True)
        return switch

    def sflowovsd_once(self, *options, expect=0, announced=(), tolerated=(), stdout=subprocess.PIPE):
        """One of the modes in which it exits: what it says on stdout and on stderr."""
        done = subprocess.run([SFLOWOVSD, "-vsyslog:off", *options], text=True, stdout=stdout,
                              stderr=subprocess.PIPE, timeout=60)
        assert done.returncode == expect, (done.returncode, done.stderr)
        warnings = [line for line in done.stderr.splitlines() if "|WARN|" in line or "|ERR|" in line]
        for pattern in announced:
            assert any(re.search(pattern, line) for line in warnings), f"announced, but not logged: {pattern}"
        known = [*announced, *tolerated]
        assert not [line for line in warnings if not any(re.search(pattern, line) for pattern in known)], warnings
        return done.stdout, done.stderr

    def sflowovsd(self, *options, control="/run/openvswitch/sflowovsd.ctl"):
        daemon = Daemon([SFLOWOVSD, f"--unixctl={control}", "-vsyslog:off", *options],
                        self.directory / f"sflowovsd{len(self.ours)}.log")
        self.ours.append(daemon)
        wait_for(lambda: os.path.exists(control) or daemon.process.poll() is not None, "the control socket")
        return daemon

    def hsflowd(self, config, *options, env=None):
        if all(daemon.process.poll() is not None for daemon in self.ours):
            for collector in Collector.all:
                collector.drain()  # what an earlier one sent before it ended is not the next one's
        file = self.directory / "hsflowd.conf"
        file.write_text(config)
        daemon = Daemon([HSFLOWD, "-f", file, "--state-dir", self.directory / "state", *options], self.directory / f"hsflowd{len(self.ours)}.log", env)
        self.ours.append(daemon)
        return daemon

    def stop(self):
        """Stops our daemons."""
        for daemon in self.ours:
            daemon.stop()

    def close(self):
        problems = []
        for daemon in reversed(self.others + self.ours):
            expected = daemon.process.returncode  # None unless the test itself has waited for the end
            try:
                status = daemon.stop()
                if daemon in self.ours and status not in (0, expected):
                    problems.append(f"{daemon.command[0]} ended with {status}:\n{daemon.text()[-3000:]}")
            except AssertionError as error:
                problems.append(str(error))
        for daemon in self.ours:
            problems += daemon.unannounced_warnings() + daemon.missing_warnings()
            problems += re.findall(r"(?:ERROR|WARNING): \w+Sanitizer.*|runtime error: .*", daemon.text())
        assert not problems, "\n".join(problems)


class Collector:
    """A UDP socket on loopback. The independent decoder checks every datagram."""
    all = weakref.WeakSet()

    def __init__(self, address="127.0.0.1", port=0, any_padding=False):
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self.socket = socket.socket(family, socket.SOCK_DGRAM)
        self.socket.bind((address, port))
        self.address = address
        self.port = self.socket.getsockname()[1]
        self.any_padding = any_padding
        Collector.all.add(self)

    def decode(self, data):
        return {**sflow.decode(data, any_padding=self.any_padding), "size": len(data)}

    def receive(self, deadline=DEADLINE):
        self.socket.settimeout(deadline)
        try:
            return self.decode(self.socket.recv(65535))
        except socket.timeout:
            raise AssertionError(f"no datagram within {deadline} s")

    def receive_from(self):
        """A datagram, and the address that it came from."""
        self.socket.settimeout(DEADLINE)
        data, sender = self.socket.recvfrom(65535)
        return self.decode(data), sender[0]

    def has_interval(self, milliseconds, last):
        """Whether two datagrams that follow each other are that far apart, within 50 ms; `last` is the one before. A busy machine
        may poll late, but not always."""
        for _ in range(6):
            following = self.receive()
            if abs(following["uptime"] - last["uptime"] - milliseconds) <= 50:
                return True
            last = following
        return False

    def within(self, seconds):
        """A list with the next datagram, empty if none comes in time."""
        self.socket.settimeout(seconds)
        try:
            return [self.decode(self.socket.recv(65535))]
        except socket.timeout:
            return []

    def drain(self):
        """What has arrived and was not read."""
        patience = self.socket.gettimeout()
        self.socket.setblocking(False)
        datagrams = []
        try:
            while True:
                datagrams.append(self.decode(self.socket.recv(65535)))
        except BlockingIOError:
            return datagrams
        finally:
            self.socket.settimeout(patience)

    def close(self):
        Collector.all.discard(self)
        self.socket.close()


class NothingReceived(AssertionError):
    """No message within the deadline."""


class Monitor:
    """Follows the database's own updates over JSON-RPC (RFC 7047), to time what others see."""

    def __init__(self, tables, path="/run/openvswitch/db.sock"):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)
        self.buffer = ""
        self.decoder = json.JSONDecoder()
        self.next_id = 0
        self.update_count = 0  # of notifications that updates() has seen: one a transaction
        self.initial = self.call("monitor", ["Open_vSwitch", None, tables])

    def send(self, message):
        self.socket.sendall(json.dumps(message).encode())

    def receive(self, deadline):
        end = time.monotonic() + deadline
        while True:
            try:
                message, size = self.decoder.raw_decode(self.buffer)
                self.buffer = self.buffer[size:].lstrip()
                if message.get("method") == "echo":
                    self.send({"id": message["id"], "result": message["params"], "error": None})
                    continue
                return message
            except json.JSONDecodeError:
                pass
            self.socket.settimeout(max(0.001, end - time.monotonic()))
            try:
                data = self.socket.recv(1 << 20)
            except socket.timeout:
                raise NothingReceived(f"no message from ovsdb-server within {deadline} s")
            assert data, "ovsdb-server closed the connection"
            self.buffer += data.decode()

    def call(self, method, params):
        self.next_id += 1
        self.send({"id": self.next_id, "method": method, "params": params})
        while True:
            message = self.receive(DEADLINE)
            if message.get("id") == self.next_id:
                assert not message["error"], message["error"]
                return message["result"]

    def updates(self, deadline=DEADLINE):
        """Each table update as it arrives: (table, row uuid, old columns or None, new columns or None)."""
        while True:
            message = self.receive(deadline)
            if message.get("method") == "update":
                self.update_count += 1
                for table, rows in message["params"][1].items():
                    for uuid, change in rows.items():
                        yield table, uuid, change.get("old"), change.get("new")

    def close(self):
        self.socket.close()


def settings(**keys):
    """The text of a shared file."""
    revision = keys.pop("revision", 1)
    collectors = keys.pop("collectors", ["127.0.0.1"])
    agent_ip = keys.pop("agent_ip", "10.0.0.1")
    values = {"hostname": "test", "sampling": 512, "header": 128, "datagram": 1400, "polling": 20, **keys}
    lines = [f"rev_start={revision}"] + [f"{key}={value}" for key, value in values.items()]
    lines += [f"collector={collector}" for collector in collectors]
    return "\n".join(lines + [f"agentIP={agent_ip}", "agent=eth0", "ds_index=1", f"rev_end={revision}", ""])


def hsflowd_config(collector, more="", polling=1):
    return f"""sflow {{
  polling = {polling}
  sampling = 512
  collector {{ ip = {collector.address}  udpport = {collector.port} }}
  {more}
}}
"""


def shared_keys():
    """What the shared file says; the last value of a key that occurs several times."""
    return dict(line.split("=", 1) for line in SHARED_FILE.read_text().splitlines() if "=" in line)


def text_of(path):
    """Of a file that may not be there yet."""
    try:
        return path.read_text()
    except FileNotFoundError:
        return ""


def written(path=SHARED_FILE):
    """What differs when the file was written again, whatever was written."""
    about = path.stat()
    return about.st_ino, about.st_mtime_ns


def status_is_served():
    """The socket has its name a moment before its mode, and before a daemon listens at it."""
    with socket.socket(socket.AF_UNIX) as client:
        return client.connect_ex(str(STATUS_SOCKET)) == 0


def status(*options):
    """The status of the running hsflowd, which may just have been started."""
    if not options:
        wait_for(status_is_served, "the status socket")
    return json.loads(run(HSFLOWD, "status", "--format=json", *options))


def publish(text, path=SHARED_FILE):
    """Replaces the shared file as hsflowd does."""
    new = path.with_suffix(".new")
    new.write_text(text)
    new.rename(path)


def sflow_of(bridge):
    """The sFlow row of a bridge as ovs-vsctl shows it; None when it has none. Of one moment: a row may be gone in the next."""
    both = vsctl("--format=json", "--", "--columns=sflow", "list", "bridge", bridge, "--", "list", "sflow")
    of_bridge, rows = map(json.loads, both.splitlines())
    row = next((row for row in rows["data"] if row[rows["headings"].index("_uuid")] == of_bridge["data"][0][0]), None)

    def value(cell):
        if not isinstance(cell, list):
            return cell
        kind, items = cell
        if kind == "map":
            return dict(items)
        return sorted(items) if kind == "set" else items
    return row and dict(zip(rows["headings"], map(value, row)))
