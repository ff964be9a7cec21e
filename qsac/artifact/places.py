"""Places in an artifact's JSON, and what is wrong there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from qsac.errors import InvalidInputError
from qsac.native.circuit import Unit


class Part:
    """A place in an artifact's JSON, to read parts of the wanted type from."""

    def __init__(self, value: Any, pointer: str) -> None:
        self.value = value
        self.pointer = pointer

    def wrong(self, wanted: str) -> InvalidInputError:
        return InvalidInputError(
            "the artifact is damaged", code="artifact.damaged", pointer=self.pointer or "/", wanted=wanted
        )

    def field(self, name: str) -> Part:
        if not isinstance(self.value, dict) or name not in self.value:
            raise self.wrong(f"an object with a field {name!r}")
        return Part(self.value[name], f"{self.pointer}/{name}")

    def entries(self) -> list[Part]:
        if not isinstance(self.value, list):
            raise self.wrong("a list")
        return [Part(entry, f"{self.pointer}/{index}") for index, entry in enumerate(self.value)]

    def text(self) -> str:
        if not isinstance(self.value, str):
            raise self.wrong("a text")
        return self.value

    def choice(self, words: Sequence[str]) -> str:
        if self.value not in words:
            raise self.wrong(f"one of {', '.join(words)}")
        return self.text()

    def number(self, limit: int) -> int:
        if not isinstance(self.value, int) or isinstance(self.value, bool) or not 0 <= self.value <= limit:
            raise self.wrong(f"a whole number from 0 to {limit}")
        return self.value

    def mapping(self) -> dict[str, Any]:
        if not isinstance(self.value, dict):
            raise self.wrong("an object")
        return self.value

    def place(self, units: dict[Unit, int]) -> int:
        """Where the unit [name, [index]] stands among ``units``."""
        value = self.value
        if isinstance(value, list) and len(value) == 2 and isinstance(value[1], list) and len(value[1]) == 1:
            unit = (value[0], value[1][0])
            if isinstance(unit[0], str) and type(unit[1]) is int and unit in units:
                return units[unit]
        raise self.wrong("a qubit or bit of the circuit, as [register, [index]]")
