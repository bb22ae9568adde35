"""Puts measured tables into the project's pages."""

from __future__ import annotations

from pathlib import Path


def write_table(readme: Path, table: str) -> None:
    """Put the table between the marks in the README."""
    begin, end = "<!-- metrics:begin -->", "<!-- metrics:end -->"
    text = readme.read_text()
    if begin not in text or end not in text:
        raise SystemExit(f"{readme} lacks the marks {begin} and {end} for the table")
    head, rest = text.split(begin, 1)
    readme.write_text(head + begin + "\n" + table + "\n" + end + rest.split(end, 1)[1])
