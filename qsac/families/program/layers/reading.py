"""From valid fields to the numbers of layers with tomography."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from qsac.errors import DoesNotFitError, InvalidInputError
from qsac.families.kernel import canonical_kernel, coefficients
from qsac.families.matrices import Matrices
from qsac.families.program import schema
from qsac.families.program.feed_forward.network import Dense, automatic
from qsac.families.program.feed_forward.reading import network
from qsac.families.program.layers.stack import Layer, Layers
from qsac.families.program.reading import Canonical, real_tokens, token_rows, unitary_of
from qsac.files.pointer import join
from qsac.numerics.echo_estimation import loads

if TYPE_CHECKING:
    from qsac.families.program.layers.readout import LayersReadout

FEWEST_ECHOES = 64
"""Shots of each echo, where no more are needed."""

TOKENS = 1 << 11
"""Most tokens: the scores of every layer are held at once."""


def read_layers(
    given: schema.ModelFile, program: schema.LayersProgram, folder: Path
) -> tuple[Layers, LayersReadout, Canonical]:
    """The layers of a model file, their readout, and the canonical fields."""
    from qsac.families.program.layers.readout import LayersReadout

    found = token_rows(given, folder, normalise=False)
    rows = real_tokens(found)
    if len(rows) > TOKENS:
        raise DoesNotFitError(
            "there are too many tokens for layers with tomography",
            code="program.too-large",
            pointer="/tokens",
            found=f"{len(rows):,} tokens",
            wanted=f"at most {TOKENS:,}: the closed form holds all scores",
        )
    matrices = Matrices(folder)
    made = [
        _layer(one, join("/program/layers", place), rows.shape[1], matrices) for place, one in enumerate(program.layers)
    ]
    layers = tuple(layer for layer, _ in made)
    tomography = program.tomography
    system = Layers(
        rows,
        layers,
        program.head.type == "mean",
        tomography.precision,
        tomography.failure,
        _refused(program),
        tomography.method == "reference",
    )
    _check(system)
    if program.feed_forward_by == "inner-products":
        system = replace(system, estimates=_estimates(system))
    canonical: dict[str, Any] = {**program.model_dump(), "layers": [fields for _, fields in made]}
    return system, LayersReadout(), {"tokens": found.canonical, "program": canonical}


def _layer(given: schema.TomographyLayer, pointer: str, dimension: int, matrices: Matrices) -> tuple[Layer, Canonical]:
    attention, place = given.attention, f"{pointer}/attention"
    padded = max(2, 1 << (dimension - 1).bit_length())
    kernel = coefficients(attention.kernel, padded, f"{place}/kernel")
    score, canonical_score = unitary_of(attention.score, f"{place}/score", dimension)
    value, canonical_value = unitary_of(attention.value, f"{place}/value", dimension)
    for name, found in (("score", score), ("value", value)):
        if not found.is_real:
            raise InvalidInputError(
                f'"{name}" is complex',
                code="program.complex-numbers",
                pointer=f"{place}/{name}/entries",
                found="entries with an imaginary part",
                wanted="a real matrix: the layers' rows are read as real states",
            )
    feed_forward: tuple[Dense, ...] = ()
    fields: Canonical = {}
    if "feed_forward" in given.model_fields_set:
        where = f"{pointer}/feed_forward"
        feed_forward, canonical = network(given.feed_forward, where, dimension, matrices, dimension)
        fields = {"feed_forward": canonical}
    layer = Layer(
        attention.mask,
        kernel,
        np.asarray(score.matrix(padded), dtype=np.float64),
        np.asarray(value.matrix(padded), dtype=np.float64),
        attention.normaliser == "row-sums",
        given.residual,
        feed_forward,
    )
    return layer, {
        "attention": {
            "mask": attention.mask,
            "kernel": canonical_kernel(attention.kernel, padded),
            "score": canonical_score,
            "value": canonical_value,
            "normaliser": attention.normaliser,
        },
        "residual": given.residual,
        **fields,
    }


def _check(system: Layers) -> None:
    """Refuse rows that vanish or overflow on the way."""
    rows = system.rows
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        for place, (layer, (attention, after)) in enumerate(zip(system.layers, system.steps, strict=True)):
            sums = attention.states[:, -1]
            if layer.by_row_sums and not np.abs(sums).min() > 1e-12 * layer.subnormalisation:
                raise InvalidInputError(
                    "the kernel's values of a row sum to zero",
                    code="program.no-row-sum",
                    pointer=join("/program/layers", place, "attention", "normaliser"),
                    found=f"row {int(np.abs(sums).argmin())}, counted from 0",
                    wanted="a sum other than 0, by which the row is divided",
                    help='take a kernel of even degree that is positive, or "normaliser": "none"',
                )
            lengths = np.linalg.norm(after.output, axis=1)
            if not np.isfinite(after.output).all() or not lengths.min() > 0:
                raise InvalidInputError(
                    "a row of a layer's output has no direction",
                    code="model.out-of-scale",
                    pointer=join("/program/layers", place),
                    found="an overflow of double precision" if np.isfinite(rows).all() else "a row that is zero",
                    wanted="rows other than 0 whose entries are about 1",
                )
            rows = after.output


def _estimates(system: Layers) -> tuple[tuple[int, ...], int]:
    """Echoes with which every network's outputs are as precise as the states are read, on exact rows."""
    found = [
        automatic(layer.feed_forward, system.network(place).inputs, system.precision, FEWEST_ECHOES)
        for place, layer in enumerate(system.layers)
        if layer.feed_forward
    ]
    return max(found, key=lambda plan: loads(*plan), default=((1,), FEWEST_ECHOES))


def _refused(program: schema.LayersProgram) -> dict[str, str]:
    """What no circuit is built for."""
    asked = {
        "/program/index": (program.index, "separate"),
    }
    return {pointer: str(found) for pointer, (found, built) in asked.items() if found != built}
