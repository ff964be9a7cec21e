"""Circuits from PennyLane, and to it: reached as ``qsac.pennylane``."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import pi
from typing import Any, NamedTuple

import numpy as np
import pennylane as qml
from numpy.typing import NDArray

from qsac.errors import InvalidInputError
from qsac.files.pointer import quoted
from qsac.frameworks.learners import AnyModel, mapping_of
from qsac.importing.symbolic_gates import Angle, Gates, ImportedCircuit, unknown_gate

_NAMES = {
    "Hadamard": "h",
    "PauliX": "x",
    "PauliY": "y",
    "PauliZ": "z",
    "S": "s",
    "T": "t",
    "SX": "sx",
    "Adjoint(S)": "sdg",
    "Adjoint(T)": "tdg",
    "Adjoint(SX)": "sxdg",
    "CNOT": "cx",
    "CY": "cy",
    "CZ": "cz",
    "CH": "ch",
    "SWAP": "swap",
    "ISWAP": "iswap",
    "RX": "rx",
    "RY": "ry",
    "RZ": "rz",
    "PhaseShift": "p",
    "U1": "p",
    "U2": "u2",
    "U3": "u",
    "CRX": "crx",
    "CRY": "cry",
    "CRZ": "crz",
    "ControlledPhaseShift": "cp",
    "IsingXX": "rxx",
    "IsingYY": "ryy",
    "IsingZZ": "rzz",
    "Identity": "id",
    "Barrier": "barrier",
    "GlobalPhase": "global_phase",
}


# In


def from_tape(tape: Any, *, inputs: Sequence[int] = ()) -> ImportedCircuit:
    """A tape of PennyLane (``qml.tape.QuantumScript``) as a step of a model file.

    Its trainable parameters are the step's, with their numbers, under the names ``p0``, ``p1``, .. of their places in
    the tape; those at the places ``inputs`` are its inputs, in that order; all others stay numbers. Operations that are
    not known are decomposed as PennyLane does it; of one with trainable numbers each angle that comes of it is a
    parameter by itself, ``p0.0``, ``p0.1`` and so on. Wires keep their order; a global phase is not kept. ``expval`` of
    Pauli words and ``probs`` are the measurement; Z on each qubit where there is none.

    Raises :class:`~qsac.errors.InvalidInputError` for operations and measurements that have no counterpart, with their
    names.
    """
    reading = _Tape(tape, [f"p{place}" for place in inputs])
    place = 0
    for operation in tape.operations:
        count = len(operation.parameters)
        names = [_name(tape, place + number, inputs) for number in range(count)]
        reading.add(operation, names)
        place += count
    values = reading.values
    return reading.gates.finished(_measure(tape, reading.places), values)


def _name(tape: Any, place: int, inputs: Sequence[int]) -> str | None:
    return f"p{place}" if place in inputs or place in tape.trainable_params else None


class _Tape:
    def __init__(self, tape: Any, inputs: list[str]) -> None:
        self.places = {wire: place for place, wire in enumerate(tape.wires)}
        self.gates = Gates(len(self.places), tuple(inputs))
        self.values: dict[str, float] = {}

    def add(self, operation: Any, names: Sequence[str | None]) -> None:
        """An operation, whose parameters are called so; None for numbers that stay."""
        qubits = [self.places[wire] for wire in operation.wires]
        name = _NAMES.get(operation.name)
        if operation.name == "QubitUnitary" and names == [None]:
            self.gates.unitary(qml.math.unwrap(operation.parameters)[0], qubits)
        elif operation.name == "Rot":
            turns = zip(("rz", "ry", "rz"), operation.parameters, names, strict=True)
            for turn, value, own in turns:
                self.gates.add(turn, qubits, self._angle(value, own))
        elif name is not None:
            angles = map(self._angle, operation.parameters, names)
            self.gates.add(name, qubits, *(() if name in ("id", "barrier", "global_phase") else angles))
        else:
            self._decompose(operation, names)

    def _decompose(self, operation: Any, names: Sequence[str | None]) -> None:
        if not operation.has_decomposition:
            raise unknown_gate(operation.name)
        named = next((name for name in names if name is not None), None)
        if named is not None and named in self.gates.inputs:
            raise unknown_gate(operation.name, "only angles of known gates are inputs")
        number = 0
        for part in operation.decomposition():
            own: list[str | None] = [None] * len(part.parameters)
            if named is not None:
                own = [f"{named}.{number + place}" for place in range(len(own))]
                number += len(own)
            self.add(part, own)

    def _angle(self, value: Any, name: str | None) -> Angle:
        number = float(qml.math.toarray(qml.math.unwrap([value])[0]))
        if name is None:
            return Angle(number)
        if name not in self.gates.inputs:
            self.values[name] = number
        return Angle(0.0, {name: 1.0})


def _measure(tape: Any, places: Mapping[Any, int]) -> dict[str, Any] | None:
    observables = []
    for measurement in tape.measurements:
        kind = type(measurement).__name__
        if kind == "ProbabilityMP" and measurement.obs is None and len(tape.measurements) == 1:
            wires = measurement.wires or tape.wires
            return {"type": "probabilities", "qubits": [places[wire] for wire in wires]}
        if kind != "ExpectationMP" or not qml.pauli.is_pauli_word(measurement.obs):
            raise InvalidInputError(
                "a measurement of the tape has no counterpart",
                code="import.unknown-measurement",
                found=quoted(str(measurement)[:100]),
                wanted="expval of Pauli words, or probs by itself",
            )
        letters = ["I"] * len(places)
        for wire, letter in _word(measurement.obs).items():
            letters[places[wire]] = letter
        observables.append("".join(letters))
    return {"type": "pauli", "observables": observables} if observables else None


def _word(observable: Any) -> dict[Any, str]:
    (found,) = qml.pauli.pauli_sentence(observable)
    return dict(found)


# Out


class QuantumNode(NamedTuple):
    """A step as a QNode. ``qnode(inputs, **weights)``; ``weight_shapes`` by name, as ``qml.qnn.TorchLayer`` takes them;
    ``weights``: the numbers that they start from, the model's own or drawn by the rule of its ``init``."""

    qnode: Any
    weight_shapes: dict[str, tuple[int, ...]]
    weights: dict[str, NDArray[np.float64]]


