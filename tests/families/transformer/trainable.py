"""Transformers that data can train, drawn at random."""

from __future__ import annotations

from typing import Any

import numpy as np

from qsac.families.transformer.model import Model
from tests.families.transformer.generated import drawn, matrix


def trainable(seed: int) -> dict[str, Any] | None:
    """A drawn model file with the readout that goes with its tokens: all words that follow, or all states. None for a
    single word, which nothing follows."""
    given = drawn(seed, most=5, width=5)
    tokens, random = given["tokens"], np.random.default_rng(seed)
    if tokens["type"] == "words":
        rows = tokens["embedding"]
        if len(tokens["sequence"]) < 2:
            return None
        vocabulary = matrix(random, len(rows) + 1, len(rows[0]), is_complex=isinstance(rows[0][0], list))
        given["readout"] = {"type": "next-token", "vocabulary": vocabulary, "positions": "targets"}
        return given
    rows = tokens["values"]
    last = matrix(random, 1, len(rows[0]), is_complex=isinstance(rows[0][0], list))
    given["readout"] = {"type": "state-fidelity", "targets": rows[1:] + last}
    return given


def sequence_of(model: Model) -> Any:
    """The sequence that such a model is of: words (L,), or states (T+1, d)."""
    if model.sequence is not None:
        return model.sequence
    return np.concatenate([model.given_tokens, model.readout.targets[-1:]])


def wanted(model: Model) -> dict[str, float]:
    """The metrics of a model by the closed form of NumPy, with the mean logarithm of the success probabilities."""
    result = model.readout.closed_form(model)
    found = {name: value for name, value in result.metrics.items() if name != "perplexity"}
    predictions = result.values.get("predictions")
    successes = [result.success_probability] if predictions is None else [p["success_probability"] for p in predictions]
    return {**found, "ln_success": float(np.log(successes).mean())}
