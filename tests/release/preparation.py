"""What a release changes in the tree: the version where it is written down, and the changelog's heading."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

VERSION = re.compile(r"\d+\.\d+\.\d+((a|b|rc)\d+)?")


class ReleaseError(Exception):
    """Why there can be no release, in a sentence."""


def prepare(root: Path, version: str, day: date) -> None:
    """Write the version into pyproject.toml and CITATION.cff, and the day into the changelog. Nothing is written if any
    of them cannot be."""
    if VERSION.fullmatch(version) is None:
        raise ReleaseError(f"{version!r} is no version; wanted: VERSION=1.2.3 or 1.2.3rc1")
    changed = {
        "pyproject.toml": _replaced(root, "pyproject.toml", r'^version = ".*"$', f'version = "{version}"'),
        "CITATION.cff": _replaced(
            root,
            "CITATION.cff",
            r"^version: .*$(\ndate-released: .*$)?",
            f"version: {version}\ndate-released: {day.isoformat()}",
        ),
        "CHANGELOG.md": _replaced(
            root, "CHANGELOG.md", rf"^## {re.escape(version)} - unreleased$", f"## {version} - {day.isoformat()}"
        ),
    }
    for name, text in changed.items():
        (root / name).write_text(text, encoding="utf-8")


def _replaced(root: Path, name: str, pattern: str, line: str) -> str:
    text, count = re.subn(pattern, lambda _: line, (root / name).read_text(encoding="utf-8"), flags=re.MULTILINE)
    if count != 1:
        wanted = line.rpartition(" - ")[0] + " - unreleased" if name == "CHANGELOG.md" else pattern
        raise ReleaseError(f"{name} has {count} lines like this, and needs exactly one: {wanted}")
    return text