def to_qnode(step: AnyModel, *, device: Any = None, interface: str = "auto", seed: int = 0) -> QuantumNode:
    """A circuit step as a QNode of PennyLane, for ``default.qubit`` unless a ``device`` is given.

    The QNode takes ``inputs``, a vector or a batch in the first axis, and weights by name, such as
    ``blocks_1_parameters``; it gives the list of expectation values, or the probabilities. Weights that are left out
    start from what qsac draws, normal with a standard deviation of 0.3, and not evenly from [0, 2 pi] as PennyLane's
    layers do: pass :attr:`QuantumNode.weights`.

    Raises :class:`~qsac.errors.InvalidInputError` for what is no single circuit, and for neurons that are damped.
    """
    found = mapping_of(step)
    model: Any = None if found is None else found[0].model(found[0].initial(seed), np.empty(0), "qnode")
    if found is None or len(model.steps) != 1 or type(model.steps[0]).__name__ != "CircuitOf":
        raise InvalidInputError(
            "only one circuit is a QNode",
            code="option.wrong-type",
            wanted='a step {"type": "circuit", ..}',
        )
    measured = model.steps[0].measured
    prefix = found[1] or "steps.0."
    initial = {name.removeprefix(prefix): values for name, values in found[0].initial(seed).items()}
    weights = {name.replace(".", "_"): np.asarray(values) for name, values in initial.items()}
    blocks = [place.pointer.removeprefix("/steps/0/").replace("/", "_") for place in measured.circuit.places]
    written = _Written(measured, blocks)
    function = written.function(list(weights))
    chosen = qml.device("default.qubit", wires=measured.circuit.qubits) if device is None else device
    shapes = {name: values.shape for name, values in weights.items()}
    return QuantumNode(qml.QNode(function, chosen, interface=interface), shapes, weights)


@dataclass(frozen=True)
class _Written:
    """A measured circuit in normal form, written gate by gate when it is queued. ``blocks``: the names of the weights
    that hold its parameters, in order."""

    measured: Any
    blocks: list[str]

    def function(self, names: list[str]) -> Callable[..., Any]:
        """The quantum function, with the arguments that its signature says."""
        asks = bool(self.measured.circuit.inputs)

        def circuit(*given: Any, **named: Any) -> Any:
            bound = dict(zip((["inputs"] if asks else []) + names, given, strict=False)) | named
            self._queue(bound.get("inputs"), bound)
            return self._measured()

        kinds = inspect.Parameter.POSITIONAL_OR_KEYWORD
        arguments = [inspect.Parameter(name, kinds) for name in (["inputs"] if asks else []) + names]
        circuit.__signature__ = inspect.Signature(arguments)  # type: ignore[attr-defined]  # read by PennyLane's layers
        return circuit

    def _queue(self, inputs: Any, weights: Mapping[str, Any]) -> None:
        circuit = self.measured.circuit
        flat = [qml.math.reshape(weights[name], (-1,)) for name in self.blocks]
        parameters = [part[place] for part in flat for place in range(part.shape[0])]
        values: list[Any] = list(circuit.offset)
        for terms, numbers in ((circuit.from_parameters, parameters), (circuit.from_inputs, _columns(inputs))):
            for row, column, factor in zip(terms.rows, terms.columns, terms.factors, strict=True):
                values[row] = values[row] + factor * numbers[int(column)]
        for gate in circuit.gates:
            _WRITERS[type(gate).__name__](gate, values, inputs)

    def _measured(self) -> Any:
        measured = self.measured
        if measured.kind == "probabilities":
            return qml.probs(wires=list(measured.qubits))
        return [qml.expval(_observable(word)) for word in measured.observables]


