"""A model of quantum attention in pictures: tokens, scores and kernels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from qsac.errors import present
from qsac.families.kernel import formula
from qsac.families.pictures import HeatMap, KernelCurve, Part, shown_places, spread
from qsac.families.qsa.model import Model
from qsac.families.qsa.summary import summary

_HEADS = 8
"""Heads whose scores are shown."""


def heat_maps(model: Model) -> list[HeatMap]:
    """|x|^2 of the tokens, entry by entry, and |s_ji|^2 of the first heads, where the mask leaves them."""
    rows, columns = spread(model.context + 1), spread(model.dimension)
    labels = () if model.text is None else _words(model, rows)
    found = [
        HeatMap(
            "tokens |x_j|²",
            np.abs(model.tokens[np.ix_(rows, columns)]) ** 2,
            "token j",
            "amplitude",
            shown_places(rows),
            shown_places(columns),
            "/tokens",
            labels,
        )
    ]
    places = spread(model.context)
    for number, head in enumerate(model.heads[:_HEADS]):
        queries, keys = model.tokens[places], model.tokens[np.maximum(places - head.key_shift, 0)]
        scores = np.abs(queries.conj() @ head.score.apply(keys).T) ** 2
        seen = np.broadcast_to(places >= head.key_shift, scores.shape)
        if model.mask == "causal":
            seen = seen & (places[:, None] >= places)
        named = f" of head {number}" if len(model.heads) > 1 else ""
        found.append(
            HeatMap(
                f"scores |s_ji|²{named}",
                np.where(seen, scores, np.nan),
                "query j",
                "key i",
                shown_places(places),
                shown_places(places),
                "/attention",
                labels[: len(places)] if len(places) == model.context else (),
                labels[: len(places)] if len(places) == model.context else (),
            )
        )
    return found


def curves(model: Model) -> list[KernelCurve]:
    """The kernel of each head."""
    return [
        KernelCurve(
            f"kernel of head {number}" if len(model.heads) > 1 else "kernel",
            head.kernel,
            f"g(s) = {formula(head.kernel, 's')}",
            model.place(number, "kernel"),
        )
        for number, head in enumerate(model.heads[:_HEADS])
    ]


def parts(model: Model) -> list[Part]:
    """Tokens, mask, kernel, V and W of each head, phases and readout."""
    known = dict(summary(model))
    found = [
        Part("/tokens", "tokens", f"{known['context']}; {known['dimension']}"),
        Part("/attention/mask", "mask", known["mask"]),
    ]
    for number, head in enumerate(model.heads):
        named = f" of head {number}" if len(model.heads) > 1 else ""
        found.append(Part(model.place(number, "kernel"), f"kernel{named}", f"g(s) = {formula(head.kernel, 's')}"))
        for side, letter in (("score", "W"), ("value", "V")):
            kind = str(model.unitaries[_name(model, number, side)].fields["type"])
            found.append(Part(model.place(number, side), f"{side} {letter}{named}", kind))
    if model.phases_given:
        found.append(Part("/phases", "phases", known["phases"]))
    return [*found, Part("/readout", "readout", known["readout"])]


def _name(model: Model, number: int, side: str) -> str:
    return side if side in model.unitaries else f"heads.{number}.{side}"


def _words(model: Model, rows: NDArray[np.intp]) -> tuple[str, ...]:
    """The words of these rows."""
    text = present(model.text, "the text of the model")
    return tuple(text.words[int(text.sequence[row])] for row in rows)
