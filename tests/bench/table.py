"""Markdown tables and the numbers in them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table whose first column is text and whose others are figures."""
    lines = [_line(header), _line([":--", *["--:"] * (len(header) - 1)])]
    lines += [_line(row) for row in rows]
    return "\n".join(lines) + "\n"


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def count(number: int | None) -> str:
    return "" if number is None else f"{number:,}"


def seconds(number: float | None) -> str:
    if number is None:
        return ""
    # From where two digits round to 10: newer versions of Python add more exactly, and 10 may be a little less.
    return f"{number:.0f}" if number >= 99.95 else f"{number:.1f}" if number >= 9.95 else f"{number:.2g}"


def megabytes(number: int | None) -> str:
    return "" if number is None else f"{number / 1e6:,.0f}"


def ratio(number: float | None) -> str:
    if number is None:
        return ""
    return f"{number:.3f}" if number < 0.1 else f"{number:.2f}" if number < 10 else f"{number:,.0f}"


def tiny(number: float | None) -> str:
    return "" if number is None else f"{number:.0e}"
