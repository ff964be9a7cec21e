"""A transformer in pictures: its inputs, and the scores, kernel and parts of each layer."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from qsac.families.kernel import formula
from qsac.families.pictures import HeatMap, KernelCurve, Part, shown_places, spread
from qsac.families.transformer.model import Layer, Model, turned_by
from qsac.families.transformer.summary import summary
from qsac.files.numbers import Numbers

_MAPS = 16
"""Heads, of all layers together, whose scores are shown."""

_WORK = 2**28
"""Numbers that the layers before the last one may process for the scores of all layers to be shown."""


def heat_maps(model: Model) -> list[HeatMap]:
    """|u|^2 of the inputs, entry by entry, and |s_ji|^2 of the heads, where the mask leaves them."""
    places, columns = spread(model.tokens), spread(model.dimension)
    labels = _labels(model, places)
    found = [
        HeatMap(
            "inputs |u_j|²",
            np.abs(model.inputs[np.ix_(places, columns)]) ** 2,
            "position j",
            "entry",
            shown_places(places),
            shown_places(columns),
            "/tokens",
            labels,
        )
    ]
    deep = len(model.layers) > 1 and model.readout.work(model) * model.dimension > _WORK
    for number, layer in enumerate(model.layers[: 1 if deep else None]):
        states = model.inputs if number == 0 else model.steps[number - 1].output
        for head, scores in _scores(model, layer, states, places):
            if len(found) > _MAPS:
                return found
            found.append(
                HeatMap(
                    f"layer {number + 1}, head {head + 1}: |s_ji|²",
                    scores,
                    "query j",
                    "key i",
                    shown_places(places),
                    shown_places(places),
                    f"/transformer/layers/{number}/attention",
                    labels,
                    labels,
                )
            )
    return found


def _scores(
    model: Model, layer: Layer, states: Numbers, places: NDArray[np.intp]
) -> list[tuple[int, NDArray[np.float64]]]:
    """|s_ji|^2 of each head at these places, NaN where the mask leaves nothing."""
    found = []
    for number, head in enumerate(layer.heads):
        queries: Numbers = states[places] @ head.query.T
        keys: Numbers = states[places] @ head.key.T
        if model.rotary is not None:
            queries, keys = (turned_by(rows, model.rotary, places) for rows in (queries, keys))
        scores = np.abs(queries.conj() @ keys.T) ** 2
        if layer.mask == "causal":
            scores = np.where(places[:, None] >= places, scores, np.nan)
        found.append((number, scores))
    return found


def curves(model: Model) -> list[KernelCurve]:
    """The kernel of each layer."""
    return [
        KernelCurve(
            f"kernel of layer {number + 1}",
            layer.kernel,
            f"g(s) = {formula(layer.kernel, 's')}",
            f"/transformer/layers/{number}/attention",
        )
        for number, layer in enumerate(model.layers[:_MAPS])
    ]


def parts(model: Model) -> list[Part]:
    """Tokens, the attention and the feed-forward of each layer, and the readout."""
    known = dict(summary(model))
    found = [Part("/tokens", "tokens", f"{known['tokens']}; {known['dimension']}; positions {known['positions']}")]
    for number in range(len(model.layers)):
        pointer = f"/transformer/layers/{number}"
        found.append(Part(f"{pointer}/attention", f"attention of layer {number + 1}", known[f"layer {number + 1}"]))
        inside = known.get(f"feed-forward {number + 1}")
        if inside is not None:
            found.append(Part(f"{pointer}/feed_forward", f"feed-forward of layer {number + 1}", inside))
    return [*found, Part("/readout", "readout", known["readout"])]


def _labels(model: Model, places: NDArray[np.intp]) -> tuple[str, ...]:
    """The words at these places, where the model has words."""
    if model.sequence is None:
        return ()
    words = [int(model.sequence[place]) for place in places]
    return tuple(str(word) if model.labels is None else model.labels[word] for word in words)
