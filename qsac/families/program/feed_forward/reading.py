"""From valid fields to the numbers of a feed-forward network."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from qsac.errors import InvalidInputError
from qsac.families.matrices import Matrices
from qsac.families.program import schema
from qsac.families.program.feed_forward.network import Dense, FeedForward, Training, automatic, passed
from qsac.families.program.reading import Canonical, no_tokens, real_matrix, real_vector, whole_numbers
from qsac.files.pointer import counted, join, kind

if TYPE_CHECKING:
    from qsac.families.program.feed_forward.readout import FeedForwardReadout


def read_feed_forward(
    given: schema.ModelFile, program: schema.FeedForwardProgram
) -> tuple[FeedForward, FeedForwardReadout, Canonical]:
    """The network of a model file, its readout, and the canonical fields."""
    from qsac.families.program.feed_forward.readout import FeedForwardReadout

    no_tokens(given)
    matrices = Matrices(Path())
    inputs = real_matrix(matrices, program.inputs, "/program/inputs", None, None, "")
    layers, canonical_layers = network(program.layers, "/program/layers", inputs.shape[1], matrices)
    _check_finite(layers, inputs)
    orders, shots, is_automatic = _echoes(program, layers, inputs)
    training, canonical_training = _training(program, inputs, layers, matrices)
    system = FeedForward(
        layers, inputs, orders, shots, is_automatic, program.precision, program.failure, training, _refused(program)
    )
    canonical: dict[str, Any] = {
        "type": program.type,
        "layers": canonical_layers,
        "inputs": inputs.tolist(),
        "estimate": {"orders": "auto" if is_automatic else list(orders), "shots": program.estimate.shots},
        "precision": program.precision,
        "failure": program.failure,
        "index": program.index,
        **canonical_training,
    }
    return system, FeedForwardReadout(), {"program": canonical}


def network(
    given: Sequence[schema.NetworkLayer], pointer: str, width: int, matrices: Matrices, last: int | None = None
) -> tuple[tuple[Dense, ...], list[Canonical]]:
    """The layers of a network on inputs of ``width`` entries, and their canonical fields; ``last``: the entries that
    its outputs have to have."""
    layers, canonical = [], []
    for place, one in enumerate(given):
        at = join(pointer, place)
        reason = "the inputs" if place == 0 else "the layer before"
        rows = last if last is not None and place == len(given) - 1 else None
        wanted = f"{reason} {'have' if place == 0 else 'has'} {counted(width, 'number')}"
        if rows is not None:
            wanted += f", and what is added to has {rows:,}"
        weights = real_matrix(matrices, one.weights, f"{at}/weights", rows, width, wanted)
        bias = np.zeros(len(weights))
        if "bias" in one.model_fields_set:
            bias = real_vector(matrices, one.bias, f"{at}/bias", len(weights), "one for each row of the weights")
        layers.append(Dense(weights, bias, one.activation))
        canonical.append({"weights": weights.tolist(), "bias": bias.tolist(), "activation": one.activation})
        width = len(weights)
    return tuple(layers), canonical


def _check_finite(layers: Sequence[Dense], inputs: Any) -> None:
    with np.errstate(over="ignore", invalid="ignore"):
        found = passed(layers, inputs)
        for place, one in enumerate(found):
            if not (np.isfinite(one.z).all() and np.isfinite(one.overlap).all()):
                raise InvalidInputError(
                    "the numbers of the model are too large to be computed with",
                    code="model.out-of-scale",
                    pointer=join("/program/layers", place),
                    found="an overflow of double precision",
                    wanted="inputs and weights whose entries are about 1",
                )


def _echoes(
    program: schema.FeedForwardProgram, layers: Sequence[Dense], inputs: Any
) -> tuple[tuple[int, ...], int, bool]:
    given, shots = program.estimate.orders, program.estimate.shots
    if given == "auto" and isinstance(given, str):
        return (*automatic(layers, inputs, program.precision, shots), True)
    if isinstance(given, str):
        raise InvalidInputError(
            '"orders" is neither a list nor "auto"',
            code="field.wrong-type",
            pointer="/program/estimate/orders",
            found=kind(given),
            wanted='"auto", or a list of whole numbers from 1',
        )
    orders = whole_numbers(given, "/program/estimate/orders", 1, 1000, "order")
    if 1 not in orders:
        raise InvalidInputError(
            "the orders are without 1",
            code="field.invalid",
            pointer="/program/estimate/orders",
            found=", ".join(map(str, orders)),
            wanted="1 among them: the other orders alone leave several angles possible",
        )
    return orders, shots, False


def _training(
    program: schema.FeedForwardProgram, inputs: Any, layers: Sequence[Dense], matrices: Matrices
) -> tuple[Training | None, Canonical]:
    if "train" not in program.model_fields_set:
        return None, {}
    given, outputs = program.train, len(layers[-1].weights)
    reason = f"one row for each of {counted(len(inputs), 'input')}, one entry for each of {counted(outputs, 'output')}"
    targets = real_matrix(matrices, given.targets, "/program/train/targets", len(inputs), outputs, reason)
    canonical = {"targets": targets.tolist(), "loss": given.loss, "rate": given.rate, "steps": given.steps}
    return Training(targets, given.rate, given.steps), {"train": canonical}


def _refused(program: schema.FeedForwardProgram) -> dict[str, str]:
    """What no circuit is built for."""
    refused: dict[str, str] = {}
    if program.index != "separate":
        refused["/program/index"] = program.index
    return refused
