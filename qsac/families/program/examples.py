"""Small programs for the conformance test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from qsac.errors import of_type
from qsac.families.program.model import Model
from qsac.families.program.reading import read
from qsac.families.program.schema import ModelFile
from qsac.files.numbers import as_lists


def examples() -> Iterator[Model]:
    """Searches of real and complex tokens, a network, a layer with tomography, linearised training."""
    rng = np.random.default_rng(7)
    wide = {"type": "search", "threshold": 0.5, "margin": 0.8, "mask": "full", "most": 1, "failure": 0.1}
    typical = wide | {"schedule": "typical", "oracle": {"type": "overlap", "degree": 4}}
    yield _made("search", rng.normal(size=(4, 2)), typical | {"rows": [0, 3], "threshold": 0.55})
    complex_rows = rng.normal(size=(3, 2)) + 1j * rng.normal(size=(3, 2))
    yield _made("search-complex", complex_rows, typical | {"mask": "causal", "rest": 0.0, "temperature": 2.0})
    signed = typical | {"part": "re", "threshold": 0.1, "margin": 1.0, "rows": [1], "rest": 0.1}
    yield _made("search-signed", rng.normal(size=(4, 3)), signed)
    network = {
        "type": "feed-forward",
        "layers": [{"weights": rng.normal(size=(2, 2)).tolist(), "bias": [0.3, -0.2], "activation": "tanh"}],
        "inputs": rng.normal(size=(1, 2)).tolist(),
        "estimate": {"orders": [1, 2, 3], "shots": 64},
    }
    yield _made("network", None, network)
    attention = {"kernel": {"type": "softmax-taylor", "degree": 1, "temperature": 0.5}}
    layers = {"type": "layers", "layers": [{"attention": attention}], "head": {"type": "mean"}}
    yield _made("layers", rng.normal(size=(2, 2)), layers)
    training = {"type": "linearised-training", "model": {"type": "neuron", "activation": [0.0, 1.0, 0.3]}, "order": 2}
    data = {"inputs": [[0.5], [1.0], [-0.8]], "targets": [0.448, 0.992, -0.51712], "rate": 0.5, "steps": 2}
    yield _made("training", None, training | data | {"start": [0.5], "center": [0.7], "scale": 0.5})


def _made(name: str, tokens: Any, program: dict[str, Any]) -> Model:
    fields: dict[str, Any] = {"qsac": 1, "name": name, "program": program}
    if tokens is not None:
        fields["tokens"] = {"type": "inline", "values": as_lists(tokens)}
    return of_type(read(ModelFile.model_validate(fields), fields, Path()), Model)
