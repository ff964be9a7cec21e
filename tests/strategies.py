"""Generated inputs: `random_model(seed)` for a fixed sequence of models; `models()`, `block_programs()` and
`attention_programs()` for hypothesis."""

from dataclasses import replace
from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from qsac.ir.attention import ApplyUnitary, LoadTokens, PhaseTable, PrepareDegree, PrepareIndices, Project
from qsac.ir.blocks import Diagonal, Measure, Multiplexor, PauliRotation, Reset, UniformlyControlledGate, Unitary
from qsac.ir.op import Op, Register
from qsac.ir.program import Program, Readout
from qsac.ir.save_probabilities import SaveProbabilities
from qsac.ir.table import Table
from tests.copied_programs import copied_programs

_MAX_CONTEXT = 9
_DIMENSIONS = (2, 3, 4, 5, 8)
_REAL_ROTATIONS = (("ry",), ("ry", "ry"))
_COMPLEX_ROTATIONS = (("rx", "ry", "rz"), ("rz", "ry"), ("rx",))


def unitary_entries(rng: np.random.Generator, size: int, real: bool = False) -> list[Any]:
    """A random unitary (or orthogonal) matrix as rows of [re, im] pairs."""
    matrix = rng.normal(size=(size, size)) + (0 if real else 1j * rng.normal(size=(size, size)))
    matrix, _ = np.linalg.qr(matrix)
    return np.stack([matrix.real, matrix.imag], axis=-1).tolist()


def _random_unitary(rng: np.random.Generator, dimension: int, real: bool) -> dict[str, Any]:
    kind = rng.choice(["identity", "hardware-efficient", "hardware-efficient", "matrix"])
    if kind == "identity":
        return {"type": "identity"}
    if kind == "matrix":
        size = int(rng.choice([dimension, 2 ** max(1, (dimension - 1).bit_length())]))
        return {"type": "matrix", "entries": unitary_entries(rng, size, real)}
    choices = _REAL_ROTATIONS if real else _COMPLEX_ROTATIONS
    rotations = choices[rng.integers(len(choices))]
    layers = int(rng.integers(1, 4))
    shape = (layers, max(1, (dimension - 1).bit_length()), len(rotations))
    parameters: Any = np.round(rng.normal(size=shape), 4).tolist()
    if rng.random() < 0.3:
        parameters = {"init": "normal", "scale": 1.0, "seed": int(rng.integers(100))}
    return {"type": "hardware-efficient", "rotations": list(rotations), "layers": layers, "parameters": parameters}


def _random_kernel(rng: np.random.Generator) -> dict[str, Any]:
    kind = rng.choice(["monomial", "monomial", "polynomial", "softmax-taylor"])
    if kind == "monomial":
        return {"type": "monomial", "degree": int(rng.integers(1, 5))}
    if kind == "softmax-taylor":
        kernel: dict[str, Any] = {"type": "softmax-taylor", "degree": int(rng.integers(1, 4))}
        if rng.random() < 0.5:
            kernel["temperature"] = round(float(rng.uniform(0.3, 2)), 3)
        return kernel
    coefficients = np.round(rng.normal(size=rng.integers(1, 5)), 3)
    coefficients[rng.random(len(coefficients)) < 0.3] = 0
    coefficients[-1] = coefficients[-1] or 0.5
    return {"type": "polynomial", "coefficients": coefficients.tolist()}


def random_attention(rng: np.random.Generator, context: int, dimension: int, real: bool) -> dict[str, Any]:
    """Attention for so many context tokens of a dimension before padding, real ones or not."""
    attention: dict[str, Any] = {
        "type": "overlap",
        "mask": str(rng.choice(["causal", "causal", "full"])),
        "kernel": _random_kernel(rng),
        "value": _random_unitary(rng, dimension, real and bool(rng.random() < 0.8)),
        "score": _random_unitary(rng, dimension, real and bool(rng.random() < 0.8)),
    }
    phases = rng.choice(["absent", "absent", "given", "optimal"])
    if phases != "absent":
        given = phases == "given"
        attention["phases"] = np.round(rng.uniform(-np.pi, np.pi, context), 4).tolist() if given else "optimal"
    return attention


