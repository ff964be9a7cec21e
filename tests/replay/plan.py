"""What is compiled of each model: the target, the options, and what of the result is compared."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tests.replay.models import dice, model, other_parameters, other_tokens

KINDS = ("artifact", "template", "binding", "estimate", "results", "ir", "tket", "qasm2", "qasm3", "qir")
FORMS = ("ir", "tket", "qasm2", "qasm3", "qir")

_RATES = {"one_qubit": 3e-4, "two_qubit": 6e-3, "measure_0": 1e-2, "measure_1": 2e-2, "memory": 1e-4}


def _machine(name: str, qubits: int, gate: str, coupling: dict[str, Any] | None, **more: Any) -> dict[str, Any]:
    single = ["PhasedX", "Rz"] if gate == "ZZPhase" else ["SX", "X", "Rz"]
    gates = [*single, gate, "Measure", "Reset"]
    graph = {} if coupling is None else {"coupling": coupling}
    rates = _RATES | {"date": "2026-11-01", "source": "made up"}
    fixed = {"vendor": "ours", "description": "of a replay", "gates": gates, "errors": rates}
    return {"qsac_target": 1, "name": name, "qubits": qubits, **fixed, **graph, **more}


_PAIRS = [[0, 1], [2, 1], [2, 3], [4, 3], [4, 5], [6, 5], [6, 7], [8, 7], [8, 9], [0, 9], [10, 4], [11, 10]]
MACHINES = {
    f"{machine['name']}.json": machine
    for machine in (
        _machine("line", 16, "CZ", {"type": "line"}),
        _machine("grid-cx", 16, "CX", {"type": "grid", "rows": 4, "columns": 4}),
        _machine("ring-ecr", 12, "ECR", {"type": "pairs", "pairs": _PAIRS, "directed": True}),
        _machine("open-cx", 14, "CX", None),
        _machine("open-ecr", 14, "ECR", None),
        _machine("once", 24, "ZZPhase", None, mid_circuit_measurement=False),
        _machine("ion-grid", 16, "ZZPhase", {"type": "grid", "rows": 4, "columns": 4}),
    )
}
"""Target files of a user's, by their names."""

CONNECTED = ("h2", "h1", "helios", "h2-1", "statevector", "qulacs", "aer", "open-cx.json", "open-ecr.json", "once.json")
COUPLED = ("ibm-fez", "ibm-sherbrooke", "ibm-washington", "line.json", "grid-cx.json", "ring-ecr.json", "ion-grid.json")
SEARCH_EVERY = 20
"""One model in so many is compiled for a coupling graph at -O2 or -O3, where a search takes seconds."""
_WITHOUT_RATES = ("statevector", "qulacs", "aer")
_HOW_TO_RUN = (
    ("--target", "statevector"),
    ("--target", "qulacs"),
    ("--target", "aer", "--shots", "100", "--seed", "1"),
    ("--target", "aer", "--shots", "50", "--seed", "2", "--noise"),
)
_PASS_LISTS = (
    "fold-unitaries,merge-diagonals,merge-rotations",
    "stage-degree,select-indices,drop-controls",
    "compress-tokens,fold-unitaries,alternate-load-order,drop-diagonals,merge-diagonals",
)


@dataclass(frozen=True)
class Step:
    """A command; what it writes, to ``file`` or without one to standard output, is compared as one of KINDS."""

    kind: str
    arguments: tuple[str, ...]
    file: str = ""


@dataclass(frozen=True)
class Job:
    """Everything about one model: the files that the commands need, by their names, and the commands."""

    number: int
    label: str
    files: dict[str, str] = field(repr=False)
    steps: tuple[Step, ...] = field(repr=False)


