"""Evaluation: the metrics of what was trained on all parts of its data, beside what it is compared with.

The comparisons of a run are kept in its folder (``comparisons.json``), so that they are trained once.
"""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from qsac.arguments import file_path, whole_number
from qsac.errors import InvalidInputError
from qsac.families.learning import Given, Learner, Trained
from qsac.families.reading import load as load_model
from qsac.families.registry import family_of
from qsac.files.pointer import listed, nearest, quoted
from qsac.progress import Progress
from qsac.runtime.request import Request
from qsac.training.circuit_losses import CircuitLosses, circuit_losses
from qsac.training.comparisons.contract import Compared
from qsac.training.comparisons.keeping import Kept
from qsac.training.comparisons.making import compared, kinds, size_of
from qsac.training.comparisons.n_gram import SOURCE
from qsac.training.configuration import Config, learns
from qsac.training.data.contract import Data
from qsac.training.functions import Shared
from qsac.training.measuring import Measure, means
from qsac.training.reading import load as load_config
from qsac.training.run_folder import Run
from qsac.training.trained import Metrics

if TYPE_CHECKING:
    from qsac.machine.read import AnyTarget

PARTS = ("train", "validation", "test")
SEQUENCES = 4
"""How many test sequences are measured from circuits unless it is said otherwise."""


@dataclass(frozen=True)
class Row:
    """One model: the means of its metrics over the sequences of each part, for each seed."""

    label: str
    seeds: tuple[Mapping[str, Metrics], ...]
    size: int | None = None

    def values(self, part: str, metric: str) -> list[float]:
        """The metric of each seed on a part; empty where it does not exist for all of them."""
        found = [seed.get(part, {}).get(metric) for seed in self.seeds]
        known = [value for value in found if value is not None]
        return known if len(known) == len(found) else []

    def mean(self, part: str, metric: str) -> float | None:
        """The mean over seeds."""
        values = self.values(part, metric)
        return float(np.mean(values)) if values else None

    def spread(self, part: str, metric: str) -> float | None:
        """The standard deviation over seeds; None for one."""
        values = self.values(part, metric)
        return float(np.std(values, ddof=1)) if len(values) > 1 else None

    @property
    def metrics(self) -> list[str]:
        """The names of all metrics that some part has."""
        return list(dict.fromkeys(name for seed in self.seeds for part in seed.values() for name in part))


@dataclass(frozen=True)
class Evaluation:
    """What :func:`evaluate` returns. ``seeds`` are those of the run, None for a model file; ``words``: the data are
    words, of so many ``characters`` of the text each, None where that is not known."""

    name: str
    seeds: tuple[int | None, ...]
    rows: tuple[Row, ...]
    words: bool
    characters: float | None
    circuits: CircuitLosses | None = None
    warnings: tuple[str, ...] = ()

    def perplexity(self, cross_entropy: float) -> float:
        """How many equally likely words are as uncertain."""
        return math.exp(cross_entropy)

    def bits(self, cross_entropy: float) -> float | None:
        """Bits per character; None where characters are not known."""
        return None if self.characters is None else cross_entropy / math.log(2) / self.characters

    def to_dict(self) -> dict[str, Any]:
        """What the command line prints with ``--json``."""
        return {
            "name": self.name,
            "seeds": list(self.seeds),
            "rows": [self._row(row) for row in self.rows],
            "circuits": None if self.circuits is None else self.circuits.to_dict(),
            "warnings": list(self.warnings),
        }

    def _row(self, row: Row) -> dict[str, Any]:
        parts = [part for part in PARTS if any(part in seed for seed in row.seeds)]
        found: dict[str, Any] = {"label": row.label, "size": row.size}
        for statistic in ("mean", "spread"):
            found[statistic] = {
                part: {name: getattr(row, statistic)(part, name) for name in row.metrics} for part in parts
            }
        found["seeds"] = [{part: dict(seed[part]) for part in parts if part in seed} for seed in row.seeds]
        nats = row.mean("test", "cross_entropy")
        if self.words and nats is not None:
            found |= {"perplexity": self.perplexity(nats), "bits_per_character": self.bits(nats)}
        return found


def evaluate(
    source: Run | str | os.PathLike[str],
    data: Config | Mapping[str, Any] | str | os.PathLike[str] | None = None,
    *,
    compare: Sequence[str] | None = None,
    target: AnyTarget | None = None,
    shots: int | None = None,
    noise: bool = False,
    sequences: int = SEQUENCES,
    seed: int = 0,
    progress: Progress | None = None,
) -> Evaluation:
    """Measure what was trained, in double precision, and what it is compared with.

    ``source`` is a run or its folder, or a model file, which needs ``data``: the configuration whose data it is
    measured on. ``compare`` names the comparisons; those of the configuration if it is None. They are trained as the
    model was, unless the run's folder has them already. With ``target`` the loss of the first ``sequences`` test
    sequences is measured from compiled circuits as well, exactly or by ``shots`` each, of the first seed; ``seed`` is
    that of the shots.

    Raises :class:`~qsac.errors.InvalidInputError` for what does not go together, and what training, compiling and
    running raise.
    """
    sequences = whole_number(sequences, "number of sequences", 1)
    asked = Request(shots, seed, noise, mitigate=False, precision=None, emulator=False, progress=progress)
    if target is None and (asked.shots is not None or asked.noise):
        raise InvalidInputError(
            "shots and noise are those of a target",
            code="evaluate.no-target",
            found="no target",
            wanted="the target whose circuits are to be run",
            help="leave them out for the closed form",
        )
    subject = _subject(source, data)
    names = list(subject.config.fields.compare if compare is None else compare)
    _check_names(names)
    measures: dict[Learner, Measure] = {}
    measured = [_metrics(part, measures) for part in subject.parts]
    row = Row(subject.name, tuple(measured), size_of(subject.first.learner, subject.first.parameters))
    others, warnings = _comparisons(subject, names, progress)
    circuits = None
    first = subject.first
    if target is not None:
        circuits = circuit_losses(
            first.learner,
            first.parameters,
            first.data.test[:sequences],
            target,
            shots=asked.shots,
            noise=asked.noise,
            seed=seed,
            progress=progress,
        )
        warnings += circuits.warnings
    if all(row.label != SOURCE for row in others):
        others += _optimum(subject)
    return Evaluation(
        subject.name,
        tuple(part.seed for part in subject.parts),
        (row, *others),
        first.data.given.labels is not None,
        first.data.characters,
        circuits,
        tuple(warnings),
    )


