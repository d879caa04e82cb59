""".ci/check-rules finds an offence against each of its rules, and does not pass when a check cannot run."""

import pathlib
import re
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
CHECK_RULES = (ROOT / ".ci/check-rules").read_text()
# The exempt files need their exemption: each does what only they may do.
EXEMPT = [path for paths in re.findall(r"^    except (.+)$", CHECK_RULES, re.M) for path in paths.split()]
TREE = {
    **{path: '#include "unixctl.h"\nint a = sendto(0);\n' for path in EXEMPT if not path.startswith(".")},
    "common/a.cpp": "int a = 1;\n", "common/a.hpp": "#pragma once\n", "hsflowd/a.cpp": "int a = 1;\n",
    "hsflowd/a.hpp": "#pragma once\n", "sflowovsd/a.cpp": "int a = 1;\n", "sflowovsd/a.hpp": "#pragma once\n",
    "common/cmake/Dependencies.cmake": "require_pkgconfig(a liba-dev)\nrequire_header(b.h libb-dev)\n",
    "tests/setup.sh": "#!/bin/sh\necho liba-dev libb-dev\n",
    "tests/a.cpp": "int a = 1;\n", "tests/a.py": "A = 1\n", "tests/a.sh": "#!/bin/sh\necho a\n", "conf/bash-completion/a": "echo a\n",
    "systemd/packages/rpm/a": "echo a\n", "docs/a.md": "A.\n",
    **dict.fromkeys(["CMakeLists.txt", "CMakePresets.json", "README.md", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE"], "a\n"),
}
# In two parts where this file would break the rule itself.
OFFENCES = {  # path, its text, what is printed
    "C++ is formatted with clang-format (clang-format -i FILE)": ("common/a.cpp", "int  a = 1;\n", "common/a.cpp:1:4: error"),
    "shell scripts are clean under shellcheck": ("tests/a.sh", "#!/bin/sh\necho $1\n", "In tests/a.sh line 2"),
    "parts of shell scripts are clean under shellcheck": ("systemd/packages/rpm/a", "echo $1\n", "In systemd/packages/rpm/a line 1"),
    "Python is clean under pyflakes3": ("tests/a.py", "import os\n", "tests/a.py:1:1: 'os' imported but unused"),
    "/proc and /sys are read through SysRoot": ("common/a.cpp", 'const char* a = "/proc/stat";\n', "common/a.cpp:1:"),
    "nothing is left open in the tree": ("conf/bash-completion/a", "echo a # TO" "DO\n", "conf/bash-completion/a:1:"),
    "Open vSwitch's internal headers are included by ovs_idl.hpp only":
        ("sflowovsd/a.cpp", '#include "unixctl.h"\n', "sflowovsd/a.cpp:1:"),
    "only the exporter's sockets, and those of DNS, send": ("hsflowd/a.cpp", "int a = sendmsg(0);\n", "hsflowd/a.cpp:1:"),
    "no daemon runs other programs": ("common/a.hpp", '#pragma once\nint a = system("a");\n', "common/a.hpp:2:"),
    "names of test cases have no semicolon, which CMake takes for two names":
        ("tests/a.cpp", 'TEST_CASE("a; b") {}\n', "tests/a.cpp:1:"),
    "no other top-level entry": ("util/a", "a\n", "\nutil\n"),
    "clang-tidy knows each check in .clang-tidy": (".clang-tidy", "Checks: >-\n  -*,\n  no-such-check\n", "\nno-such-check\n"),
    "tests/setup.sh installs the packages that Dependencies.cmake requires":
        ("common/cmake/Dependencies.cmake", "require_cmake_package(a libnew-dev QUIET)\n", "\nlibnew-dev\n"),
}
TOOLS = re.search(r"^for tool in (.*); do$", CHECK_RULES, re.M)[1].split()


def git(tree, *command):
    subprocess.run(["git", "-C", tree, *command], check=True)


@pytest.fixture(name="tree")
def fixture_tree(tmp_path):
    """A repository that breaks no rule."""
    for path, text in TREE.items():
        write(tmp_path, path, text)
    for path in (".ci/check-rules", ".clang-format", ".clang-tidy"):
        (tmp_path / path).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / path, tmp_path / path)
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", ".")
    return tmp_path


def write(tree, path, text):
    (tree / path).parent.mkdir(parents=True, exist_ok=True)
    (tree / path).write_text(text)


def check(tree, **environment):
    """The exit status, and what is printed."""
    done = subprocess.run([tree / ".ci/check-rules"], text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment or None)
    return done.returncode, done.stdout


def test_a_tree_that_breaks_no_rule_passes(tree):
    assert check(tree) == (0, "")


def test_every_rule_has_an_offence_below():
    assert set(re.findall(r'^(?:clean|never|.*\bbroken) "([^"$]+)"', CHECK_RULES, re.M)) == set(OFFENCES)


@pytest.mark.parametrize("rule", OFFENCES)
def test_an_offence_breaks_its_rule_and_no_other(tree, rule):
    path, text, place = OFFENCES[rule]
    write(tree, path, text)
    git(tree, "add", ".")
    status, printed = check(tree)
    assert (status, re.findall("^Broken rule: (.*)", printed, re.M)) == (1, [rule])
    assert place in printed


@pytest.mark.parametrize("tool", TOOLS)
def test_a_missing_tool_is_an_error(tree, tool, tmp_path_factory):
    directory = tmp_path_factory.mktemp("bin")
    for name in {*TOOLS, "bash", "awk", "dirname", "grep", "sed", "sort", "xargs"} - {tool}:
        (directory / name).symlink_to(shutil.which(name))
    assert check(tree, PATH=str(directory)) == (2, f"check-rules: {tool} is missing; install it with tests/setup.sh --checks\n")


@pytest.mark.parametrize("path", [path for path in EXEMPT if not path.startswith(".")])
@pytest.mark.parametrize("change", ["gone", "not needed"])
def test_an_exemption_that_nobody_needs_is_an_error(tree, path, change):
    if change == "gone":
        git(tree, "rm", "-qf", path)
    else:
        write(tree, path, "int a = 1;\n")
    status, printed = check(tree)
    assert status == 2 and f"check-rules: '{path}' needs no exemption from: " in printed


@pytest.mark.parametrize("gone, pattern", [("*.py", "*.py"), ("common", "common/*.[ch]pp"), ("docs", "docs")])
def test_a_pattern_that_matches_no_file_is_an_error(tree, gone, pattern):
    git(tree, "rm", "-rqf", gone)
    status, printed = check(tree)
    assert status == 2 and f"check-rules: no file matches '{pattern}'" in printed


def test_a_git_that_fails_is_an_error(tree):
    shutil.rmtree(tree / ".git")
    status, printed = check(tree)
    assert status == 2 and "check-rules: no file matches" in printed
