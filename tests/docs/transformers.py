"""The generated parts of the pages about transformers."""

from __future__ import annotations

import re
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import qsac
from qsac.families.reading import load
from qsac.families.transformer.functions import fitted
from tests.bench.transformer import MODELS, document
from tests.docs.rows import WHOLE

DOCS = Path(__file__).parent.parent.parent / "docs"

SEED = 2403
Real = NDArray[np.float64]


def _rows(rows: list[list[Any]]) -> str:
    head = [[":--", *["--:"] * (len(rows[0]) - 1)]]
    return "\n".join("| " + " | ".join(map(str, row)) + " |" for row in [rows[0], *head, *rows[1:]])


def functions() -> str:
    """The polynomials that are worth offering: their error, and what they cost."""
    rows: list[list[Any]] = [["function", "range r", "degree", "f(x)", "largest error", "price"]]
    for name, radius, degree in (
        ("gelu", 1, 2),
        ("gelu", 1, 4),
        ("gelu", 2, 4),
        ("tanh", 1, 3),
        ("tanh", 2, 3),
        ("relu", 1, 2),
        ("relu", 1, 4),
    ):
        coefficients, fit = fitted(name, degree, radius)
        points = np.polynomial.polynomial.polyval(radius * np.linspace(-1, 1, 4001), coefficients)
        price = sum(abs(c) * radius**power for power, c in enumerate(coefficients)) / np.abs(points).max()
        terms = [f"{c:.3g} x" + (f"^{power}" if power > 1 else "") for power, c in enumerate(coefficients) if c]
        rows.append([name, radius, degree, " + ".join(terms).replace("+ -", "- "), f"{fit.error:.2g}", f"{price:.2f}"])
    return _rows(rows)


def softmax() -> str:
    """How near truncated exponentials are to softmax, and their lambda."""
    rng = np.random.default_rng(SEED)
    draws = rng.normal(size=(200, 9, 4))
    draws /= np.linalg.norm(draws, axis=2, keepdims=True)
    scores = np.einsum("nd,nid->ni", draws[:, 0], draws[:, 1:])
    rows: list[list[Any]] = [["temperature", "degree", "total variation", "largest of 200", "lambda"]]
    for temperature, degrees in ((1, (1, 2, 3)), (2, (2, 3, 4)), (4, (4, 6))):
        for degree in degrees:
            coefficients = [temperature**power / float(np.prod(np.arange(1, power + 1))) for power in range(degree + 1)]
            weights = [np.polynomial.polynomial.polyval(scores, coefficients), np.exp(temperature * scores)]
            exact, near = (one / one.sum(axis=1, keepdims=True) for one in reversed(weights))
            apart = np.abs(near - exact).sum(axis=1) / 2
            figures = f"{apart.mean():.2g}", f"{apart.max():.2g}", f"{sum(coefficients):.3g}"
            rows.append([temperature, degree, *figures])
    return _rows(rows)


def _compiled(model: dict[str, Any]) -> tuple[int, int, int, float]:
    """Two-qubit gates, their depth, qubits and the acceptance probability, for h1 at -O2."""
    made = qsac.compile(model, "h1", verify=False)
    (scale,) = made.stats["normalisation"]
    success = load(model).readout.closed_form(made.model).success_probability / scale**2
    stats = made.stats
    return stats["two_qubit_gates"], stats["two_qubit_depth"], stats["qubits"], success


def _figures(model: dict[str, Any]) -> list[str]:
    gates, depth, qubits, success = _compiled(model)
    return [f"{gates:,}", f"{depth:,}", str(qubits), f"{success:.3f}", f"{gates / success:,.0f}"]


HEADER = ["two-qubit gates", "two-qubit depth", "qubits", "accepted", "gates / accepted"]


def cost() -> str:
    """The models of tests/vectors/transformer-reach."""
    return _rows([["model", *HEADER], *([text, *_figures(document(name))] for name, text in MODELS.items())])


