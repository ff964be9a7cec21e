"""Text: quantum attention beside counts, softmax attention and a transformer layer, on held-out verses."""

from __future__ import annotations

from typing import Any

from qsac.training.evaluation import Evaluation, Row, evaluate
from tests.bench.corpus import CORPUS
from tests.bench.measure import ROOT
from tests.bench.table import table
from tests.bench.trained.ising import head, monomial, one, polynomial, several
from tests.bench.trained.runs import Plan, adam, trained

SEEDS = 1
WORDS, DIMENSION = 128, 32
EPOCHS, BATCH = 8, 64


def data(plan: Plan) -> dict[str, Any]:
    if plan.quick:
        tokens = {"type": "characters"}
        return {
            "type": "text",
            "path": "docs/examples/genesis.txt",
            "tokens": tokens,
            "context": 8,
            "block": 20,
            "train": 64,
            "test": 32,
        }
    return {"type": "text", "path": str(CORPUS.relative_to(ROOT)), "tokens": {"type": "bpe", "size": WORDS}}


def models(plan: Plan) -> dict[str, dict[str, Any]]:
    """Configurations by label."""
    tokens = {"tokens": {"type": "text", "dimension": 8 if plan.quick else DIMENSION}}
    found = {f"k = {k}": {"model": one(monomial(k)) | tokens} for k in (1, 3, 6)}
    found["k = 3, trained on the loss"] = {"model": one(monomial(3)) | tokens, "objective": "loss"}
    found["heads of shifts 0, 1, degree 3"] = {"model": several(head(polynomial(3)), head(polynomial(3), 1)) | tokens}
    found["four plain heads, degree 3"] = {"model": several(*[head(polynomial(3))] * 4) | tokens}
    return found


def section(plan: Plan) -> str:
    seeds = plan.number(SEEDS)
    chosen = list(models(plan).items())[: 2 if plan.quick else None]
    lines: list[list[str]] = []
    found: Evaluation | None = None
    for number, (label, document) in enumerate(chosen):
        last = number == len(chosen) - 1  # the comparisons depend on the data alone
        whole = {
            "objective": "cross_entropy",
            "data": data(plan),
            "optimiser": adam(1e-2),
            "epochs": EPOCHS,
            "batch": BATCH,
        }
        run = trained(plan, label, {**whole, **document}, seeds).run
        if last:
            plan.say("comparisons")
        found = evaluate(run, compare=("softmax", "transformer", "n-gram") if last else ())
        lines.append(_line(label, found.rows[0], found))
    assert found is not None
    lines += [_line(row.label, row, found) for row in found.rows[1:]]
    return table(["model", "numbers", "train", "test", "perplexity", "bits per character"], lines)


def _line(label: str, row: Row, found: Evaluation) -> list[str]:
    train, test = (row.mean(part, "cross_entropy") for part in ("train", "test"))
    assert test is not None
    bits = found.bits(test)
    return [
        label,
        "" if row.size is None else f"{row.size:,}",
        "" if train is None else f"{train:.2f}",
        f"{test:.2f}",
        f"{found.perplexity(test):.1f}",
        "" if bits is None else f"{bits:.2f}",
    ]
