import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "support"))

from testbed import PORTS_FILE, SHARED_FILE, Collector, Testbed, run  # noqa: E402


@pytest.fixture
def bed(tmp_path):
    SHARED_FILE.parent.mkdir(exist_ok=True)
    SHARED_FILE.unlink(missing_ok=True)
    PORTS_FILE.unlink(missing_ok=True)
    testbed = Testbed(tmp_path)
    yield testbed
    testbed.close()


@pytest.fixture
def collector():
    collector = Collector()
    yield collector
    collector.close()


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
