import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

from testbed import SHARED_FILE, Testbed  # noqa: E402


@pytest.fixture
def bed(tmp_path):
    SHARED_FILE.parent.mkdir(exist_ok=True)
    SHARED_FILE.unlink(missing_ok=True)
    testbed = Testbed(tmp_path)
    yield testbed
    testbed.close()


@pytest.fixture
def ovs(bed):
    """ovsdb-server and an ovs-vswitchd with dummy data paths."""
    bed.server = bed.ovsdb_server()
    bed.switch = bed.vswitchd("--enable-dummy")
    return bed
