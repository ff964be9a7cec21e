"""Finding the kinds of comparisons, and training or counting what a configuration compares with."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, cast

from pydantic import BaseModel

import qsac.training.comparisons as package
from qsac.families.learning import Given, Learner, RollsOut, Samples, Trained
from qsac.training.comparisons.contract import Compared, CountedKind, LearnedKind
from qsac.training.configuration import Config
from qsac.training.data.contract import Data
from qsac.training.functions import Shared
from qsac.training.loop import train_seed
from qsac.training.measuring import Measure, means
from qsac.training.watching import Watch


@cache
def kinds() -> Mapping[str, LearnedKind | CountedKind]:
    """Every kind of comparison by its name, in alphabetical order."""
    modules = (importlib.import_module(f"{package.__name__}.{found.name}") for found in _modules())
    return {
        module.__name__.rpartition(".")[2].replace("_", "-"): cast("LearnedKind | CountedKind", module)
        for module in modules
        if hasattr(module, "learner") or hasattr(module, "counted")
    }


def _modules() -> list[pkgutil.ModuleInfo]:
    return sorted(pkgutil.iter_modules(package.__path__), key=lambda found: found.name)


def compared(
    name: str, config: Config, data: Data, seed: int, *, shared: Shared | None = None, watch: Watch | None = None
) -> list[Compared]:
    """The comparison of some name for the ``data`` of a seed: trained by the loop as the model is, with exact
    gradients, or counted. Empty where it would be the model itself.

    ``shared`` has what was compiled for earlier seeds. Raises :class:`~qsac.errors.InvalidInputError` for one that does
    not go with the model or the data, and what training raises.
    """
    kind = kinds()[name]
    if isinstance(kind, CountedKind):
        return kind.counted(config, data)
    learner = kind.learner(config, data)
    if learner is None:
        return []
    trained = train_seed(configured(name, config, learner), seed, None, watch=watch, shared=shared)
    metrics = dict(trained.metrics)
    if data.validation is not None:
        metrics["validation"] = means(Measure(learner)(trained.parameters, data.validation))
    return [Compared(kind.label, metrics, size_of(learner, trained.parameters))]


def size_of(learner: Learner, parameters: Trained) -> int:
    """How many real numbers are learned: what the learner says, as arrays may hold more than count (a Hermitian part),
    and else the numbers in its arrays."""
    own = getattr(learner, "size", None)
    return int(own) if own is not None else sum(values.size for values in parameters.values())


def configured(name: str, config: Config, learner: Learner) -> Config:
    """The configuration of a run in which ``learner`` takes the model's place."""
    optimiser = config.optimiser
    if optimiser.continuation and learner.easier() is None:
        optimiser = optimiser.model_copy(update={"continuation": 0})
    objective = config.objective
    if objective is not None and objective.type not in learner.objectives:
        objective = None
    if objective is not None and objective.roll_out is not None and not isinstance(learner, RollsOut):
        objective = objective.model_copy(update={"roll_out": None})
    document = {**config.document, "model": {"comparison": name}, "gradient": "exact"}
    return replace(
        config,
        family=_Fixed(learner),
        model=None,
        sketch=None,
        gradient=None,
        optimiser=optimiser,
        objective=objective,
        document=document,
    )


@dataclass(frozen=True)
class _Fixed:
    """A family all of whose models are learned by one learner."""

    made: Learner
    sketch: Any = None
    sketch_contract: Any = None

    def learner(self, sketch: BaseModel, given: Given, folder: Path) -> Learner:
        return self.made

    def learner_of(self, model: Any) -> Learner:
        return self.made

    def sample_learner(self, sketch: Any, samples: Samples, folder: Path, *, classical: bool = False) -> Learner:
        return self.made

    def sample_learner_of(self, model: Any, samples: Samples) -> Learner:
        return self.made

    def layer_learner(self, sketch: Any, shape: Any, folder: Path) -> Any:
        return self.made
