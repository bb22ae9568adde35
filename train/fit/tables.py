"""Writes measured tables into Markdown pages."""

from __future__ import annotations

from pathlib import Path


def write_table(page: Path, table: str) -> None:
    """Replace what is between the two marks in a Markdown page by `table`.

    Raises:
        SystemExit: the page lacks a mark.
    """
    begin, end = "<!-- metrics:begin -->", "<!-- metrics:end -->"
    text = page.read_text()
    if begin not in text or end not in text:
        raise SystemExit(f"{page} lacks the marks {begin} and {end} for the table")
    head, rest = text.split(begin, 1)
    page.write_text(head + begin + "\n" + table + "\n" + end + rest.split(end, 1)[1])
