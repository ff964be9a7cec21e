"""The valid documents that mutations start from: small, and of every family of choices. Compiled once a process."""

from __future__ import annotations

import functools
import json
from typing import Any

from qsac.artifact.compiled import Compiled
from qsac.compiler.compilation import compile as compile_model
from qsac.families.qsa.metrics import METRIC_NAMES
from qsac.families.qsa.readouts import overlaps, predict
from qsac.machine.registry import target_names
from qsac.native.circuit import GATES
from qsac.pipeline.registry import pass_names
from qsac.templates.file import parts
from qsac.templates.template import template
from tests.fuzz.mutations import Document, walk

IDENTITY = {"type": "identity"}
REAL = [[1, 0.5], [0.3, 1], [-1, 2]]
LONGER = [[1, 0.5], [0.3, 1], [-1, 2], [0.25, 0.75]]
COMPLEX = [[[1, 0], [0.5, -1]], [[0.25, 0.5], [1, 0]], [[0, 1], [2, -0.5]]]
WIDE = [[1, 0, 0.5], [0.2, 1, 0], [1, 1, 1]]
ANSATZ = {"type": "hardware-efficient", "rotations": ["ry", "rz"], "layers": 1, "parameters": [[[0.3, -0.4]]]}
DRAWN = {"type": "hardware-efficient", "layers": 2, "parameters": {"init": "normal", "scale": 0.5, "seed": 3}}
MATRIX = {"type": "matrix", "entries": [[[0.6, 0], [0, 0.8]], [[0, 0.8], [0.6, 0]]]}
HALF = 0.5**0.5
TFIM = {"type": "tfim", "sites": 2, "context": 3, "dt": 0.35, "coupling": 1.0, "field": 0.8, "initial": "plus"}
CHAIN = {
    "type": "hamiltonian",
    "terms": [{"paulis": "ZZ", "coefficient": 0.7}, {"paulis": "XI", "coefficient": -0.4}],
    "initial": "0+",
    "context": 2,
    "dt": 0.2,
}


def _inline(rows: Any) -> dict[str, Any]:
    return {"type": "inline", "values": rows}


def _model(name: str, tokens: Any = None, readout: Any = None, **attention: Any) -> dict[str, Any]:
    fields = {"kernel": {"type": "monomial", "degree": 1}, "value": IDENTITY, "score": IDENTITY} | attention
    made = {
        "qsac": 1,
        "name": name,
        "tokens": tokens or _inline(REAL),
        "attention": {"type": "overlap", **fields},
    }
    return made if readout is None else {**made, "readout": readout}


MODELS: dict[str, dict[str, Any]] = {
    model["name"]: model
    for model in (
        _model("loss"),
        _model("complex", _inline(COMPLEX), value=ANSATZ, score=MATRIX, phases=[0.1, -0.2], mask="full"),
        _model("wide", _inline(WIDE), value=DRAWN, phases="optimal", readout={"type": "loss"}),
        _model("polynomial", kernel={"type": "polynomial", "coefficients": [0.5, -1, 0.25]}),
        _model("taylor", TFIM | {"boundary": "periodic", "seed": 1}, kernel={"type": "softmax-taylor", "degree": 1}),
        _model("haar", TFIM | {"initial": "haar"}, kernel={"type": "softmax-taylor", "degree": 1, "temperature": 0.7}),
        _model("chain", CHAIN),
        _model("pairs", CHAIN | {"initial": [[0.1, 0.2], [1.5, 0]]}, readout={"type": "overlaps", "pairs": "all"}),
        _model("basis", readout={"type": "predict", "position": 2}, mask="full"),
        _model("vocabulary", readout={"type": "predict", "vocabulary": [[HALF, HALF], [HALF, -HALF]]}),
        _model("states", readout={"type": "predict", "states": [[1, 0], [1, 1], [0.5, 2]]}),
        _model("tokens", readout={"type": "predict", "states": "tokens"}),
        _model("overlaps", _inline(LONGER), readout={"type": "overlaps", "part": "complex", "pairs": "mask"}),
        _model("squares", _inline(COMPLEX), score=ANSATZ, readout={"type": "overlaps", "part": "abs2"}),
        _model("single", _inline(REAL[:2])),
    )
}

