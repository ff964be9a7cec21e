"""Logistic regression on the inputs of labelled samples: one linear map and a softmax. What is linear in the features
needs no more, and a quantum model that does not beat it has learned nothing that the features did not say."""

from __future__ import annotations

from qsac.errors import InvalidInputError
from qsac.families.learning import Learner
from qsac.training.comparisons.classical_steps import learner_of_steps
from qsac.training.configuration import Config
from qsac.training.data.contract import Data

label = "logistic regression"


def learner(config: Config, data: Data) -> Learner:
    """The learner of the regression; of all numbers of a sequence."""
    samples = data.given.samples
    if samples is None or samples.kind == "numbers" or not samples.shape[-1]:
        raise InvalidInputError(
            "there is nothing for logistic regression to tell apart",
            code="train.unsuitable-comparison",
            pointer="/compare",
            found='"logistic"',
            wanted="labelled samples of classes, with inputs",
        )
    flat = [{"type": "flatten"}] if len(samples.shape) > 1 else []
    return learner_of_steps([*flat, {"type": "linear", "outputs": samples.outcomes}, {"type": "softmax"}], config, data)
