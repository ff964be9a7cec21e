"""How models, targets, results and compiled programs are shown in notebooks.

What draws a card or a circuit knows of many rooms, the shown object of none of them. So its methods ask
:func:`viewer`: the attribute ``views`` of :mod:`qsac`, which alone is above all floors, and imports that room when
something is shown for the first time.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any, Protocol


class Viewer(Protocol):
    """What shows objects: the room ``qsac.views``."""

    def card(self, subject: Any) -> str:
        """The object as static HTML, its texts escaped."""

    def drawing(self, compiled: Any, circuit: str | None) -> Any:
        """A circuit of a compiled program, op by op: a :class:`~qsac.artifact.drawing.Drawing`."""

    def viewed(self, compiled: Any) -> Any:
        """A page of a compiled program: a :class:`~qsac.artifact.shown_page.Page`."""


def viewer() -> Viewer:
    """What shows objects."""
    found: Viewer = import_module("qsac").views
    return found


class Shown:
    """Something that a notebook shows as a card."""

    def _repr_html_(self) -> str:
        return viewer().card(self)