def job(number: int) -> Job:
    """The job of a number: the same one in any process."""
    rng = dice(number, 1)
    given = model(number, small=_searches(number))
    target, level = _target_and_level(number, rng)
    options = _options(target, level, rng)
    files = {"model.json": json.dumps(given)}
    if target in MACHINES:
        files[target] = json.dumps(MACHINES[target])
    compile_ = ("compile", "model.json", "--target", target, *options, "-q")
    steps = [Step("artifact", (*compile_, "-o", "made.qsac.json"), "made.qsac.json")]
    # the cache has the program by now, so that the other forms take no time
    for form in map(str, rng.permutation(FORMS)[:2]):
        early = ("--early-exit",) if form == "qir" and rng.random() < 0.5 else ()
        steps.append(Step(form, (*compile_, "--emit", form, *early, "-o", f"made.{form}"), f"made.{form}"))
    if rng.random() < 0.35 and target not in MACHINES and not _searches(number):
        steps += _template(given, target, level, rng, files)
    chance = rng.random()
    if chance < 0.5:
        steps.append(Step("estimate", ("estimate", "model.json", "--target", target, f"-O{level}", "--json")))
    elif chance < 0.65 and given.get("readout", {}).get("type") != "predict":
        size = ("--context", str(rng.choice([64, 1000, 100_000])), "--dimension", str(rng.choice([4, 64])))
        steps.append(Step("estimate", ("estimate", "model.json", "--target", target, f"-O{level}", *size, "--json")))
    if rng.random() < 0.5:
        # routed circuits are long: shots of them take long, noisy ones longer still
        ways = 2 if target in COUPLED else 3 if target in _WITHOUT_RATES else 4
        how = _HOW_TO_RUN[rng.integers(ways)]
        steps.append(Step("results", ("run", "made.qsac.json", *how, "--json")))
    return Job(number, f"{given['name']}, {target}, {' '.join(options)}", files, tuple(steps))


def _searches(number: int) -> bool:
    return number % SEARCH_EVERY == 7


def _target_and_level(number: int, rng: np.random.Generator) -> tuple[str, int]:
    """Levels that search are for few models on coupling graphs, whose turn it is."""
    if _searches(number):
        return COUPLED[number // SEARCH_EVERY % len(COUPLED)], 3 if number // SEARCH_EVERY % 4 == 3 else 2
    if rng.random() < 1 / 3:
        return str(rng.choice(COUPLED)), int(rng.integers(2))
    return str(rng.choice(CONNECTED)), int(rng.choice([0, 1, 2, 2, 3, 3]))


def _options(target: str, level: int, rng: np.random.Generator) -> list[str]:
    result = [f"-O{level}"]
    searched = target in COUPLED and level > 1
    if level == 3 and rng.random() < 0.7:
        choices = ["1e-3", "1e-2", "0.1"] if searched else ["1e-3", "1e-2", "0.1", "auto"]
        result += ["--error-budget", str(rng.choice(choices))]
    elif not searched and rng.random() < 0.1:
        result += ["--passes", str(rng.choice(_PASS_LISTS))]
    if rng.random() < 0.2:
        result += ["--prefer", "depth"]
    if rng.random() < 0.15:
        result += ["--qubits", str(int(rng.integers(9, 16)))]
    if rng.random() < 0.1:
        result += ["--seed", str(int(rng.integers(1, 10)))]
    if rng.random() < 0.1:
        result.append("--no-verify")
    return result


def _template(
    given: dict[str, Any], target: str, level: int, rng: np.random.Generator, files: dict[str, str]
) -> list[Step]:
    """A template of the model, bound to other tokens, and to other parameters if it has any."""
    files["tokens.json"] = json.dumps(other_tokens(given))
    matrices = any(given["attention"][name]["type"] == "matrix" for name in ("value", "score"))
    if matrices and rng.random() < 0.9:
        # lower levels keep matrices as gates, which templates refuse; routed templates take long at higher ones
        target, level = (target if target in CONNECTED else "h2"), max(2, level)
    fold = ("--no-fold",) if rng.random() < 0.3 and not matrices else ()
    name = "made.qsac-template.json"
    template = ("compile", "model.json", "--target", target, f"-O{level}", "--template", *fold, "-q", "-o", name)
    bind = ("bind", name, "-q", "-o")
    result = [Step("template", template, name)]
    result.append(Step("binding", (*bind, "tokens.qsac.json", "--tokens", "tokens.json"), "tokens.qsac.json"))
    parameters = other_parameters(given, rng)
    if parameters:
        files["parameters.json"] = json.dumps(parameters)
        bound = "parameters.qsac.json"
        result.append(Step("binding", (*bind, bound, "--parameters", "parameters.json"), bound))
    return result
