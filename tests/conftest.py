import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "support"))

from testbed import PORTS_FILE, SHARED_FILE, Collector, Testbed  # noqa: E402


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