WORDS = {
    "type": "words",
    "embedding": [[1, 0.2], [0.3, 1], [1, -0.5]],
    "sequence": [0, 2, 1],
    "labels": ["a", "b", "c"],
}
VOCABULARY = [[1, 0], [0, 1], [0.6, 0.8]]
NEXT = {"type": "next-token", "vocabulary": VOCABULARY}
HEAD = {"query": [[1, 0.5]], "key": [[0.5, 1]], "value": [[1, 0.25]], "output": [[0.5], [1]]}
GATED = {
    "type": "gated",
    "factors": [{"matrix": [[1, 0.5], [0, 1]], "bias": [0.1, 0.2]}, {"matrix": [[1, 0], [0.5, 1]]}],
}
SQUARES = {"type": "polynomial", "bias": [0.1, -0.2], "coefficients": [0, 1, 0.5]}
TAYLOR = {"type": "softmax-taylor", "degree": 2, "temperature": 0.5}


def _layer(**fields: Any) -> dict[str, Any]:
    """A layer with a residual; ``kernel``, ``heads``, ``mask`` and ``scale`` are its attention's."""
    attention = {name: fields.pop(name) for name in ("kernel", "heads", "mask", "scale") if name in fields}
    return {"attention": attention, "residual": [0.5, 0.5], **fields}


def _transformer(name: str, *layers: Any, tokens: Any = None, readout: Any = None, **fields: Any) -> dict[str, Any]:
    return {
        "qsac": 1,
        "name": name,
        "tokens": tokens or WORDS,
        "transformer": {"layers": list(layers), **fields},
        "readout": readout or NEXT,
    }


TRANSFORMERS: dict[str, dict[str, Any]] = {
    model["name"]: model
    for model in (
        _transformer("words", _layer(heads=[HEAD]), position={"type": "sinusoidal", "scale": 0.5}, normalise=True),
        _transformer("positions", _layer(mask="full"), readout=NEXT | {"positions": "targets"}),
        _transformer(
            "heads",
            _layer(heads=[HEAD, {"score": [[1, 0], [0.5, 1]]}], norm="centre", scale="sum", kernel=TAYLOR),
            readout=NEXT | {"positions": [1, 3], "targets": [2, 0]},
        ),
        _transformer("gated", _layer(feed_forward=GATED, feed_forward_residual=[0.5, 0.5]), tokens=_inline(REAL)),
        _transformer("squares", _layer(feed_forward=SQUARES, norm={"scale": [1, 0.5, 2]}), tokens=_inline(COMPLEX)),
        _transformer(
            "layers",
            _layer(kernel={"type": "monomial", "degree": 1}),
            _layer(),
            tokens=_inline(REAL[:2]),
            position={"type": "rotary", "base": 50},
        ),
        _transformer(
            "states",
            _layer(heads=[HEAD], kernel={"type": "polynomial", "coefficients": [0.5, -1]}),
            tokens=_inline(REAL[:2]),
            readout={"type": "state-fidelity", "targets": [[1, 1], [1, -1]]},
            position={"type": "add", "values": REAL},
        ),
        _transformer(
            "one",
            _layer(feed_forward={"type": "polynomial", "function": {"name": "gelu", "degree": 2, "range": 1}}),
            tokens=_inline(REAL[:1]),
        ),
    )
}

EVERY = MODELS | {f"transformer {name}": model for name, model in TRANSFORMERS.items()}
"""The models of both families."""

COMPILED: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("loss", "h1", {"optimisation": 1}),
    ("complex", "h1", {"optimisation": 0}),
    ("wide", "aer", {"optimisation": 1}),
    ("polynomial", "h2", {"optimisation": 0}),
    ("loss", "ibm-fez", {"optimisation": 1}),
    ("single", "h1", {"optimisation": 0}),
    ("basis", "h1", {"optimisation": 1}),
    ("vocabulary", "statevector", {"optimisation": 0}),
    ("states", "h1", {"optimisation": 0}),
    ("tokens", "aer", {"optimisation": 1}),
    ("overlaps", "h1", {"optimisation": 0}),
    ("squares", "statevector", {"optimisation": 1}),
    ("loss", "h1", {"optimisation": 3, "error_budget": 1e-2}),
    ("transformer words", "h1", {"optimisation": 1}),
    ("transformer positions", "h2", {"optimisation": 0}),
    ("transformer states", "statevector", {"optimisation": 1}),
    ("transformer one", "ibm-fez", {"optimisation": 1}),
)
"""Model of :data:`EVERY`, target and options of the artifacts."""

TEMPLATES: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("loss", "h1", {"optimisation": 1}),
    ("complex", "h1", {"optimisation": 2}),
    ("wide", "statevector", {"optimisation": 0, "fold": False}),
    ("polynomial", "h1", {"optimisation": 1, "prefer": "depth"}),
    ("tokens", "h1", {"optimisation": 0}),
    ("overlaps", "statevector", {"optimisation": 1}),
    ("transformer words", "h1", {"optimisation": 1}),
    ("transformer positions", "statevector", {"optimisation": 0}),
)

