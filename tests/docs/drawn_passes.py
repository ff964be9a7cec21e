"""Small models on which passes show what they do, and the page that draws them before and after."""

import re
from collections.abc import Iterator
from copy import deepcopy
from typing import Any, NamedTuple

import numpy as np

import qsac

CHAIN = {
    "type": "tfim",
    "sites": 2,
    "context": 4,
    "dt": 0.3,
    "coupling": 1.0,
    "field": 0.8,
    "initial": "haar",
    "seed": 2,
}
LAYERS = {
    "type": "hardware-efficient",
    "rotations": ["rx", "ry", "rz"],
    "layers": 1,
    "parameters": {"init": "normal", "scale": 1.0, "seed": 0},
}
MODEL: dict[str, Any] = {
    "qsac": 1,
    "name": "example",
    "tokens": CHAIN,
    "attention": {
        "type": "overlap",
        "kernel": {"type": "monomial", "degree": 1},
        "value": LAYERS,
        "score": {"type": "identity"},
    },
}


class Case(NamedTuple):
    """A model, what it is in words, and the pipelines before and after."""

    words: str
    model: dict[str, Any]
    before: str
    after: str
    options: dict[str, Any]


def _model(kernel: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    model = deepcopy(MODEL) | fields
    model["attention"]["kernel"] = kernel or MODEL["attention"]["kernel"]
    return model


def _polynomial(*coefficients: float) -> dict[str, Any]:
    return {"type": "polynomial", "coefficients": list(coefficients)}


def _few_directions() -> dict[str, Any]:
    generator = np.random.default_rng(0)
    rows = generator.normal(size=(5, 2)) @ generator.normal(size=(2, 8))
    return {"type": "inline", "values": np.round(rows, 6).tolist()}


def cases() -> dict[str, Case]:
    """Each pass with the case that shows it."""
    smooth = _model(tokens=CHAIN | {"sites": 3, "context": 8, "dt": 0.02})
    quadratic = _model(_polynomial(0.5, 0.3, 0.2))
    budget = {"optimisation": 3, "error_budget": 0.01}

    def alone(name: str, words: str, model: dict[str, Any], **options: Any) -> Case:
        return Case(words, model, "", name, options)

    def left_out(name: str, words: str, model: dict[str, Any]) -> Case:
        return Case(words, model, f"default,-{name}", "default", {})

    return {
        "fold-unitaries": alone("fold-unitaries", "A value circuit of one layer", _model()),
        "amplify": Case("A linear kernel", _model(), "", "amplify{rounds=1}", {}),
        "stage-degree": alone("stage-degree", "A kernel of degree 2", quadratic),
        "select-indices": alone("select-indices", "A kernel of degree 2", quadratic),
        "factor-kernel": left_out(
            "factor-kernel", "A kernel of degree 6", _model(_polynomial(0.2, 0.1, 0.3, 0.1, 0.2, 0.05, 0.05))
        ),
        "compress-tokens": left_out(
            "compress-tokens", "Tokens of dimension 8 in a plane", _model(tokens=_few_directions())
        ),
        "gate-load-only": left_out(
            "gate-load-only",
            "The prediction after the last token, kernel 0.6 s + 0.4 s^2",
            _model(_polynomial(0, 0.6, 0.4), readout={"type": "predict", "position": 5}),
        ),
        "prune-loaders": alone("prune-loaders", "A smooth trajectory, error budget 0.01", smooth, **budget),
        "truncate-tokens": alone("truncate-tokens", "A smooth trajectory, error budget 0.01", smooth, **budget),
    }


HEAD = """# Passes, drawn

Each figure is a program at the level of ops, before and after one pass: registers are wires, below each op stand its
two-qubit gates on H2 and its number. [Passes](passes.md) says what each of them needs and guarantees. Passes that
reorder loads, or that work on single gates, draw no other picture and are left out here.
"""


def drawn() -> Iterator[tuple[str, str]]:
    """The page and its figures: file names in docs/, and their texts."""
    parts = [HEAD]
    for name, case in cases().items():
        titles = []
        for when, passes in (("before", case.before), ("after", case.after)):
            compiled = qsac.compile(case.model, "h2", passes=passes, verify=True, **case.options)
            gates = compiled.stats["two_qubit_gates"]
            titles.append(f"{gates:,}")
            svg = re.sub(r"(?<=>)example: ", f"{when} {name}: ", compiled.draw().svg)
            yield f"static/passes/{name}-{when}.svg", svg
        parts.append(
            f"## {name}\n\n{case.words}: {titles[0]} two-qubit gates before, {titles[1]} after.\n\n"
            f"![ops before {name}](static/passes/{name}-before.svg)\n\n"
            f"![ops after {name}](static/passes/{name}-after.svg)\n"
        )
    yield "passes-drawn.md", "\n".join(parts)
