"""How wide a line may be, and lines broken to fit: between words only, and only where people read them.

On a terminal lines are as wide as it is, or as the environment variable COLUMNS says. What a program or a file reads
is never broken.
"""

from __future__ import annotations

import re
import shutil
import sys
import textwrap

UNWRAPPED = 10_000

_HANGING = re.compile(r"\s*(?:(?:found|wanted|where|help):\s+)?")
"""What further lines of a message are indented by: its blanks, and the label of a field of an error."""


def screen(*, stderr: bool = False) -> int:
    """How many columns a line on stdout or stderr may have."""
    stream = sys.stderr if stderr else sys.stdout
    return shutil.get_terminal_size().columns if stream.isatty() else UNWRAPPED


def wrap(text: str, width: int) -> list[str]:
    """Lines of at most ``width`` characters, broken between words only: a longer word has a line of its own."""
    if len(text) <= width:
        return [text]
    return textwrap.wrap(text, max(width, 1), break_long_words=False, break_on_hyphens=False) or [""]


def fitted(line: str, *, stderr: bool, before: int = 0) -> str:
    """A line of a message as it fits the screen, with a hanging indent; ``before`` columns of its first line are
    taken."""
    available = screen(stderr=stderr)
    if len(line) + before <= available:
        return line
    found = _HANGING.match(line)
    hanging = " " * max(len(found[0]) if found else 0, before)
    if available - len(hanging) < 20:
        hanging = "  "
    lines = textwrap.wrap(
        line,
        max(available, 1),
        initial_indent=" " * before,
        subsequent_indent=hanging,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return "\n".join(lines)[before:]
