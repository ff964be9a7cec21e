"""From results to plots: which numbers each figure shows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from qsac.families.contract import Model
from qsac.families.reading import load
from qsac.families.registry import family_of
from qsac.training.evaluation import Evaluation
from qsac.training.plots import (
    Curve,
    Fidelities,
    Figures,
    Plot,
    Series,
    attention_map,
    comparison,
    loss_curves,
    observables,
)
from qsac.training.roll_out import RollOut
from qsac.training.run_folder import Run

NAMES = {"m": "m = mean of ⟨Z⟩", "x": "x = mean of ⟨X⟩", "zz": "zz = mean of ⟨ZZ⟩"}
"""What the axes of observables are called."""


def drawn_losses(run: Run) -> Plot:
    """The objective by epoch of all seeds, and of the validating sequences where there are any."""
    longest = max(len(one.history) for one in run.seeds)
    epochs = np.arange(1, longest + 1)
    train, validation = np.full((2, len(run.seeds), longest), np.nan)
    for row, one in enumerate(run.seeds):
        for record in one.history:
            train[row, record.epoch - 1] = record.train
            if record.validation is not None:
                validation[row, record.epoch - 1] = record.validation
    curves = [Curve("train", epochs, train)]
    if np.isfinite(validation).any():
        curves.append(Curve("validation", epochs, validation))
    objective = run.config.objective
    name = run.learner(run.seeds[0].seed).objectives[0] if objective is None else objective.type
    return loss_curves(curves, f"{name.replace('_', ' ')} (nats)")


def evaluation_plots(found: Evaluation, source: str) -> dict[str, Plot]:
    """The plots of an evaluation, by name: all models beside each other, where there are several; of a run's folder
    also its losses, and the attention of its first seed."""
    plots: dict[str, Plot] = {}
    if Path(source).is_dir():
        run = Run.load(source)
        plots["loss"] = drawn_losses(run)
        model = run.model(run.seeds[0].seed)
    else:
        model = load(source)
    attention = drawn_attention(model)
    if attention is not None:
        plots["attention"] = attention
    rows = [row for row in found.rows if row.values("test", "cross_entropy")]
    if len(rows) > 1:
        rows.sort(key=lambda row: row.mean("test", "cross_entropy") or 0.0)
        figures = [
            Figures(row.label, *(np.array(row.values(part, "cross_entropy")) for part in _SHOWN)) for row in rows
        ]
        plots["comparison"] = comparison(figures, f"cross entropy (nats per {'word' if found.words else 'token'})")
    return plots


_SHOWN = ("train", "test")


def drawn_attention(model: Model) -> Plot | None:
    """The squared moduli of a model's scores, one map for each head: that with which the token i is added, |s|^2 of x_j
    and x_{i-r} for a key shift r. None for a model without such scores."""
    section = model.canonical[model.section]
    if "overlaps" not in family_of(model).readouts:
        return None
    heads = section.get("heads")
    shifts = [0] if heads is None else [head.get("key_shift", 0) for head in heads]
    return attention_map([_scores(model, None if heads is None else h, shift) for h, shift in enumerate(shifts)])


def _scores(model: Model, head: int | None, shift: int) -> NDArray[np.float64]:
    """The map of one head, (T, T), NaN where nothing is added."""
    readout = {"type": "overlaps", "part": "abs2"} | ({} if head is None else {"head": head})
    asked = load({**model.canonical, "readout": readout})
    rows = asked.readout.closed_form(asked).values["overlaps"]["abs2"]
    scores = np.array([[np.nan if cell is None else cell for cell in row] for row in rows])
    if not shift:
        return scores
    shifted = np.full_like(scores, np.nan)
    shifted[:, shift:] = scores[:, :-shift]
    shifted[np.isnan(scores)] = np.nan
    return shifted


def drawn_roll_out(found: RollOut) -> Plot:
    """The observables of the first trajectory, and the fidelities of all."""
    series = {
        NAMES.get(name, name): Series(
            known=one.known[0],
            true=None if one.true is None else one.true[0],
            predicted=one.predicted[0],
            persistence=one.persistence[0],
        )
        for name, one in found.observables.items()
    }
    fidelities = None
    if found.fidelity is not None and found.persistence is not None:
        fidelities = Fidelities(found.fidelity, found.persistence)
    return observables(series, fidelities)
