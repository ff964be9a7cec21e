"""Lists of classical steps as comparisons of lists of steps with circuits."""

from __future__ import annotations

from typing import Any

from qsac.errors import InvalidInputError
from qsac.families.learning import Learner, LearnsFromSamples
from qsac.families.registry import family
from qsac.training.configuration import Config, learns
from qsac.training.data.contract import Data

SECTION = "steps"


def learner_of_steps(steps: list[dict[str, Any]], config: Config, data: Data) -> Learner:
    """The learner of a sketch of such steps, for labelled samples."""
    chosen = learns(family(SECTION), SECTION, "/compare")
    samples = data.given.samples
    if samples is None or not isinstance(chosen, LearnsFromSamples):
        raise TypeError("steps learn from labelled samples")
    return chosen.sample_learner(chosen.sketch.model_validate({SECTION: steps}), samples, config.folder, classical=True)


def classical_twin(steps: list[dict[str, Any]], config: Config, data: Data) -> Learner | None:
    """The learner of the same steps with tanh in place of each circuit, and a linear map where nothing else makes as
    many numbers of it as the circuit measures; None where there is no circuit. Raises
    :class:`~qsac.errors.InvalidInputError` for steps of another kind that have circuits."""
    if not any(step.get("type") in ("circuit", "attention") for step in steps):
        return None
    own: Any = config.learner(data)
    measured = getattr(getattr(own, "outline", None), "model", None)
    if measured is None or any(step.get("type") == "attention" for step in steps):
        raise InvalidInputError(
            "the model has no classical twin",
            code="train.unsuitable-comparison",
            pointer="/compare",
            found='"twin" of attention, or of a generator against a discriminator',
            wanted="a sketch whose circuits are steps of their own",
        )
    found: list[dict[str, Any]] = []
    for place, step in enumerate(steps):
        if step["type"] != "circuit":
            found.append(dict(step))
            continue
        circuit = measured.steps[place].measured
        if found and found[-1]["type"] == "linear" and "weight" not in found[-1]:
            found[-1]["outputs"] = circuit.circuit.inputs
        found.append({"type": "activation", "function": "tanh"})
        after = steps[place + 1] if place + 1 < len(steps) else {}
        if after.get("type") != "linear" or "weight" in after:
            found.append({"type": "linear", "outputs": circuit.width})
        if step["measure"]["type"] == "probabilities":
            found.append({"type": "softmax"})
    return learner_of_steps(found, config, data)
