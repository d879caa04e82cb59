"""tests/platforms.sh: a part that fails is reported, and the others run. With other commands in place of the parts."""

import pathlib
import re
import subprocess

import pytest

from scripts import with_section, write_program

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCRIPT = (ROOT / "tests/platforms.sh").read_text()


@pytest.fixture(name="platforms")
def fixture_platforms(tmp_path):
    """The script with two parts: what `good` and `bad` do."""
    parts = """
part_bad() { echo "versions: Linux 1"; false; echo "it went on"; }
part_good() { echo "versions: Linux 2"; }
"""
    write_program(tmp_path / "tests/platforms.sh", with_section(SCRIPT, "the parts", "all of them", parts))
    write_program(tmp_path / "tests/setup.sh", "#!/bin/sh\n")
    write_program(tmp_path / "tests/packages/build.sh", "#!/bin/sh\n")
    return tmp_path


def run(platforms, *arguments):
    done = subprocess.run([platforms / "tests/platforms.sh", *arguments], text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=30)
    return done.returncode, done.stdout


def test_a_part_that_fails_does_not_stop_the_others_and_fails_the_whole(platforms):
    status, printed = run(platforms)
    assert status == 1
    assert re.search(r"^\| `bad` \| failed \| \d+ \| Linux 1 \|\n\| `good` \| passed \| \d+ \| Linux 2 \|$", printed, re.M), printed
    assert "it went on" not in (platforms / "build/platforms/logs/bad.log").read_text()


def test_it_passes_when_each_part_that_is_named_passes(platforms):
    status, printed = run(platforms, "good")
    assert status == 0, printed
    assert "`good` | passed" in printed and "bad" not in printed


def test_an_unknown_part_is_an_error(platforms):
    assert run(platforms, "good", "unknown")[0] == 2
    assert run(platforms, "--list") == (0, "bad\ngood\n")


def test_packages_that_cannot_be_built_fail_it(platforms):
    write_program(platforms / "tests/packages/build.sh", "#!/bin/sh\necho no compiler; exit 1\n")
    status, printed = run(platforms)
    assert status == 1 and "no compiler" in printed
