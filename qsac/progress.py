"""What long work tells while it is under way."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

Progress: TypeAlias = Callable[[int, int, str], None]
"""What long work tells how far it is: (done, total, description)."""

Announce: TypeAlias = Callable[[str], None]
"""What is told, in a sentence, before long work begins."""
