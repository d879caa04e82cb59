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
def server(talk):
    """Calls talk(connection) for each client, one after another, until the end of the context."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(SOCKET)
    listener.listen(5)
    now = []  # the connection

    def serve():
        while True:
            with contextlib.suppress(OSError):
                connection, _ = listener.accept()
                now[:] = [connection]
                with connection:
                    talk(connection)
                continue
            return

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        for connection in now:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        thread.join()
        listener.close()
        pathlib.Path(SOCKET).unlink()


class Database:
    """One with a bridge br0, as talk() of server(). Methods named like a method of RFC 7047 answer that; a subclass overrides them.
    It knows `monitor` only, as servers before Open vSwitch 2.5."""

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
            answer = getattr(self, message["method"], None)
            if answer is None:
                self.say({"id": message["id"], "result": None, "error": "unknown method"})
            else:
                self.say({"id": message["id"], "result": answer(message["params"]), "error": None})

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
        return json.loads(pathlib.Path(SCHEMA).read_text()) if params == ["Open_vSwitch"] else None

    def monitor(self, params):
        self.monitored = params[1]
        return {"Open_vSwitch": {ROOT: {"new": {"ovs_version": "3.1.0"}}}, "Bridge": {BRIDGE: {"new": self.bridge()}}}

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