def random_model(seed: int) -> dict[str, Any]:
    """The model of a seed: the same one in any process. All of them are valid and all their overlaps generic."""
    rng = np.random.default_rng([2602, 6699, seed])
    context = int(rng.integers(1, _MAX_CONTEXT + 1))
    dimension = int(rng.choice(_DIMENSIONS))
    real = bool(rng.random() < 0.4)
    shape = (context + 1, dimension) if real else (context + 1, dimension, 2)
    attention = random_attention(rng, context, dimension, real)
    values = np.round(rng.normal(size=shape), 4).tolist()
    return {"qsac": 1, "name": f"random-{seed}", "tokens": {"type": "inline", "values": values}, "attention": attention}


_ANGLES = st.integers(-8, 8).map(lambda eighths: eighths * np.pi / 4) | st.floats(-4, 4, width=32)
# Small whole numbers make parallel and orthogonal tokens, equal rows and vanishing overlaps likely.
_ENTRIES = st.integers(-2, 2).map(float) | st.floats(-2, 2, width=32).map(lambda x: round(x, 4))


@st.composite
def _kernels(draw: st.DrawFn) -> dict[str, Any]:
    kind = draw(st.sampled_from(["monomial", "polynomial", "softmax-taylor"]))
    if kind == "monomial":
        return {"type": kind, "degree": draw(st.integers(1, 4))}
    if kind == "polynomial":
        coefficients = st.lists(st.sampled_from([1.0, 0.0, -1.0, 0.5, -0.25, 2.0]), min_size=1, max_size=4)
        return {"type": kind, "coefficients": draw(coefficients.filter(any))}
    kernel: dict[str, Any] = {"type": kind, "degree": draw(st.integers(1, 3))}
    if draw(st.booleans()):
        kernel["temperature"] = draw(st.sampled_from([1.0, 0.3, 2.0]))
    return kernel


@st.composite
def _unitaries(draw: st.DrawFn, dimension: int, real: bool) -> dict[str, Any]:
    kind = draw(st.sampled_from(["identity", "hardware-efficient", "matrix"]))
    if kind == "identity":
        return {"type": kind}
    if kind == "matrix":
        size = draw(st.sampled_from(sorted({dimension, 2 ** max(1, (dimension - 1).bit_length())})))
        return {"type": kind, "entries": unitary_entries(np.random.default_rng(draw(st.integers(0, 99))), size, real)}
    rotations = draw(st.sampled_from(_REAL_ROTATIONS if real else _COMPLEX_ROTATIONS))
    layers = draw(st.integers(1, 2))
    count = layers * max(1, (dimension - 1).bit_length()) * len(rotations)
    angles = np.array(draw(st.lists(_ANGLES, min_size=count, max_size=count)))
    parameters = angles.reshape(layers, max(1, (dimension - 1).bit_length()), len(rotations)).tolist()
    return {"type": kind, "rotations": list(rotations), "layers": layers, "parameters": parameters}


@st.composite
def models(draw: st.DrawFn, max_context: int = _MAX_CONTEXT, max_dimension: int = 8) -> dict[str, Any]:
    """Valid models, degenerate ones included: zero overlaps, repeated tokens, predictions that vanish.

    Shrinks towards one context token of dimension 2, the identity and the kernel s.
    """
    context = draw(st.integers(1, max_context))
    dimension = draw(st.sampled_from([d for d in _DIMENSIONS if d <= max_dimension]))
    real = draw(st.booleans())
    width = dimension if real else 2 * dimension
    row = st.lists(_ENTRIES, min_size=width, max_size=width).filter(any)
    rows = draw(st.lists(row, min_size=context + 1, max_size=context + 1))
    values = np.array(rows) if real else np.array(rows).reshape(context + 1, dimension, 2)
    attention: dict[str, Any] = {
        "type": "overlap",
        "mask": draw(st.sampled_from(["causal", "full"])),
        "kernel": draw(_kernels()),
        "value": draw(_unitaries(dimension, real)),
        "score": draw(_unitaries(dimension, real)),
    }
    phases = draw(st.sampled_from(["absent", "optimal", "given"]))
    if phases == "optimal":
        attention["phases"] = "optimal"
    elif phases == "given":
        attention["phases"] = draw(st.lists(_ANGLES, min_size=context, max_size=context))
    tokens = {"type": "inline", "values": values.tolist()}
    return {"qsac": 1, "name": "generated", "tokens": tokens, "attention": attention}


# Programs. What they consist of is drawn op by op, so that they shrink; angles and choices come from a seed each.

