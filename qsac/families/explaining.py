"""What the metrics of a family mean, for `qsac explain`, if the family says so. No family has to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, runtime_checkable


@runtime_checkable
class Explains(Protocol):
    """A family that says what its results hold."""

    @property
    def metrics(self) -> Mapping[str, str]:
        """For each metric, and each name under ``values``, what it is: a formula, its range, and what it is for. A
        sentence or more, in which other metrics go by their names."""
