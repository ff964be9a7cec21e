"""What people see of models and programs: cards, drawings, plots, differences, explanations.

:mod:`qsac.showing` asks this room for what the methods of shown objects return. Everything is imported when it is asked
for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from qsac.artifact.compiled import Compiled
    from qsac.artifact.drawing import Drawing
    from qsac.artifact.shown_page import Page


def card(subject: Any) -> str:
    """A model, target, result, template, estimate or compiled program as static HTML, its texts escaped."""
    from qsac.views.cards import card as made

    return made(subject)


def drawing(compiled: Compiled, circuit: str | None = None) -> Drawing:
    """A circuit of a compiled program, op by op."""
    from qsac.views.circuit_drawing import drawing as made

    return made(compiled, circuit)


def viewed(compiled: Compiled) -> Page:
    """Everything of a compiled program, as one HTML document."""
    from qsac.artifact.shown_page import Page
    from qsac.views.page.writing import page

    return Page(compiled.model.name, "".join(page(compiled)))