# What is evaluated


@dataclass(frozen=True, eq=False)
class _Part:
    """One seed: its learner, what it learned, and the data that it is measured on."""

    seed: int | None
    learner: Learner
    parameters: Trained
    data: Data


@dataclass(frozen=True, eq=False)
class _Subject:
    """A run on its own data or others, or a model file on some. ``config`` is that of the data; ``run`` is None where
    comparisons are not kept."""

    name: str
    config: Config
    run: Run | None
    parts: tuple[_Part, ...]

    @property
    def first(self) -> _Part:
        """The first seed."""
        return self.parts[0]


def _subject(source: Run | str | os.PathLike[str], data: Any) -> _Subject:
    config = None if data is None else load_config(data)
    if isinstance(source, Run) or Path(file_path(source, "source")).is_dir():
        run = source if isinstance(source, Run) else Run.load(source)
        parts, learners = [], dict[Given, Learner]()
        for one in run.seeds:
            own = run.data(one.seed)
            learner = learners.setdefault(own.given, run.config.learner(own))
            parts.append(_Part(one.seed, learner, one.parameters, own if config is None else config.data(one.seed)))
        kept = run if config is None or config.digest == run.config.digest else None
        return _Subject(run.config.name, config or run.config, kept, tuple(parts))
    model = load_model(source)
    if config is None:
        raise InvalidInputError(
            "a model file has no data to be measured on",
            code="evaluate.no-data",
            source=str(source),
            wanted="the folder of a run, or a training configuration as well",
            help="name one by --data CONFIG",
        )
    learner = learns(family_of(model), model.section, "").learner_of(model)
    part = _Part(None, learner, learner.initial(0), config.data(config.seeds[0]))
    return _Subject(model.name, config, None, (part,))


def _metrics(part: _Part, measures: dict[Learner, Measure]) -> dict[str, Metrics]:
    """The means of all metrics over the sequences of each part of the data."""
    if part.learner not in measures:
        measures[part.learner] = Measure(part.learner)
    measure = measures[part.learner]
    found: dict[str, Metrics] = {"train": means(measure(part.parameters, part.data.train))}
    if part.data.validation is not None:
        found["validation"] = means(measure(part.parameters, part.data.validation))
    return found | {"test": means(measure(part.parameters, part.data.test))}


def _optimum(subject: _Subject) -> list[Row]:
    """The source of the words itself, where it is known: what no model is better than."""
    best = [part.data.optimum for part in subject.parts]
    if any(value is None for value in best):
        return []
    return [Row(SOURCE, tuple({"test": {"cross_entropy": value}} for value in best))]


# What it is compared with


def _check_names(names: Sequence[str]) -> None:
    unknown = next((name for name in names if name not in kinds()), None)
    if unknown is not None:
        guess = nearest(unknown, tuple(kinds()))
        raise InvalidInputError(
            f"there is no {quoted(unknown)} to compare with",
            code="train.unknown-comparison",
            found=quoted(unknown),
            wanted=listed(tuple(kinds())),
            help=f"did you mean {quoted(guess)}?" if guess else None,
        )


def _comparisons(
    subject: _Subject, names: Sequence[str], progress: Progress | None
) -> tuple[list[Row], tuple[str, ...]]:
    """The rows of all comparisons, and why some have none."""
    kept = Kept(subject.run)
    shared: dict[str, Shared] = {name: {} for name in names}
    rows: list[Row] = []
    warnings: list[str] = []
    total = len(names) * len(subject.parts)
    for place, name in enumerate(names):
        by_label: dict[str, list[Compared]] = {}
        for number, part in enumerate(subject.parts):
            if progress is not None:
                progress(place * len(subject.parts) + number, total, "training comparisons")
            seed = subject.config.seeds[0] if part.seed is None else part.seed
            found = kept.rows(name, seed, part.data)
            if found is None:
                found = compared(name, subject.config, part.data, seed, shared=shared[name])
                kept.keep(name, seed, part.data, found)
            for one in found:
                by_label.setdefault(one.label, []).append(one)
        if not by_label:
            warnings.append(f"the {name} is the model itself, and is not trained again")
        rows += [Row(label, tuple(one.metrics for one in seeds), seeds[0].size) for label, seeds in by_label.items()]
    return rows, tuple(warnings)
