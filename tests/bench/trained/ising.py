"""Ising trajectories: what each idea is worth, beside published figures and classical attention."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.bench.table import table
from tests.bench.trained.runs import Plan, Trained, adam, told, trained

SEEDS = 8
LAYERS = 43

DATA: dict[str, Any] = {"type": "ising"}
SMALL: dict[str, Any] = {"type": "ising", "sites": 2, "context": 6, "train": 32, "test": 16}


def monomial(degree: int) -> dict[str, Any]:
    return {"type": "monomial", "degree": degree}


def polynomial(degree: int) -> dict[str, Any]:
    return {"type": "polynomial", "degree": degree}


def one(kernel: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"attention": {"type": "overlap", "kernel": kernel, **fields}}


def several(*heads: dict[str, Any]) -> dict[str, Any]:
    return {"attention": {"type": "overlap", "heads": list(heads)}}


def head(kernel: dict[str, Any], shift: int = 0, *, conjugate: bool = False) -> dict[str, Any]:
    return {"kernel": kernel, "key_shift": shift, "conjugate": conjugate}


def ansatz(degree: int) -> dict[str, Any]:
    layered = {"type": "hardware-efficient", "layers": LAYERS}
    return one(monomial(degree), value=layered, score=layered)


@dataclass(frozen=True)
class Row:
    """A model, how it is trained, the row that it is compared with, and the published figures of the same model."""

    label: str
    model: dict[str, Any]
    optimiser: dict[str, Any]
    epochs: int = 120
    base: str = ""
    published: str = ""


FREE = adam(2e-2)
HEADS = adam(5e-2)
LADDER = adam(3e-2, continuation=15)


def rows() -> list[Row]:
    found = [
        Row(f"k = {k}", one(monomial(k)), FREE, published=figures)
        for k, figures in ((1, "0.89 (twin)"), (3, "0.36 (twin)"), (6, "0.29 (twin)"))
    ]
    found += [
        Row(f"k = {k}, ansatz", ansatz(k), LADDER if k > 1 else adam(3e-2), 100, f"k = {k}", figures)
        for k, figures in ((1, "0.93 / 0.94"), (3, "0.60 / 0.62"), (6, "0.35 / 0.34"))
    ]
    found.append(Row("k = 3, ansatz, without continuation", ansatz(3), adam(3e-2), 100, "k = 3, ansatz"))
    two = (head(polynomial(3)), head(polynomial(3), 1))
    return [
        *found,
        Row("degree 6, coefficients learned", one(polynomial(6)), FREE, base="k = 6", published="0.41"),
        Row("k = 1, scores conjugated", several(head(monomial(1), conjugate=True)), FREE, base="k = 1"),
        Row("two plain heads, degree 3", several(two[0], two[0]), HEADS, base="k = 3"),
        Row("heads of shifts 0, 1, degree 3", several(*two), HEADS, base="two plain heads, degree 3"),
        Row(
            "heads of shifts 0, 1, degree 4",
            several(head(polynomial(4)), head(polynomial(4), 1)),
            HEADS,
            base="heads of shifts 0, 1, degree 3",
        ),
        Row(
            "the shifted head conjugated, degree 3",
            several(head(polynomial(3)), head(polynomial(3), 1, conjugate=True)),
            HEADS,
            base="heads of shifts 0, 1, degree 3",
        ),
        Row(
            "the shifted head conjugated, degree 4",
            several(head(polynomial(4)), head(polynomial(4), 1, conjugate=True)),
            HEADS,
            base="heads of shifts 0, 1, degree 4",
        ),
        Row(
            "the shifted head conjugated, degree 6",
            several(head(polynomial(6)), head(polynomial(6), 1, conjugate=True)),
            HEADS,
            base="the shifted head conjugated, degree 4",
        ),
        Row(
            "four heads of shifts 0, 0, 1, 1, shifted ones conjugated, degree 4",
            several(*[head(polynomial(4), shift, conjugate=bool(shift)) for shift in (0, 0, 1, 1)]),
            HEADS,
            base="the shifted head conjugated, degree 4",
        ),
    ]


SOFTMAX = "softmax attention (classical)"


def section(plan: Plan) -> str:
    seeds = plan.number(SEEDS)
    chosen = rows()
    if plan.quick:
        chosen = [row for row in chosen if row.label in ("k = 3", "two plain heads, degree 3", "k = 3, ansatz")]
    found: dict[str, Trained] = {}
    lines = []
    for row in chosen:
        document = {"model": row.model, "data": SMALL if plan.quick else DATA, "optimiser": row.optimiser}
        found[row.label] = trained(plan, row.label, {**document, "epochs": row.epochs}, seeds)
        lines.append(_line(row, found))
    lines.append(_softmax(found[chosen[0].label], seeds, plan))
    header = ["model", "train", "test", "largest, test", "gained, test", "against", "seconds a seed", "published"]
    return table(header, lines)


def _line(row: Row, found: dict[str, Trained]) -> list[str]:
    mine = found[row.label]
    train, test = (mine.values(part, "cross_entropy") for part in ("train", "test"))
    gained = ""
    if row.base in found:
        base = found[row.base].values("test", "cross_entropy")
        gained = told([before - now for before, now in zip(base, test, strict=True)])
    return [
        row.label,
        told(train),
        told(test),
        f"{max(test):.3f}",
        gained,
        row.base if gained else "",
        f"{mine.seconds:.1f}",
        row.published,
    ]


def _softmax(first: Trained, seeds: int, plan: Plan) -> list[str]:
    """Classical softmax attention on the same data; its learning rate is that of the heads, which suits it better."""
    from qsac.training.comparisons.making import compared
    from qsac.training.reading import load

    plan.say(f"{SOFTMAX}: {seeds} seeds")
    config = load(first.run.config, {"optimiser": HEADS})
    shared: dict[Any, Any] = {}
    done = [compared("softmax", config, config.data(seed), seed, shared=shared)[0] for seed in range(seeds)]
    values = {part: [one.metrics[part]["cross_entropy"] or 0.0 for one in done] for part in ("train", "test")}
    largest = f"{max(values['test']):.3f}"
    return [SOFTMAX, told(values["train"]), told(values["test"]), largest, "", "", "", "0.29"]
