import pytest

from testbed import Testbed


@pytest.fixture(scope="module")
def machine(tmp_path_factory):
    """Servers that the tests of a file share."""
    testbed = Testbed(tmp_path_factory.mktemp("machine"))
    yield testbed
    testbed.close()