_GATES = {
    "ZZPhase": ["PhasedX", "Rz", "ZZPhase", "Measure", "Reset"],
    "CZ": ["SX", "X", "Rz", "CZ", "Measure"],
    "CX": ["SX", "X", "Rz", "CX", "Measure", "Reset"],
    "ECR": ["SX", "X", "Rz", "ECR", "Measure", "Reset"],
}
_ERRORS = {
    "one_qubit": 3e-5,
    "two_qubit": 2e-3,
    "measure_0": 1e-3,
    "measure_1": 2e-3,
    "date": "2026-11-01",
    "source": "randomised benchmarking",
}
_DURATIONS = {"one_qubit": 3e-8, "two_qubit": 7e-8, "measure": 2e-6, "reset": 2e-6, "delay": 1e-4, "source": "a page"}


def _machine(name: str, entangler: str, qubits: int, **fields: Any) -> dict[str, Any]:
    return {"qsac_target": 1, "name": name, "qubits": qubits, "gates": _GATES[entangler], **fields}


MACHINES: dict[str, dict[str, Any]] = {
    machine["name"]: machine
    for machine in (
        _machine("bare", "ZZPhase", 8),
        _machine("ions", "ZZPhase", 12, cost="hqc", errors=_ERRORS | {"memory": 1e-5, "two_qubit_scaling": [0.5, 0.5]}),
        _machine("line", "CZ", 6, coupling={"type": "line"}, vendor="own", description="a line of six"),
        _machine(
            "grid", "ECR", 6, coupling={"type": "grid", "rows": 2, "columns": 3}, max_shots=1000, feed_forward=True
        ),
        _machine(
            "ring",
            "CX",
            5,
            coupling={"type": "pairs", "pairs": [[i, (i + 1) % 5] for i in range(5)], "directed": True},
            errors=_ERRORS
            | {
                "one_qubit_by_qubit": [1e-5, 2e-5, 3e-5, 4e-5, 5e-5],
                "two_qubit_by_pair": [{"pair": [0, 1], "error": 1e-3}, {"pair": [3, 4], "error": 2e-3}],
                "measure_by_qubit": [[1e-3, 2e-3]] * 5,
            },
            durations=_DURATIONS | {"job": 2.0},
            cost="time",
            mid_circuit_measurement=True,
        ),
        _machine("all", "CX", 4, coupling={"type": "all-to-all"}, mid_circuit_measurement=True),
    )
}


@functools.cache
def models() -> tuple[Document, ...]:
    return tuple(Document(name, model) for name, model in EVERY.items())


@functools.cache
def machines() -> tuple[Document, ...]:
    return tuple(Document(name, machine) for name, machine in MACHINES.items())


@functools.cache
def compiled() -> tuple[Compiled, ...]:
    """One for each entry of :data:`COMPILED`."""
    return tuple(compile_model(EVERY[name], target, verify=False, **options) for name, target, options in COMPILED)


@functools.cache
def artifacts() -> tuple[Document, ...]:
    return tuple(
        Document(f"{name} for {target}, {options}", json.loads(made.to_json()))
        for (name, target, options), made in zip(COMPILED, compiled(), strict=True)
    )


@functools.cache
def circuits() -> tuple[Document, ...]:
    """The artifacts, to be changed in their circuits only, and there in any part or in those that results depend on."""
    parts = ("circuits", "commands", "readout", "profile")
    return tuple(Document(start.name, start.document, part) for part in parts for start in artifacts())


@functools.cache
def templates() -> tuple[Document, ...]:
    return tuple(
        Document(
            f"{name} for {target}, {options}", json.loads("".join(parts(template(EVERY[name], target, **options))))
        )
        for name, target, options in TEMPLATES
    )


@functools.cache
def words() -> tuple[str, ...]:
    """Names that mean something to qsac: registered ones, and short texts and fields of the documents themselves."""
    found = {*target_names(), *pass_names(), *METRIC_NAMES, overlaps.NAME, predict.NAME, *(gate.name for gate in GATES)}
    for document in (
        *models(),
        *machines(),
        *artifacts()[:1],
        *artifacts()[6:7],
        *artifacts()[-4:-2],
        *templates()[:1],
    ):
        for _, _, value in walk(document.document):
            entries = value if isinstance(value, dict) else [value]
            found.update(entry for entry in entries if isinstance(entry, str) and len(entry) <= 30)
    return tuple(sorted(found))
