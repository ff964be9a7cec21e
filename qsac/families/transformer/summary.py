"""What there is to say of a transformer: facts for programs, and a summary for people."""

from __future__ import annotations

from typing import Any

import numpy as np

from qsac.families.contract import Fact
from qsac.families.kernel import formula
from qsac.families.transformer.model import FeedForward, Gated, Layer, Model
from qsac.families.transformer.readouts.next_token import NextToken
from qsac.files.pointer import counted

WORK = 2**31
"""The most numbers that a closed form may process for the success probability to be told."""


def facts(model: Model) -> dict[str, Any]:
    """What is said with ``--json``; ``success_probability`` is None where the closed form is too much work."""
    return {
        "name": model.name,
        "tokens": model.tokens,
        "dimension": model.dimension,
        "layers": [_layer_facts(layer) for layer in model.layers],
        "readout": model.readout.type,
        "success_probability": success_probability(model),
        "sha256": model.sha256,
    }


def summary(model: Model) -> list[Fact]:
    """Label and text of the facts of a model."""
    real = not np.iscomplexobj(model.inputs)
    words = "" if model.sequence is None else f", of {counted(len(model.given_tokens), 'word')}"
    found = [
        ("tokens", f"{model.tokens:,} (N), {'real' if real else 'complex'}{words}"),
        ("dimension", f"{model.dimension:,} (d)"),
        ("positions", _position(model)),
    ]
    for place, layer in enumerate(model.layers, 1):
        found.append((f"layer {place}", _attention(layer)))
        if layer.feed_forward is not None:
            found.append((f"feed-forward {place}", _feed_forward(layer.feed_forward, layer.feed_forward_residual)))
    success = success_probability(model)
    expected = "not worked out for so large a model" if success is None else f"{success:.4g} expected"
    return [*found, ("readout", _readout(model)), ("success", expected), ("sha256", model.sha256)]


def success_probability(model: Model) -> float | None:
    """That of the construction by rows, the mean over positions; None where it is too much work."""
    if model.readout.work(model) * model.dimension > WORK:
        return None
    return model.readout.closed_form(model).success_probability


def _layer_facts(layer: Layer) -> dict[str, Any]:
    found = layer.feed_forward
    inside: dict[str, Any] | None = None
    if isinstance(found, Gated):
        inside = {"type": "gated", "factors": len(found.factors), "rows": int(found.output.shape[1])}
    elif found is not None:
        fit = None if found.fit is None else found.fit._asdict()
        coefficients = list(found.coefficients)
        inside = {"type": "polynomial", "coefficients": coefficients, "rows": int(found.output.shape[1]), "fit": fit}
    return {
        "heads": len(layer.heads),
        "mask": layer.mask,
        "scale": layer.scale,
        "kernel": list(layer.kernel),
        "residual": list(layer.residual),
        "norm": _norm(layer),
        "feed_forward": inside,
        "feed_forward_residual": list(layer.feed_forward_residual),
    }


def _norm(layer: Layer) -> str:
    return "centre" if layer.centre else "none" if layer.factors is None else "scale"


def _position(model: Model) -> str:
    given = model.fields["transformer"]["position"]
    after = ", then rows of length 1" if model.fields["transformer"]["normalise"] else ""
    base = f" of base {given['base']:g}" if "base" in given else ""
    return f"{given['type']}{base}{after}"


def _attention(layer: Layer) -> str:
    kernel = "linear kernel" if layer.kernel == (0.0, 1.0) else f"kernel {formula(layer.kernel, 's')}"
    rho, sigma = layer.residual
    residual = f", residual {rho:g} + {sigma:g}" if rho else ""
    norm = {"centre": ", centred", "scale": ", fixed scale", "none": ""}[_norm(layer)]
    heads = counted(len(layer.heads), "head")
    return f"{heads}, {kernel}, {layer.mask} mask, {layer.scale}{residual}{norm}"


def _feed_forward(found: FeedForward, residual: tuple[float, float]) -> str:
    rows = counted(found.output.shape[1], "row")
    passed = f", residual {residual[0]:g} + {residual[1]:g}" if residual[0] else ""
    if isinstance(found, Gated):
        return f"gated, {counted(len(found.factors), 'factor')} of {rows}{passed}"
    text = f"f(x) = {formula(found.coefficients, 'x')} of {rows}{passed}"
    if found.fit is None:
        return text
    return f"{text}: {found.fit.name} to {found.fit.error:.2g} on [-{found.fit.range:g}, {found.fit.range:g}]"


def _readout(model: Model) -> str:
    readout = model.readout
    if not isinstance(readout, NextToken):
        return readout.type
    after = f"after position {readout.positions[0]:,}"
    if len(readout.positions) > 1:
        after = f"after {counted(len(readout.positions), 'position')}"
    targets = "" if readout.targets is None else ", with targets"
    return f"next-token, {counted(readout.words, 'word')} {after}{targets}"
