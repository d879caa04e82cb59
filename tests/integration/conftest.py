import pytest

from dns_server import NameServer, SilentServer, resolv_conf
from testbed import run


@pytest.fixture
def ovs(bed):
    """ovsdb-server and an ovs-vswitchd with dummy data paths."""
    bed.server = bed.ovsdb_server()
    bed.switch = bed.vswitchd("--enable-dummy")
    return bed


@pytest.fixture
def addresses():
    """An interface with addresses, as a management network has."""
    run("ip", "link", "add", "mgmt0", "type", "veth", "peer", "name", "wire0")
    run("ip", "addr", "add", "192.0.2.1/24", "dev", "mgmt0")
    run("ip", "-6", "addr", "add", "2001:db8::1/64", "dev", "mgmt0", "nodad")
    run("ip", "link", "set", "wire0", "up")
    run("ip", "link", "set", "mgmt0", "up")
    yield
    run("ip", "link", "del", "mgmt0")


@pytest.fixture
def resolver(tmp_path):
    """The resolv.conf of this host, which names a server at 127.0.0.1."""
    with resolv_conf(tmp_path) as file:
        yield file


@pytest.fixture
def dns(tmp_path, resolver):
    server = NameServer(tmp_path)
    yield server
    server.close()


@pytest.fixture
def silent_dns(resolver):
    server = SilentServer()
    yield server
    server.close()
