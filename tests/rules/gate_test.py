""".ci/run: every step must pass, and nothing outlives it. With other commands in place of the steps."""

import os
import pathlib
import re
import signal
import subprocess
import time

import pytest

from scripts import with_section, write_program

ROOT = pathlib.Path(__file__).resolve().parents[2]
GATE = (ROOT / ".ci/run").read_text()
STEPS = re.findall(r"^step_(\w+)\(\)", GATE, re.M)


@pytest.fixture(name="gate")
def fixture_gate(tmp_path):
    """The gate with steps that the files in `does` replace."""
    stubs = "\n".join(f"step_{step}() {{ sh does/{step}; }}" for step in STEPS)
    write_program(tmp_path / ".ci/run", with_section(GATE, "the steps", "the lanes", stubs))
    for step in STEPS:
        does(tmp_path, step, f"echo {step}")
    return tmp_path


def does(gate, step, command):
    (gate / "does").mkdir(exist_ok=True)
    (gate / "does" / step).write_text(command + "\n")


def run(gate):
    done = subprocess.run([gate / ".ci/run"], text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=30)
    return done.returncode, done.stdout


def test_it_passes_when_all_steps_pass_and_prints_the_seconds_of_each(gate):
    does(gate, "asan_build", "sleep 1.1")
    status, printed = run(gate)
    assert status == 0, printed
    table = dict(re.findall(r"^(\w+) +\d+ +(\d+)$", printed[printed.index("\nstep "):], re.M))
    assert set(table) == {*STEPS, "all"}
    assert int(table["asan_build"]) >= 1 and int(table["all"]) >= 1


@pytest.mark.parametrize("step", STEPS)
def test_it_fails_with_the_log_of_the_step_that_fails(gate, step):
    does(gate, step, f"echo {step} is broken; exit 3")
    status, printed = run(gate)
    assert status == 1
    assert f"{step} has failed. Its log, build/gate/{step}.log:\n\n{step} is broken\n" in printed
    assert re.search(rf"^{step} +\d+ +\d+  failed$", printed, re.M)


def is_running(gate):
    """Whether a step is: the steps sleep for a time of their own."""
    return subprocess.run(["pgrep", "-f", f"^sleep 1000.{os.getpid()}$"], stdout=subprocess.DEVNULL).returncode == 0


def wait_until(condition):
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_a_failure_ends_the_steps_that_still_run(gate):
    does(gate, "image", f"sleep 1000.{os.getpid()}")
    does(gate, "release_build", "sleep 0.5; exit 1")
    status, _ = run(gate)
    assert status == 1 and not is_running(gate)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_interrupted_it_leaves_nothing_behind(gate, number):
    for step in ("image", "release_build", "form_and_rules"):
        does(gate, step, f"sleep 1000.{os.getpid()}")
    with open(gate / "out", "w") as out:
        process = subprocess.Popen([gate / ".ci/run"], stdout=out, stderr=out)
    wait_until(lambda: is_running(gate))
    process.send_signal(number)
    assert process.wait(30) != 0
    assert not is_running(gate)


@pytest.mark.parametrize("step, program, printed", [
    ("release_tests", "ctest", "The following tests did not run:\\n 1 - integration.hsflowd_test (Skipped)\\n"),
    ("boot", "python3", "SKIPPED [1] boot_test.py:1: no reason\\n1 skipped in 0.01s\\n")])
def test_a_test_that_is_skipped_fails(tmp_path, step, program, printed):
    write_program(tmp_path / ".ci/run", GATE)
    script = "tests/support/pytest.sh"
    write_program(tmp_path / script, (ROOT / script).read_text().replace("/usr/bin/python3", "python3"))
    (tmp_path / "build/release").mkdir(parents=True)
    for text, status in (("", 0), (printed, 1)):
        write_program(tmp_path / "bin" / program, f"#!/bin/sh\nprintf '{text}'\n")
        done = subprocess.run([tmp_path / ".ci/run", step], env={**os.environ, "PATH": f"{tmp_path}/bin:{os.environ['PATH']}"},
                              stdout=subprocess.DEVNULL)
        assert done.returncode == status


@pytest.mark.parametrize("program", ["cmake", "ctest", "clang-tidy", "git"])
def test_a_command_that_fails_within_a_step_fails_the_step(tmp_path, program):
    step = {"cmake": "release_build", "ctest": "asan_tests"}.get(program, "clang_tidy")
    write_program(tmp_path / ".ci/run", GATE)
    (tmp_path / "build/asan").mkdir(parents=True)
    for name in ("cmake", "ctest", "clang-tidy", "git"):
        write_program(tmp_path / "bin" / name, f"#!/bin/sh\nexit {1 if name == program else 0}\n")
    done = subprocess.run([tmp_path / ".ci/run", step], env={**os.environ, "PATH": f"{tmp_path}/bin:{os.environ['PATH']}"})
    assert done.returncode != 0