_SEEDS = st.integers(0, 2**20)
_SPECIAL_ANGLES = (0.0, np.pi / 2, -np.pi / 2, np.pi, -np.pi, 2 * np.pi, np.pi / 4, 1e-15)
_BLOCKS = ("multiplexor", "uniformly-controlled", "diagonal", "rotation", "pair-rotation", "unitary")
_STEPS = st.lists(
    st.tuples(
        st.sampled_from((*_BLOCKS, *_BLOCKS, "loaded", "uncomputed", "pair", "measure", "reset", "save-probabilities")),
        _SEEDS,
    ),
    max_size=14,
)


def random_angles(rng: np.random.Generator, count: int, generic: bool = False) -> Table:
    """``count`` (a power of two) angles in radians: generic ones, or also special, equal and repeated ones."""
    style = 0 if generic else rng.integers(5)
    if style == 1:
        return Table(rng.choice(_SPECIAL_ANGLES, count))
    if style == 2:
        return Table(np.full(count, rng.choice(_SPECIAL_ANGLES) if rng.random() < 0.5 else rng.uniform(-4, 4)))
    if style == 3 and count > 1:
        half = rng.uniform(-4, 4, count // 2)
        return Table(np.tile(half, 2) if rng.random() < 0.5 else np.repeat(half, 2))
    return Table(rng.uniform(-4, 4, count))


def random_unitary(rng: np.random.Generator, size: int) -> NDArray[np.complex128]:
    """A Haar-like unitary."""
    matrix, _ = np.linalg.qr(rng.normal(size=(size, size)) + 1j * rng.normal(size=(size, size)))
    return matrix


class _BlockProgram:
    """A block program that is grown op by op, legal at every point."""

    def __init__(self, width: int, generic: bool) -> None:
        self.qubits = [f"q[{index}]" for index in range(width)]
        self.generic = generic
        self.live: list[str] = []
        self.used: set[str] = set()
        self.ended: list[str] = []
        self.ops: list[Op] = []
        self.bits = 0

    def _some(self, rng: np.random.Generator, names: list[str], most: int, least: int = 0) -> tuple[str, ...]:
        count = int(rng.integers(least, min(most, len(names)) + 1))
        return tuple(str(name) for name in rng.permutation(names)[:count])

    def _add(self, op: Op) -> None:
        self.ops.append(replace(op, sources=(len(self.ops),)))
        for name in op.targets:
            if name not in self.live:
                self.live.append(name)
            self.used.add(name)
        for name in op.releases:
            self.live.remove(name)
            self.ended.append(name)
        for name in op.reallocates:
            self.ended.remove(name)
        self.used.difference_update((*op.releases, *op.reallocates))

    def measure(self, qubit: str) -> None:
        self._add(Measure(qubit, f"bits_{self.bits % 2}", self.bits // 2))
        self.bits += 1

    def step(self, kind: str, seed: int) -> None:
        """Add an op of a kind, if one is possible here."""
        rng = np.random.default_rng(seed)
        usable = [name for name in self.qubits if name not in self.ended]
        origin = str(rng.choice(["", "/tokens", "/attention/value"]))
        if kind == "reset" and self.ended:
            self._add(Reset(str(rng.choice(self.ended)), origin=origin))
        elif kind == "save-probabilities" and self.live:
            self._add(SaveProbabilities(self._some(rng, self.live, 2, 1), f"quantity-{len(self.ops)}", origin=origin))
        elif kind == "diagonal" and self.live:
            qubits = self._some(rng, self.live, 4, 1)
            in_zero = [name for name in usable if name not in (*self.used, *qubits)]
            through = str(rng.choice(in_zero)) if in_zero and len(qubits) > 1 and rng.random() < 0.5 else ""
            self._add(Diagonal(qubits, random_angles(rng, 1 << len(qubits), self.generic), through, origin=origin))
        elif kind == "measure" and self.live:
            self.measure(str(rng.choice(self.live)))
        elif usable:
            self._turn(kind, rng, usable, origin)

    def _turn(self, kind: str, rng: np.random.Generator, usable: list[str], origin: str) -> None:
        target = str(rng.choice(usable))
        controls = self._some(rng, [name for name in self.live if name != target], 3)
        angles = random_angles(rng, 1 << len(controls), self.generic)
        if kind in ("multiplexor", "loaded", "uncomputed"):
            axis = str(rng.choice(["x", "y", "z"]))
            enters, leaves = kind == "loaded" and target not in self.used, kind == "uncomputed"
            self._add(Multiplexor(axis, controls, target, angles, enters, leaves, origin=origin))  # type: ignore[arg-type]
            if leaves:
                self.measure(target)
        elif kind == "uniformly-controlled":
            # the ladder may be for fewer rows of controls
            rows = int(rng.integers((1 << len(controls)) // 2, 1 << len(controls))) + 1 if controls else 1
            theta, phi = (Table(random_angles(rng, 1 << len(controls), self.generic).values[:rows]) for _ in range(2))
            inverse = bool(rng.random() < 0.5)
            self._add(UniformlyControlledGate(controls, target, theta, phi, inverse, origin=origin))
        elif kind == "pair":
            opening = Multiplexor(
                str(rng.choice(["x", "y", "z"])), controls, target, angles, pair="compute", origin=origin
            )  # type: ignore[arg-type]
            self._add(opening)
            qubits = self._some(rng, self.live, 3, 1)
            self._add(Diagonal(qubits, random_angles(rng, 1 << len(qubits), self.generic)))
            between = self._some(rng, [name for name in usable if name not in (target, *controls)], 1)
            self.ops += [PauliRotation("x", (name,), 0.3) for name in between if name in self.live]
            self._add(opening.adjoint())
        elif kind in ("rotation", "pair-rotation"):
            qubits = self._some(rng, usable, 1 if kind == "rotation" else 2, 1)
            paulis = "".join(rng.choice(["x", "y", "z"], len(qubits)))
            angle = float(random_angles(rng, 1, self.generic).values[0])
            self._add(PauliRotation(paulis, qubits, angle, origin=origin))
        elif kind == "unitary":
            matrix = np.eye(2) if rng.random() < 0.2 and not self.generic else random_unitary(rng, 2)
            self._add(Unitary(target, Table(matrix), origin=origin))

    def program(self, split: tuple[int, int]) -> Program:
        """The program, with everything that is live measured and two readouts over the same given bits."""
        for qubit in list(self.live) or self.qubits[: not self.bits]:
            self.measure(qubit)
        outcomes = tuple(outcome for op in self.ops for outcome in op.outcomes)
        first, second = sorted(min(place, len(outcomes)) for place in split)
        return Program(
            "generated",
            "block",
            tuple(Register(name, 1) for name in self.qubits),
            {},
            tuple(self.ops),
            (
                Readout("fidelity", outcomes[:first], outcomes[first:]),
                Readout("token_fidelity", outcomes[:first], outcomes[first:second]),
            ),
        )


@st.composite
def block_programs(draw: st.DrawFn, generic: bool = False, max_width: int = 5, observed: bool = False) -> Program:
    """Verified block programs of every block; ``generic`` ones without angles at which a gate vanishes. All that are
    ``observed`` save probabilities after a gate, and go on."""
    program = _BlockProgram(draw(st.integers(1, max_width)), generic)
    if observed:
        for kind in ("unitary", "save-probabilities", "unitary"):
            program.step(kind, draw(_SEEDS))
    for kind, seed in draw(_STEPS):
        program.step(kind, seed)
    if draw(st.booleans()):
        program.step("diagonal", draw(_SEEDS))
    return program.program(draw(st.tuples(st.integers(0, 6), st.integers(0, 6))))


def attention_programs() -> st.SearchStrategy[Program]:
    """Verified attention programs of every op."""
    return _attended_programs() | copied_programs()


@st.composite
def _attended_programs(draw: st.DrawFn) -> Program:
    """Verified attention programs: any number of registers, loaded, turned, uncomputed or projected as they are."""
    rng = np.random.default_rng(draw(_SEEDS))
    length = draw(st.integers(1, 7))
    bits, size, degree = (length - 1).bit_length(), draw(st.integers(1, 2)), draw(st.integers(0, 2))
    sizes = {"query": bits, "key": bits} if bits else {}
    sizes |= {f"degree[{place}]": 1 for place in range(degree)}
    powers = tuple(name for name in sizes if name.startswith("degree"))
    real = draw(st.booleans())
    tables: dict[str, Table] = {}
    for name, rows in {"start": 1, "context": length, "targets": 1 << bits, "pairs": 1 << 2 * bits}.items():
        values = rng.normal(size=(rows, 1 << size)) + (0 if real else 1j * rng.normal(size=(rows, 1 << size)))
        tables[name] = Table(values / np.linalg.norm(values, axis=1, keepdims=True))
    tables["matrix"] = Table(random_unitary(rng, 1 << size))
    tables["angles"] = Table(rng.uniform(-3, 3, (draw(st.integers(1, 2)), size, 2)))
    ops: list[Op] = []
    if bits:
        ops.append(PrepareIndices("query", "key", draw(st.sampled_from(["causal", "full"])), length, origin="/mask"))
    amplitudes = rng.normal(size=degree + 1)
    unit = tuple((amplitudes / np.linalg.norm(amplitudes)).tolist())
    if powers:
        ops.append(PrepareDegree(powers, unit, origin="/kernel"))
    published = bool(bits) and draw(st.booleans())
    for copy in range(draw(st.integers(0, 3))):
        data = f"score[{copy}]"
        sizes[data] = size
        if published:
            ops += _published(draw, data, powers[copy : copy + 1])
            continue
        when = draw(st.sampled_from([(), *((power,) for power in powers)]))
        ops += _attended(draw, data, when, bits)
        if bits and draw(st.booleans()):
            ops.append(PhaseTable(draw(st.sampled_from(["query", "key"])), Table(rng.uniform(-3, 3, length))))
    if powers:
        ops.append(Project(powers, *draw(st.sampled_from([("zero", 0, ()), ("unary", 0, unit)]))))
    for index in ("key", "query") if bits else ():
        ops.append(SaveProbabilities((index,), f"found-{index}", origin="/readout"))
        ops.append(Project((index,), *draw(st.sampled_from([("zero", 0), ("uniform", length)]))))
    if not any(op.outcomes for op in ops):
        sizes["value"] = size
        ops += [LoadTokens("value", (), "start"), Project(("value",))]
    prefixes = [op.outcomes for op in ops if op.outcomes]
    split = draw(st.integers(0, len(prefixes)) | st.just(len(prefixes) - 2 * bool(bits)))
    given, success = (tuple(name for part in parts for name in part) for parts in (prefixes[:split], prefixes[split:]))
    used = {getattr(op, "table", None) for op in ops}
    return Program(
        "generated",
        "attention",
        tuple(Register(name, width) for name, width in sizes.items()),
        {name: table for name, table in tables.items() if name in used},
        tuple(ops),
        (Readout("fidelity", given, success), Readout("token_fidelity", given, success[:0])),
    )


def _published(draw: st.DrawFn, data: str, when: tuple[str, ...]) -> list[Op]:
    """A score copy as a model has it."""
    matrix = ApplyUnitary(data, "matrix", "matrix", (), when)
    ansatz = ApplyUnitary(data, "hardware-efficient", "angles", ("rx", "rz"), when)
    return [
        LoadTokens(data, ("key",), "context", when=when, origin="/tokens"),
        *draw(st.sampled_from([(), (matrix,), (ansatz,)])),
        LoadTokens(data, ("query",), "context", True, when, origin="/tokens"),
        Project((data,), origin="/attention/kernel"),
    ]


def _attended(draw: st.DrawFn, data: str, when: tuple[str, ...], bits: int) -> list[Op]:
    """A data register's life: loaded by an index, turned, uncomputed by another one and projected."""
    loads = [((index,), table) for index in ("key", "query") for table in ("context", "targets")]
    tables = st.sampled_from([((), "start"), *((*loads, (("query", "key"), "pairs")) if bits else ())])
    gates = {
        "matrix": ApplyUnitary(data, "matrix", "matrix", (), when, origin="/attention/score"),
        "ansatz": ApplyUnitary(data, "hardware-efficient", "angles", ("rx", "rz"), when, origin="/attention/score"),
        "other": ApplyUnitary(data, "hardware-efficient", "angles", ("ry", "rz"), ()),
    }
    loaded = draw(st.booleans())
    ops: list[Op] = [LoadTokens(data, *draw(tables), when=when, origin="/tokens")] if loaded else []
    ops += [gates[name] for name in draw(st.lists(st.sampled_from(sorted(gates)), min_size=not loaded, max_size=2))]
    if draw(st.booleans()):
        ops.append(LoadTokens(data, *draw(tables), True, when))
    return [*ops, Project((data,))]
