"""The tables of docs/benchmarks.md, as they were written: what its summary, its plots and other pages quote."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_HEADING = re.compile(r"^(?:#{2,4} (?P<heading>.+)|\*\*(?P<bold>[^*]+)\*\*)$")
_COMMIT = re.compile(r"qsac at commit (\w+)")


@dataclass(frozen=True)
class Table:
    """A table and the headings that it stands below: that of its section and the last one."""

    section: str
    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def column(self, name: str) -> list[str]:
        """The cells of a column."""
        place = self.header.index(name)
        return [row[place] for row in self.rows]


def sections_of(page: str) -> dict[str, str]:
    """The sections of a page by their titles."""
    parts = page.split("\n## ")[1:]
    return {part.partition("\n")[0]: f"## {part}" for part in parts}


def tables(page: str) -> Iterator[Table]:
    """All tables of a page, in order."""
    section = title = ""
    lines: list[str] = []
    for line in [*page.splitlines(), ""]:
        if line.startswith("|"):
            lines.append(line)
            continue
        if lines:
            cells = [tuple(cell.strip() for cell in one.strip("|").split("|")) for one in lines]
            yield Table(section, title, cells[0], tuple(cells[2:]))
            lines = []
        found = _HEADING.match(line)
        if found:
            title = found["heading"] or found["bold"]
            section = title if line.startswith("## ") else section


def find(page: str, section: str, title: str, *columns: str) -> Table | None:
    """The first table of a section below a title that has the columns."""
    for table in tables(page):
        if (table.section, table.title) == (section, title) and set(columns) <= set(table.header):
            return table
    return None


def number(cell: str) -> float | None:
    """A cell's figure, without what stands in parentheses; None where there is none."""
    text = re.sub(r"\(.*\)", "", cell).replace(",", "").replace("−", "-").strip()
    try:
        return float(text)
    except ValueError:
        return None


def in_parentheses(cell: str) -> float | None:
    """The figure in a cell's parentheses."""
    found = re.search(r"\(([^)]*)\)", cell)
    return number(found[1]) if found else None


def commits(page: str) -> dict[str, list[str]]:
    """Which sections were measured at which commit."""
    found: dict[str, list[str]] = {}
    for title, text in sections_of(page).items():
        stamp = _COMMIT.search(text)
        if stamp:
            found.setdefault(stamp[1], []).append(title)
    return found