class _Columns:
    """The numbers of an input, by place, of a vector or of a batch in the first axis."""

    def __init__(self, inputs: Any) -> None:
        self._inputs = inputs

    def __getitem__(self, place: int) -> Any:
        return self._inputs[..., place]


def _columns(inputs: Any) -> _Columns:
    return _Columns(inputs)


def _observable(word: str) -> Any:
    factors = [getattr(qml, letter)(wire) for wire, letter in enumerate(word) if letter != "I"]
    return qml.prod(*factors) if len(factors) > 1 else factors[0] if factors else qml.I(0)


_CLIFFORDS = {
    "h": qml.Hadamard,
    "x": qml.X,
    "y": qml.Y,
    "z": qml.Z,
    "s": qml.S,
    "sdg": lambda wires: qml.adjoint(qml.S(wires)),
    "cx": qml.CNOT,
    "cy": qml.CY,
    "cz": qml.CZ,
    "swap": qml.SWAP,
}


def _clifford(gate: Any, values: list[Any], inputs: Any) -> None:
    _CLIFFORDS[gate.name](wires=list(gate.qubits))


def _rotation(gate: Any, values: list[Any], inputs: Any) -> None:
    qml.PauliRot(values[gate.value], gate.paulis.upper(), wires=list(gate.qubits))


def _multiplexor(gate: Any, values: list[Any], inputs: Any) -> None:
    """2^c rotations, whose angles are the Walsh transform of the table."""
    rows = range(1 << len(gate.controls))
    table = [_neuron_angle(values[place], gate.order) for place in gate.values]
    for row in rows:
        angle = sum((-1.0) ** (row & other).bit_count() * table[other] for other in rows) / len(table)
        count = len(gate.controls)
        some = [qubit for place, qubit in enumerate(gate.controls) if row >> (count - 1 - place) & 1]
        qml.PauliRot(angle, "Z" * len(some) + gate.axis.upper(), wires=[*some, gate.target])


def _neuron_angle(value: Any, order: int) -> Any:
    if order == 0:
        return value
    power = 1 << order
    return 2 * qml.math.arctan2(qml.math.sin(value / 2) ** power, qml.math.cos(value / 2) ** power)


def _load(gate: Any, values: list[Any], inputs: Any) -> None:
    amplitudes = qml.math.stack([inputs[..., number] for number in gate.inputs], axis=-1)
    zeros = 0 * amplitudes[..., 0]
    places = {place: number for number, place in enumerate(gate.places)}
    columns = [amplitudes[..., places[k]] if k in places else zeros for k in range(1 << len(gate.qubits))]
    qml.AmplitudeEmbedding(qml.math.stack(columns, axis=-1), wires=list(gate.qubits), normalize=True)


def _flip(gate: Any, values: list[Any], inputs: Any) -> None:
    qml.RX(pi * qml.math.cast(inputs[..., gate.input] > 0.5, "float64"), wires=gate.qubit)


def _unitary(gate: Any, values: list[Any], inputs: Any) -> None:
    qml.QubitUnitary(gate.matrix, wires=list(gate.qubits))


def _projection(gate: Any, values: list[Any], inputs: Any) -> None:
    qml.measure(gate.qubit, postselect=gate.outcome)


def _damping(gate: Any, values: list[Any], inputs: Any) -> None:
    raise InvalidInputError(
        "a damped neuron is no gate of PennyLane",
        code="import.unknown-gate",
        found="a neuron that is not amplified",
        wanted='"amplified": true',
    )


_WRITERS: dict[str, Callable[[Any, list[Any], Any], None]] = {
    "Clifford": _clifford,
    "Rotation": _rotation,
    "Multiplexor": _multiplexor,
    "Load": _load,
    "Flip": _flip,
    "FixedUnitary": _unitary,
    "Projection": _projection,
    "Damping": _damping,
}
"""By the kind of a gate in normal form."""
