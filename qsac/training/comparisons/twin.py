"""The classical twin of quantum attention: the same kernel and heads, V and W any unitaries.

Of a list of steps it has tanh in place of each circuit, on as many numbers.

Where V and W are an ansatz, it says what the ansatz costs. Where they are free already, as by default, the twin is the
model itself: matrices fold into tables at no gate, so that the device gives what the twin computes.
"""

from __future__ import annotations

from typing import Any

from qsac.errors import InvalidInputError
from qsac.families.learning import Learner
from qsac.training.comparisons.classical_steps import SECTION as STEPS
from qsac.training.comparisons.classical_steps import classical_twin
from qsac.training.configuration import Config
from qsac.training.data.contract import Data
from qsac.training.reading import of_document

label = "classical twin"

SECTION = "attention"
_SIDES = ("value", "score")
_ANY = ("free", "orthogonal")


def learner(config: Config, data: Data) -> Learner | None:
    """The learner of the same sketch without its ``value`` and ``score``; None where that is the model itself."""
    model = config.document["model"]
    if isinstance(model, dict) and isinstance(model.get(STEPS), list):
        return classical_twin(model[STEPS], config, data)
    if not isinstance(model, dict) or SECTION not in model:
        raise InvalidInputError(
            "the model has no classical twin",
            code="train.unsuitable-comparison",
            pointer="/compare",
            found='"twin"',
            wanted='a sketch with the section "attention", whose V and W can be any unitaries, or one of steps',
        )
    attention = model[SECTION]
    parts = attention.get("heads", [attention])
    given = [part[side]["type"] for part in parts for side in _SIDES if part.get(side) is not None]
    if all(kind in _ANY for kind in given):
        return None
    freed: dict[str, Any] = {name: value for name, value in attention.items() if name not in _SIDES}
    if "heads" in attention:
        freed["heads"] = [{name: value for name, value in head.items() if name not in _SIDES} for head in parts]
    document = {**config.document, "model": {**model, SECTION: freed}}
    return of_document(document, config.folder, name=config.name).learner(data)
