"""docs/messages.md explains every warning and error that the daemons log, and no other."""

import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]
SOURCES = {str(path.relative_to(ROOT)): path.read_text()
           for room in ("common", "hsflowd", "sflowovsd") for path in sorted((ROOT / room).rglob("*.[ch]pp"))}
# States whose subject is no literal, and how the document writes their messages.
COMPUTED_SUBJECTS = {
    "hsflowd/collectors/collector_resolver.hpp": {"lookup of …: …"},
    "hsflowd/collectors/exporter.hpp": {"collector … port …: …"},
    "hsflowd/guests/vm_backend.hpp": {"kvm: …", "ports: …", "proxmox: …", "xen: …"},
    "hsflowd/guests/vm_samples.hpp": {"VM …: …"},
    "hsflowd/sources/host_sample.hpp": {"host_…: …"},
}
# Formats that say nothing by themselves, and how the document writes the messages.
BARE_FORMATS = {"…": {"…", "FILE:LINE: …"}, "…: …": set()}  # the second is LoggedState itself


def documented():
    """The messages in the first column of the tables. A row may have several."""
    cells = re.findall(r"^\| (`[^|]+) \|", (ROOT / "docs/messages.md").read_text(), re.M)
    return {message for cell in cells for message in re.findall(r"`([^`]+)`", re.sub(r" as the last .*", "", cell))}


def formats():
    literals = [literal for text in SOURCES.values()
                for literal in re.findall(r'spdlog::(?:warn|error|critical|log)\([^";]*"((?:[^"\\]|\\.)*)"', text)]
    return {re.sub(r"\{[^}]*\}", "…", literal) for literal in literals}


def subjects():
    return {f"{subject}: …" for text in SOURCES.values() for subject in re.findall(r'LoggedState \w+\{"([^"]+)"\}', text)}


def test_every_warning_and_error_is_explained_and_no_other():
    logged = formats() | subjects() | set.union(*COMPUTED_SUBJECTS.values())
    for bare, messages in BARE_FORMATS.items():
        assert bare in logged
        logged = logged - {bare} | messages
    assert len(logged) > 30
    assert documented() == logged


def test_every_state_whose_subject_is_computed_is_known_here():
    computed = {path for path, text in SOURCES.items() if path.endswith(".hpp") and re.search(r"LoggedState>? \w+;", text)}
    assert computed == set(COMPUTED_SUBJECTS)
