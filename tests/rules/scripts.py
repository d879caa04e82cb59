"""A script of the project, with other commands in place of its own."""

import re


def write_program(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)


def with_section(script, name, following, text):
    """The script, with this text below the heading `name` up to the heading `following`."""
    begin, end = re.search(f"^# -+ {name}$", script, re.M).end(), re.search(f"^# -+ {following}$", script, re.M).start()
    return f"{script[:begin]}\n{text}\n{script[end:]}"
