import pytest

from dns_server import NameServer, SilentServer, resolv_conf


@pytest.fixture
def ovs(bed):
    """ovsdb-server and an ovs-vswitchd with dummy data paths."""
    bed.server = bed.ovsdb_server()
    bed.switch = bed.vswitchd("--enable-dummy")
    return bed


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