def feed_forwards() -> str:
    """One block with the polynomials that a feed-forward may have."""
    rows: list[list[Any]] = [["f(x)", *HEADER]]
    bare = document("reach-3-N8-cubic")
    for text, coefficients in (
        ("x", [0, 1]),
        ("0.5 x + 0.35 x^2 (GELU)", [0, 0.5, 0.35]),
        ("(x + x^3)/2", [0, 0.5, 0, 0.5]),
        ("x^2", [0, 0, 1]),
        ("x^3", [0, 0, 0, 1]),
        ("4 x^3 - 3 x (T_3)", [0, -3, 0, 4]),
    ):
        model = deepcopy(bare)
        model["transformer"]["layers"][0]["feed_forward"]["coefficients"] = coefficients
        rows.append([text, *_figures(model)])
    return _rows(rows)


def layers() -> str:
    """What each layer costs."""
    header = ["gates, rho = 0.5", "qubits", "gates, rho = 0", "qubits", "accepted, rho = 0.5", "accepted, rho = 0.9"]
    rows: list[list[Any]] = [["layers", *header]]
    for count in (1, 2, 3, 4) if WHOLE else (1, 2):
        found: list[str] = []
        for rho, most in ((0.5, 3), (0.0, 3)):
            gates, _, qubits, _ = _compiled(_stack(0, 4, count, rho)) if count <= most else (None, 0, "", 0)
            found += ["" if gates is None else f"{gates:,}", str(qubits)]
        for rho in (0.5, 0.9):
            models = [load(_stack(seed, 8, count, rho)) for seed in range(21)]
            middle = float(np.median([model.readout.closed_form(model).success_probability for model in models]))
            found.append(f"{middle:.2g}")
        rows.append([count, *found])
    return _rows(rows)


def _stack(seed: int, tokens: int, count: int, rho: float) -> dict[str, Any]:
    """Layers of random orthogonal matrices on unit tokens of four entries; the words are the basis states."""
    rng = np.random.default_rng([SEED, seed])

    def orthogonal() -> list[list[float]]:
        found: list[list[float]] = np.linalg.qr(rng.normal(size=(4, 4)))[0].tolist()
        return found

    values = rng.normal(size=(tokens, 4)).tolist()
    given = [
        {"attention": {"heads": [{"query": orthogonal(), "value": orthogonal()}]}, "residual": [rho, 1 - rho]}
        for _ in range(count)
    ]
    return {
        "qsac": 1,
        "tokens": {"type": "inline", "values": values},
        "transformer": {"normalise": True, "layers": given},
        "readout": {"type": "next-token", "vocabulary": np.eye(4).tolist()},
    }


def measured(title: str) -> str:
    """A table of docs/benchmarks.md, as it was measured: block encodings beside qsac."""
    page = (DOCS / "benchmarks.md").read_text(encoding="utf-8")
    found = re.search(rf"^\*\*{re.escape(title)}\*\*\n\n(?:[^|*\n].*\n+)*((?:\|.*\n)+)", page, re.MULTILINE)
    assert found is not None, f"make bench has not measured {title}"
    return found[1].rstrip("\n")


def oracle() -> str:
    """What docs/benchmarks.md says of the oracle of scores."""
    page = (DOCS / "benchmarks.md").read_text(encoding="utf-8")
    found = re.search(r"^A score that amplitude estimation .*?(?=\n\n|\Z)", page, re.MULTILINE | re.DOTALL)
    assert found is not None
    return found[0].rstrip("\n")


def normalisers() -> str:
    """What attention of unit rows is scaled by with softmax-taylor at temperature 2, by three ways to its scores."""
    rows: list[list[Any]] = [
        ["N", "degree", "qsac", "keys encoded", "queries and keys encoded", "shots, times as many", "both encoded"]
    ]
    for tokens in (8, 64, 1024):
        for degree in (1, 2, 3):
            terms = [2.0**power / float(np.prod(np.arange(1, power + 1))) for power in range(degree + 1)]
            own, keys, both = (
                terms[0] + sum(c * tokens ** lost(power) for power, c in enumerate(terms) if power)
                for lost in (lambda _: 0.0, lambda power: (power - 1) / 2, lambda power: power - 0.5)
            )
            numbers = own, keys, both, (keys / own) ** 2, (both / own) ** 2
            rows.append(
                [
                    f"{tokens:,}",
                    degree,
                    *(f"{number:,.3g}" if number < 1000 else f"{number:,.0f}" for number in numbers),
                ]
            )
    return _rows(rows)
