"""An explanation as data, and docstrings as plain text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

Kind = Literal["pass", "op", "metric", "target", "error code"]

_MARKUP = re.compile(r":\w+:`~?(?:[\w.]*\.)?(\w+)`|``([^`]*)``|`([^`]*)`")


@dataclass(frozen=True)
class Explanation:
    """What a ``name`` of some ``kind`` means: paragraphs of ``text``, and ``facts`` with labels. ``package`` is the
    other package that it is from; None for qsac's own."""

    name: str
    kind: Kind
    text: tuple[str, ...]
    facts: Sequence[tuple[str, str]] = ()
    package: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """The same, JSON-ready."""
        return asdict(self)


def paragraphs(docstring: str) -> tuple[str, ...]:
    """The paragraphs of a docstring, each one line, without markup; what is indented keeps its lines."""
    found = []
    for part in re.split(r"\n\s*\n", docstring.strip()):
        lines = part.splitlines()
        indented = all(line.startswith(("    ", "- ")) for line in lines)
        text = "\n".join(lines) if indented else " ".join(line.strip() for line in lines)
        text = _MARKUP.sub(lambda match: match[1] or match[2] or match[3], text).removesuffix("::")
        if text.strip():
            found.append(text)
    return tuple(found)
