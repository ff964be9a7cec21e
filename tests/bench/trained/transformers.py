"""The transformers of docs/examples, whose states are amplitudes, beside counts, the source, and a classical GPT."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from qsac.families.learning import Learner
from qsac.training.comparisons import n_gram, transformer
from qsac.training.comparisons.making import configured, size_of
from qsac.training.data.contract import Data
from qsac.training.loop import train_seed
from qsac.training.precision import fitted, precision
from qsac.training.run_folder import Run
from tests.bench.measure import ROOT
from tests.bench.table import table
from tests.bench.trained.runs import Plan, told, trained

SEEDS = 8
LATER = 2
"""Predictions from the third one on have two words before them, as a second-order source asks for."""

TASKS = {"copy": "Four letters, again and again", "markov": "A second-order Markov source", "grammar": "A grammar"}

SLOWER: dict[str, dict[str, Any]] = {
    "copy": {"batch": 32, "epochs": 1_400, "optimiser": {"clip": 0.05}},
    "markov": {"epochs": 500, "optimiser": {"clip": 0.05}},
    "grammar": {"epochs": 500, "optimiser": {"clip": 0.05}},
}
"""Changes to the configuration of a task by which more seeds come out well."""


def section(plan: Plan) -> str:
    return "\n".join(_task(plan, name) for name in list(TASKS)[: 1 if plan.quick else None])


def _task(plan: Plan, name: str) -> str:
    """The table of one task: docs/examples/train-NAME.json."""
    seeds = plan.number(SEEDS)
    document = json.loads((ROOT / "docs" / "examples" / f"train-{name}.json").read_text(encoding="utf-8"))
    run = trained(plan, name, document, seeds).run
    data = [run.data(one.seed) for one in run.seeds]
    lines = _rows(run, "of amplitudes", name)
    if name in SLOWER and not plan.quick:
        slower = {**document, **SLOWER[name], "optimiser": {**document["optimiser"], **SLOWER[name]["optimiser"]}}
        lines += _rows(trained(plan, f"{name}, slower", slower, seeds).run, "the same, trained more slowly", name)
    plan.say(f"{name}, classical GPT: {seeds} seeds")
    gpts = [transformer.learner(run.config, given) for given in data]
    found = []
    for one, gpt, given in zip(run.seeds, gpts, data, strict=True):
        found.append(_shares(gpt, train_seed(configured("transformer", run.config, gpt), one.seed).parameters, given))
    label = "classical GPT: softmax, layer norms, GELU, logits"
    lines.append([label, f"{gpts[0].size:,}", *_nats(found), "", _reached(name, found)])
    for order, label in enumerate(n_gram.NAMES):
        words = len(data[0].given.labels or ())
        counts = [n_gram.probabilities(given.train, given.test, words)[order] for given in data]
        lines.append([label, "", *_nats(counts), "", ""])
    lines.append([n_gram.SOURCE, "", *_nats([given.truth for given in data if given.truth is not None]), "", ""])
    header = ["model", "numbers", "test", "from the third prediction on", "mean success", _LIMITS[name].header]
    return f"### {TASKS[name]}\n\n{table(header, lines)}"


class _Limit(NamedTuple):
    """What a seed should reach: a cross entropy, of all predictions or of the later ones; and a mean success."""

    nats: float
    first: int
    success: float
    header: str


_LIMITS = {
    "copy": _Limit(0.54, 0, 0.1, "seeds within 0.54"),
    "markov": _Limit(0.95, LATER, 0.0, "seeds within 0.95 from the third on"),
    "grammar": _Limit(0.54, 0, 0.1, "seeds within 0.54"),
}


def _rows(run: Run, label: str, name: str) -> list[list[str]]:
    """The seeds of a run, and the one of least training loss."""
    learner = run.learner(run.seeds[0].seed)
    shares = [_shares(learner, one.parameters, run.data(one.seed)) for one in run.seeds]
    success = [one.metrics["test"]["success_probability"] or 0.0 for one in run.seeds]
    size = f"{size_of(learner, run.seeds[0].parameters):,}"
    best = min(range(len(shares)), key=lambda place: run.seeds[place].history[-1].train)
    lines = [[label, size, *_nats(shares), told(success), _reached(name, shares, success)]]
    if len(shares) > 1:
        found = f"its seed of least training loss, {run.seeds[best].seed}"
        lines.append([found, size, *_nats([shares[best]]), told([success[best]]), ""])
    return lines


def _reached(name: str, shares: list[NDArray[np.float64]], success: list[float] | None = None) -> str:
    """How many seeds are within the limit, success included where there is any."""
    limit = _LIMITS[name]
    within = [float(-np.log(one[:, limit.first :]).mean()) <= limit.nats for one in shares]
    if success is not None:
        within = [one and share >= limit.success for one, share in zip(within, success, strict=True)]
    return f"{sum(within)} of {len(within)}"


def _shares(learner: Learner, parameters: Any, data: Data) -> NDArray[np.float64]:
    """The probability of each test word but the first, (S, L-1)."""
    with precision(True):
        numbers = {name: fitted(np.asarray(values), True) for name, values in parameters.items()}
        found = np.asarray(learner.predictions(numbers, fitted(data.test, True)))
    return np.asarray(np.take_along_axis(found, data.test[:, 1:, None], axis=-1)[..., 0], dtype=np.float64)


def _nats(shares: list[NDArray[np.float64]]) -> tuple[str, str]:
    """Cross entropies of all predictions and of the later ones, over seeds; of data that all share, one figure."""
    whole = [float(-np.log(one).mean()) for one in shares]
    later = [float(-np.log(one[:, LATER:]).mean()) for one in shares]
    return (told(whole[:1]), told(later[:1])) if len(set(whole)) == 1 else (told(whole), told(later))
