"""Programs for tests: small ones, and what is changed in them."""

import copy
import json
from pathlib import Path
from typing import Any

from qsac.errors import of_type
from qsac.families.program.model import Model
from qsac.families.reading import load

VECTORS = sorted((Path(__file__).parent.parent.parent / "vectors" / "programs").glob("*.json"))


def loaded(fields: Any) -> Model:
    return of_type(load(fields), Model)


def vector(name: str) -> dict[str, Any]:
    (path,) = (path for path in VECTORS if path.stem == name)
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def search(**program: Any) -> dict[str, Any]:
    """Four real tokens of dimension 2."""
    rows = [[1.0, 0.2], [0.3, 1.0], [-0.9, 0.5], [1.0, 0.4]]
    own = {"type": "search", "threshold": 0.7, "margin": 0.4, "mask": "full"} | program
    return {"qsac": 1, "name": "search", "tokens": {"type": "inline", "values": rows}, "program": own}


def network(**program: Any) -> dict[str, Any]:
    """Two inputs, two neurons."""
    layer = {"weights": [[0.5, -1.0], [1.5, 0.25]], "bias": [0.1, -0.3], "activation": "tanh"}
    own = {"type": "feed-forward", "layers": [layer], "inputs": [[0.5, 1.0]], "estimate": {"orders": [1, 2, 3]}}
    return {"qsac": 1, "name": "network", "program": own | program}


def layers(**program: Any) -> dict[str, Any]:
    """One layer on three tokens of dimension 2."""
    own = {"type": "layers", "layers": [{"attention": {"kernel": {"type": "softmax-taylor", "degree": 2}}}]}
    tokens = {"type": "inline", "values": [[1.0, 0.2], [0.3, 1.0], [-0.9, 0.5]]}
    return {"qsac": 1, "name": "layers", "tokens": tokens, "program": own | program}


def training(**program: Any) -> dict[str, Any]:
    """A neuron of one parameter."""
    return copy.deepcopy(vector("training-1-order-2")["model"]) | {"name": "training"} | _program(program)


def _program(changes: dict[str, Any]) -> dict[str, Any]:
    return {"program": copy.deepcopy(vector("training-1-order-2")["model"]["program"]) | changes}
