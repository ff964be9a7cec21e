"""Transformers of one shape as functions of what is trained (:class:`qsac.families.learning.Learner`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from qsac.families.contract import Fact
from qsac.families.learning import Batch, Given, Trained
from qsac.families.transformer.learning.matching import matched
from qsac.families.transformer.learning.outline import Outline
from qsac.families.transformer.learning.sketch import TransformerSketch
from qsac.families.transformer.learning.sketching import outline_of as sketched
from qsac.families.transformer.learning.whole_models import outline_of as of_model
from qsac.families.transformer.learning.whole_models import tree_of
from qsac.families.transformer.model import Model
from qsac.families.transformer.reading import read
from qsac.families.transformer.schema import ModelFile
from qsac.files.numbers import as_lists
from qsac.files.pointer import counted

if TYPE_CHECKING:
    import jax


def learner(sketch: TransformerSketch, given: Given, folder: Path) -> TransformerLearner:
    """The learner of a sketch; see :meth:`qsac.families.learning.Learns.learner`."""
    return TransformerLearner(sketched(sketch, given, folder))


def learner_of(model: Model) -> TransformerLearner:
    """The learner of all numbers of a model; see :meth:`qsac.families.learning.Learns.learner_of`."""
    return TransformerLearner(of_model(model))


@dataclass(frozen=True, eq=False)
class TransformerLearner:
    """The closed form of an outline. Sequences of words are read by next-token: each word but the last one is followed
    by the next. Sequences of states are read by state-fidelity: the targets are the states that follow."""

    outline: Outline

    @property
    def objectives(self) -> tuple[str, ...]:
        return ("cross_entropy",) if self.reads_words else ("cross_entropy", "loss")

    @property
    def size(self) -> int:
        """How many real numbers are learned."""
        return self.outline.size

    @property
    def reads_words(self) -> bool:
        """Whether sequences are words, else states."""
        return "tokens" in self.outline.fields

    def initial(self, seed: int) -> dict[str, NDArray[np.float64]]:
        random = np.random.default_rng(seed)
        return {name: array.drawn(random) for name, array in self.outline.learned.items()}

    def metrics(self, trained: Trained, batch: Batch) -> dict[str, jax.Array]:
        """Besides what each learner has: ``success_probability``, the mean of those of all circuits; and ``fidelity``
        and ``token_fidelity`` of states."""
        from qsac.families.transformer.learning.metrics import state_metrics, word_metrics

        measured = word_metrics if self.reads_words else state_metrics
        return measured(self.outline, trained, batch)

    def predictions(self, trained: Trained, batch: Batch) -> jax.Array:
        from qsac.families.transformer.learning.metrics import next_states, next_words

        return (next_words if self.reads_words else next_states)(self.outline, trained, batch)

    def easier(self, when: bool | jax.Array = True) -> None:
        """No objective is known that would be easier to begin with."""

    def model(self, trained: Trained, sequence: NDArray[Any], name: str) -> Model:
        fields = self.outline.written(self.outline.values(trained))
        if self.reads_words:
            words = [int(word) for word in sequence]
            fields["tokens"]["sequence"] = words
            fields["readout"]["positions"] = "targets" if len(words) > 1 else "last"
            tokens = len(words)
        else:
            rows, targets = sequence[:-1], sequence[1:]
            fields["tokens"] = {"type": "inline", "values": as_lists(rows)}
            fields["readout"]["targets"] = as_lists(targets)
            tokens = len(rows)
        _shorten(fields["transformer"]["layers"], tokens)
        fields |= {"qsac": 1, "name": name}
        return read(ModelFile.model_validate(fields), fields, Path())

    def trained_of(self, model: Model) -> dict[str, NDArray[np.float64]]:
        return matched(self.outline, tree_of(model))

    def facts(self) -> Sequence[Fact]:
        parts: dict[str, int] = {}
        for name, array in self.outline.learned.items():
            group = _group(name)
            parts[group] = parts.get(group, 0) + array.freedom
        listed = ", ".join(f"{group} {count:,}" for group, count in parts.items())
        return [("learned", f"{counted(self.size, 'number')}: {listed}")]


def _group(name: str) -> str:
    """What an array is a part of, for people."""
    head, _, rest = name.partition(".")
    if head == "layers":
        number, _, inner = rest.partition(".")
        part = inner.split(".")[0].replace("_", "-")
        return f"{part} of layer {int(number) + 1}"
    return {"tokens": "embedding", "position": "positions", "readout": "vocabulary"}[head]


def _shorten(layers: list[dict[str, Any]], tokens: int) -> None:
    """Take as many factors of fixed scales as there are tokens."""
    for layer in layers:
        if isinstance(layer["norm"], dict):
            layer["norm"] = {"scale": layer["norm"]["scale"][:tokens]}
