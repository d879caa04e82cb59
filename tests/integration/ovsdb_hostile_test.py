"""A server that is no ovsdb-server, or a broken one."""

import contextlib
import re
import socket
import threading

import pytest

from testbed import SLOW, publish, settings

SOCKET = "/run/openvswitch/db.sock"


@contextlib.contextmanager
def server(talk):
    """Listens where ovsdb-server does, and calls talk(connection) for each client, one after another."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(SOCKET)
    listener.listen(5)

    def serve():
        while True:
            with contextlib.suppress(OSError):
                connection, _ = listener.accept()
                with connection:
                    talk(connection)
                continue
            return

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()
        listener.close()


@pytest.mark.skipif(SLOW > 1, reason="a sanitizer has an allocator of its own, whose memory sflowovsd does not see")
@pytest.mark.timeout(60)
def test_a_string_without_an_end_ends_it_with_a_message_before_the_memory_does(bed):
    publish(settings())

    def talk(connection):
        connection.sendall(b'{"id":1,"error":null,"result":"')
        while True:
            connection.sendall(b"x" * (1 << 20))

    with server(talk):
        daemon = bed.sflowovsd()
        assert daemon.process.wait(20 * SLOW) == 1
        assert re.search("more than 128 MiB of memory are in use: unix:.*db.sock sends more than a database of Open vSwitch has", daemon.text())
