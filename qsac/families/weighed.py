"""Families whose results are weighed against working out the same numbers classically."""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable


@runtime_checkable
class Weighed(Protocol):
    """What a family offers whose results are weighed against working out the same classically. No family has to."""

    def multiply_adds(self, model: Any) -> int:
        """How many multiply-adds the same numbers take without a circuit."""

    def break_even(self, model: Any) -> str:
        """Whether it pays, in one line."""
