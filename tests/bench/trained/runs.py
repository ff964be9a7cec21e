"""Trainings that tables are made of, and the figures that stand in them."""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qsac.training.run_folder import Run
from qsac.training.running import train


@dataclass(frozen=True)
class Plan:
    """How much is measured: ``seeds`` of each row, None for what a section thinks right; ``quick``: as little as shows
    that all works; ``pennylane``: the Python of an environment that has PennyLane."""

    seeds: int | None = None
    quick: bool = False
    pennylane: Path | None = None

    def number(self, usual: int) -> int:
        """How many seeds."""
        return self.seeds or (1 if self.quick else usual)

    def say(self, text: str) -> None:
        print(text, file=sys.stderr, flush=True)


@dataclass(frozen=True)
class Trained:
    """A run that nothing was kept of, and the processor seconds that each of its seeds took on average, compilation
    included."""

    run: Run
    seconds: float

    def values(self, part: str, metric: str) -> list[float]:
        """A metric of each seed."""
        found = [seed.metrics[part][metric] for seed in self.run.seeds]
        assert all(value is not None for value in found)
        return [float(value or 0.0) for value in found]


def adam(rate: float, warm_up: float = 0.05, continuation: int = 0) -> dict[str, Any]:
    """The field ``optimiser``."""
    return {"type": "adam", "rate": rate, "warm_up": warm_up, "continuation": continuation}


def trained(plan: Plan, label: str, document: dict[str, Any], seeds: int) -> Trained:
    """Train the seeds 0 to ``seeds`` - 1 of a configuration, one after the other."""
    if plan.quick:
        document = {**document, "epochs": min(document.get("epochs", 120), 2)}
        optimiser = document.get("optimiser", {})
        document["optimiser"] = {**optimiser, "continuation": min(optimiser.get("continuation", 0), 1)}
    plan.say(f"{label}: {seeds} seeds")
    start = time.process_time()
    run = train({"qsac_train": 1, "name": "bench", **document}, seeds=seeds)
    return Trained(run, (time.process_time() - start) / seeds)


def told(values: Sequence[float], digits: int = 3) -> str:
    """Mean and standard deviation of some seeds; the value itself of one."""
    mean = f"{statistics.fmean(values):.{digits}f}"
    return mean if len(values) == 1 else f"{mean} ± {statistics.stdev(values):.{digits}f}"
