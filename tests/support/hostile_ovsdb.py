"""A server of JSON-RPC (RFC 7047) where ovsdb-server listens, which says what a test wants it to."""

import contextlib
import json
import pathlib
import socket
import threading

from testbed import SCHEMA

SOCKET = "/run/openvswitch/db.sock"
ROOT, BRIDGE, ROW = ("00000000-0000-4000-8000-00000000000" + digit for digit in "123")


@contextlib.contextmanager
def server(talk, at_once=1):
    """Calls talk(connection) for each client until the end of the context, for `at_once` of them at the same time. If `talk` is a
    class, each client has an object of its own."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(SOCKET)
    listener.listen(5)
    now = set()  # the connections
    faults = []

    def serve():
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return  # the end
            now.add(connection)
            try:
                with connection:
                    (talk() if isinstance(talk, type) else talk)(connection)
            except OSError:
                pass  # the client has closed it
            except Exception as fault:
                faults.append(fault)
            now.discard(connection)

    threads = [threading.Thread(target=serve) for _ in range(at_once)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        for connection in list(now):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in threads:
            thread.join()
        listener.close()
        pathlib.Path(SOCKET).unlink()
    assert not faults, faults


class Refused(Exception):
    """The answer is an error."""


def refuse(_):
    raise Refused("unknown method")


class Database:
    """One with a bridge br0, as talk() of server(). Methods named like a method of RFC 7047 answer that; a subclass overrides them.
    It knows `monitor` only, as servers before Open vSwitch 2.5."""

    least, most = 3, 14  # transactions in six seconds
    bridges = 1

    def __init__(self):
        self.transactions = 0
        self.serial = 0

    def __call__(self, connection):
        self.connection = connection
        self.decoder = json.JSONDecoder()
        text = ""
        while True:
            data = connection.recv(1 << 20)
            if not data:
                return
            text += data.decode()
            while text := text.lstrip():
                try:
                    message, size = self.decoder.raw_decode(text)
                except json.JSONDecodeError:
                    break
                text = text[size:]
                self.take(message)

    def take(self, message):
        if message.get("method") and message.get("id") is not None:
            try:
                answer = getattr(self, message["method"], refuse)
                self.say({"id": message["id"], "result": answer(message["params"]), "error": None})
            except Refused as refusal:
                self.say({"id": message["id"], "result": None, "error": str(refusal)})

    def say(self, message):
        self.connection.sendall(json.dumps(message).encode())

    def notify(self, method, params):
        self.say({"id": None, "method": method, "params": params})

    def update(self, tables):
        self.notify("update", [json.loads(json.dumps(self.monitored)), tables])

    def change_bridge(self):
        """A change that concerns nobody."""
        self.serial += 1
        self.update({"Bridge": {BRIDGE: {"old": {"external_ids": ["map", []]}, "new": self.bridge()}}})

    def bridge(self):
        return {"name": "br0", "sflow": ["set", []], "external_ids": ["map", [["serial", str(self.serial)]]]}

    def get_schema(self, params):
        if params != ["Open_vSwitch"]:
            raise Refused("unknown database")
        return json.loads(pathlib.Path(SCHEMA).read_text())

    def monitor(self, params):
        self.monitored = params[1]
        return {"Open_vSwitch": {ROOT: {"new": {"ovs_version": "3.1.0"}}}, "Bridge": {
            BRIDGE: {"new": self.bridge()},
            **{f"00000000-0000-4000-9000-{number:012}": {"new": {**self.bridge(), "name": f"more{number}"}} for number in range(1, self.bridges)}}}

    def lock(self, _):
        return {"locked": True}

    def unlock(self, _):
        return {}

    def echo(self, params):
        return params

    def transact(self, params):
        self.transactions += 1
        return self.result(params[1:])

    def result(self, operations):
        """Of a transaction."""
        return [{"error": "constraint violation", "details": "never"}] * len(operations)
