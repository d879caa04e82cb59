#!/usr/bin/env python3
"""Converts a page of docs/ to the Markdown of a man page, for lowdown(1): man_page.py PAGE.md 'NAME(SECTION): summary'.

- The title becomes the section NAME.
- Tables become lists of terms, because tables are wider than a terminal.
- Links to other pages of the repository become plain text, because a man page cannot follow them.
"""

import re
import sys

ESCAPED_BAR = "\0"


def cells(line):
    """The cells of a table row. In a cell, a bar is written \\|."""
    row = line.strip().replace("\\|", ESCAPED_BAR).strip("|")
    return [cell.strip().replace(ESCAPED_BAR, "|") for cell in row.split("|")]


def as_terms(rows):
    """A table as a list of terms: the first cell is the term; the other cells follow, each after the head of its column if it has one."""
    head, *body = rows
    lines = []
    for first, *others in body:
        parts = [f"*{name}:* {cell}" if name and len(others) > 1 and index < len(others) - 1 else cell
                 for index, (name, cell) in enumerate(zip(head[1:], others)) if cell]
        text = ". ".join(part.rstrip(".") for part in parts)
        term = first if first.startswith(("`", "*")) else f"**{first}**"
        lines += [term, f": {text}." if text else ": ", ""]
    return lines


def man_page(text, name, section, summary):
    text = re.sub(r"<!--.*?-->\n?", "", text, flags=re.DOTALL)
    text = re.sub(r"\[([^\]]+)\]\((?!https?:)[^)]*\)", r"\1", text)
    lines = text.splitlines()
    assert lines[0].startswith("# "), "the page has no title"
    result = ["# NAME", "", f"{name} - {summary}", ""]
    table = []
    in_code = False
    lines = [*lines[1:], ""]
    if not next(line for line in lines if line).startswith("#"):
        result += ["# DESCRIPTION", ""]
    for line in lines:
        in_code ^= line.startswith("```")
        if not in_code and line.startswith("|"):
            if not re.fullmatch(r"\|[\s:|-]+\|?", line) or not table:
                table.append(cells(line))
            continue
        if table:
            result += as_terms(table)
            table = []
        if not in_code and line.startswith("## "):
            line = "# " + line[3:].upper()
        result.append(line)
    return "\n".join(result) + "\n"


def main():
    path, what = sys.argv[1:]
    name, section, summary = re.fullmatch(r"(\S+)\((\d)\): (.*)", what).groups()
    with open(path, encoding="utf-8") as page:
        sys.stdout.write(man_page(page.read(), name, section, summary))


if __name__ == "__main__":
    main()
