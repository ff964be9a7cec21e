"""How a model scales: estimates of other sizes."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import TYPE_CHECKING, Any

from qsac.compiler.estimation import estimate
from qsac.errors import InvalidInputError, QsacError
from qsac.families.contract import Model
from qsac.families.reading import load
from qsac.families.registry import family_of
from qsac.progress import Progress
from qsac.views.plots import Point

if TYPE_CHECKING:
    from qsac.machine.read import AnyTarget

MOST_POINTS = 100
"""Estimates of one plot."""


def default_contexts(model: Model) -> list[str]:
    """Six numbers of context tokens from 4 on, each four times the one before, where the model can have others."""
    extent = family_of(model).sizes(model).get("context")
    return [] if extent is None else [str(4**power) for power in range(1, 7) if extent.least <= 4**power <= extent.most]


def scaled(
    model: Model,
    target: AnyTarget,
    *,
    contexts: Sequence[str],
    dimensions: Sequence[str],
    degrees: Sequence[int],
    optimisation: int,
    progress: Progress | None = None,
) -> list[Point]:
    """The estimates of all combinations of sizes; where there are none of a kind, of the model's own.

    Raises :class:`~qsac.errors.InvalidInputError` for sizes that the model cannot have, and for too many.
    """
    own: list[None] = [None]
    combinations = list(product(contexts or own, dimensions or own, degrees or own))
    if len(combinations) > MOST_POINTS:
        raise InvalidInputError(
            "too many sizes for one plot",
            code="plot.too-many",
            found=f"{len(combinations):,} combinations",
            wanted=f"at most {MOST_POINTS}",
        )
    points = []
    for done, (context, dimension, degree) in enumerate(combinations):
        if progress is not None:
            progress(done, len(combinations), "estimating")
        found = estimate(
            model if degree is None else _of_degree(model, degree),
            target,
            context=context,
            dimension=dimension,
            optimisation=optimisation,
        )
        shape: dict[str, Any] = found.to_json()["shape"]
        duration = found.counts["duration"]
        counts: dict[str, Any] = {**found.counts, "seconds": None if duration is None else duration["circuit"]}
        points.append(Point(shape["context"], shape["dimension"], shape.get("degree"), counts))
    return points


def _of_degree(model: Model, degree: int) -> Model:
    """The model with a kernel of another degree."""
    document = dict(model.canonical)
    section = dict(document[model.section])
    kernel = section.get("kernel")
    if not isinstance(kernel, dict) or "degree" not in kernel:
        raise InvalidInputError(
            "the kernel of the model has no degree to be changed",
            code="plot.no-degree",
            pointer=f"/{model.section}/kernel",
            wanted="a kernel of the type monomial or softmax-taylor",
        )
    try:
        return load({**document, model.section: {**section, "kernel": {**kernel, "degree": degree}}})
    except QsacError as error:
        error.source = f"{model.name} with another degree"
        raise
