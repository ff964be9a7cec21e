"""The one form that every circuit of a steps model is brought into: what the closed form, compilation, gradients and
exports know of it.

A :class:`Circuit` is a list of gates on qubits 0 .. n-1 (0 the most significant) and one vector of values, of which
gates name parts: value k is ``offset[k]`` plus a linear function of the circuit's inputs and of its parameters.
R_P(t) = exp(-i t P / 2).

========================  ==============================================================================================
:class:`Clifford`         a fixed gate: h x y z s sdg cx cy cz swap
:class:`Rotation`         R_P(value), P a Pauli string
:class:`Multiplexor`      R_P(f(value_x)) about one axis of the target, x the value of the controls
:class:`Damping`          multiplies |x> of its qubits by r(value_x) <= 1: not unitary, its loss is post-selected
:class:`Load`             brings fresh qubits into the state whose amplitudes are some inputs, normalised
:class:`Flip`             X where an input is above 0.5
:class:`FixedUnitary`     a unitary matrix
:class:`Projection`       keeps one outcome of a qubit, which is then in that state
========================  ==============================================================================================

f and r belong to a quantum neuron of ``order`` o (arXiv 2006.14619), with e = 2^o, c = cos(v/2)^e and s = sin(v/2)^e:
f(v) = 2 atan2(s, c) and r(v) = sqrt(c^2 + s^2). Of order 0 they are v, up to full turns, and 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from math import prod
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

Real = NDArray[np.float64]
Places = NDArray[np.intp]
CliffordName = Literal["h", "x", "y", "z", "s", "sdg", "cx", "cy", "cz", "swap"]


@dataclass(frozen=True)
class Clifford:
    """A fixed gate; of cx, cy and cz the first qubit is the control."""

    name: CliffordName
    qubits: tuple[int, ...]


@dataclass(frozen=True)
class Rotation:
    """exp(-i value P / 2), P the product of ``paulis`` ("x", "zx", ..) on ``qubits``; ``value`` is a place in the
    values."""

    paulis: str
    qubits: tuple[int, ...]
    value: int


@dataclass(frozen=True)
class Multiplexor:
    """exp(-i f(value_x) P / 2) about ``axis`` of ``target``, x the value of ``controls`` (the first most significant).

    ``values`` are the places of the 2^c values, in the order of x.
    """

    axis: Literal["x", "y", "z"]
    controls: tuple[int, ...]
    target: int
    values: tuple[int, ...]
    order: int = 0

    @property
    def qubits(self) -> tuple[int, ...]:
        """All that it acts on."""
        return (*self.controls, self.target)


@dataclass(frozen=True)
class Damping:
    """Multiplies |x> of ``qubits`` by r(value_x); ``values`` as of a :class:`Multiplexor`."""

    qubits: tuple[int, ...]
    values: tuple[int, ...]
    order: int


@dataclass(frozen=True)
class Load:
    """Brings ``qubits`` from zero into sum_k x[inputs[k]] |places[k]>, divided by its length. ``stays``: whether it is
    to be written as it is, where fewer qubits would do."""

    qubits: tuple[int, ...]
    inputs: tuple[int, ...]
    places: tuple[int, ...]
    stays: bool = field(default=False, compare=False)


@dataclass(frozen=True)
class Flip:
    """X on a qubit where the input is above 0.5."""

    qubit: int
    input: int

    @property
    def qubits(self) -> tuple[int, ...]:
        """All that it acts on."""
        return (self.qubit,)


@dataclass(frozen=True, eq=False)
class FixedUnitary:
    """A unitary ``matrix`` (2^k, 2^k) on ``qubits``, the first most significant."""

    qubits: tuple[int, ...]
    matrix: NDArray[np.complex128]


@dataclass(frozen=True)
class Projection:
    """Keeps the part of the state in which the qubit is ``outcome``."""

    qubit: int
    outcome: int

    @property
    def qubits(self) -> tuple[int, ...]:
        """All that it acts on."""
        return (self.qubit,)


Gate: TypeAlias = Clifford | Rotation | Multiplexor | Damping | Load | Flip | FixedUnitary | Projection


@dataclass(frozen=True, eq=False)
class Terms:
    """The linear part of the values: value ``rows[i]`` has ``factors[i]`` times number ``columns[i]``, summed over i.

    ``rows`` ascend.
    """

    rows: Places
    columns: Places
    factors: Real

    def applied(self, numbers: Real, count: int) -> Real:
        """The sums, (.., count), for ``numbers`` (.., N)."""
        result = np.zeros((*numbers.shape[:-1], count))
        if len(self.rows):
            reached, first = np.unique(self.rows, return_index=True)
            result[..., reached] = np.add.reduceat(self.factors * numbers[..., self.columns], first, axis=-1)
        return result


@dataclass(frozen=True)
class ParameterPlace:
    """The parameters of one block: its JSON pointer, their first place in the circuit's parameters, their shape."""

    pointer: str
    first: int
    shape: tuple[int, ...]

    @property
    def size(self) -> int:
        """How many there are."""
        return prod(self.shape)

    @property
    def part(self) -> slice:
        """Where they are among the circuit's."""
        return slice(self.first, self.first + self.size)


@dataclass(frozen=True, eq=False)
class Circuit:
    """A circuit in normal form. It starts in |0..0>.

    ``values``: ``offset`` (A,) + ``from_inputs`` x + ``from_parameters`` p for inputs x (``inputs``,) and parameters p
    (``parameters``,). ``blocks``: the number of the block of each gate; ``places``: where blocks have their parameters.
    ``phase`` is a global phase in radians, of which the gates have none. The last ``discarded`` ones of the qubits are
    what others were before they were reset: measured, whatever came, and not asked for again.
    """

    qubits: int
    gates: tuple[Gate, ...]
    blocks: tuple[int, ...]
    offset: Real
    from_inputs: Terms
    from_parameters: Terms
    inputs: int
    parameters: int
    places: tuple[ParameterPlace, ...] = ()
    pointers: tuple[str, ...] = ()
    phase: float = 0.0
    discarded: int = 0

    def values(self, inputs: Real, parameters: Real) -> Real:
        """The values (.., A) for inputs (.., F) and parameters (.., P), which are broadcast."""
        count = len(self.offset)
        return self.offset + self.from_inputs.applied(inputs, count) + self.from_parameters.applied(parameters, count)

    @property
    def projects(self) -> bool:
        """Whether anything is post-selected."""
        return any(isinstance(gate, Projection | Damping) for gate in self.gates)


def renamed(gate: Gate, names: Mapping[int, int]) -> Gate:
    """A gate on other qubits, where ``names`` has others for its own."""
    if isinstance(gate, Multiplexor):
        controls = tuple(names.get(qubit, qubit) for qubit in gate.controls)
        return replace(gate, controls=controls, target=names.get(gate.target, gate.target))
    if isinstance(gate, Flip | Projection):
        return replace(gate, qubit=names.get(gate.qubit, gate.qubit))
    return replace(gate, qubits=tuple(names.get(qubit, qubit) for qubit in gate.qubits))


def neuron_angle(values: Real, order: int) -> Real:
    """The f of the module's table, entry by entry."""
    if order == 0:
        return values
    power = 1 << order
    angles: Real = 2 * np.arctan2(np.sin(values / 2) ** power, np.cos(values / 2) ** power)
    return angles


def neuron_radius(values: Real, order: int) -> Real:
    """The r of the module's table, entry by entry."""
    power = 1 << order
    radii: Real = np.hypot(np.cos(values / 2) ** power, np.sin(values / 2) ** power)
    return radii


# Writing one

Sum: TypeAlias = dict[int, float]
"""Factors by place."""


@dataclass
class Writer:
    """Writes a circuit in normal form, gate by gate.

    ``input`` is the place of the next input, ``used`` those that were taken. ``block`` is the number of the block that
    is being written.
    """

    qubits: int
    gates: list[Gate] = field(default_factory=list)
    blocks: list[int] = field(default_factory=list)
    offsets: list[float] = field(default_factory=list)
    input_terms: list[tuple[int, int, float]] = field(default_factory=list)
    parameter_terms: list[tuple[int, int, float]] = field(default_factory=list)
    places: list[ParameterPlace] = field(default_factory=list)
    pointers: list[str] = field(default_factory=list)
    parameters: int = 0
    input: int = 0
    used: set[int] = field(default_factory=set)
    phase: float = 0.0
    discarded: int = 0

    def begin(self, pointer: str) -> None:
        """Begin a block of the model file."""
        self.pointers.append(pointer)

    def add(self, gate: Gate) -> None:
        """Write a gate of the block that was begun last."""
        self.gates.append(gate)
        self.blocks.append(len(self.pointers) - 1)

    def reset(self, qubit: int) -> None:
        """A qubit is measured, whatever comes, and in zero again. What was done to it so far was done to a qubit of its
        own, of which nothing is asked: that is the same, and no gate."""
        if any(qubit in gate.qubits for gate in self.gates):
            names = {qubit: self.qubits + self.discarded}
            self.gates = [renamed(gate, names) if qubit in gate.qubits else gate for gate in self.gates]
            self.discarded += 1

    def value(self, offset: float = 0.0, parameters: Sum | None = None, inputs: Sum | None = None) -> int:
        """A new value, by its place."""
        place = len(self.offsets)
        self.offsets.append(offset)
        self.parameter_terms += [(place, number, factor) for number, factor in (parameters or {}).items()]
        self.input_terms += [(place, number, factor) for number, factor in (inputs or {}).items()]
        return place

    def take(self, count: int, start: int | None) -> list[int]:
        """The places of the next inputs, from ``start`` if it is given."""
        first = self.input if start is None else start
        taken = list(range(first, first + count))
        self.input = first + count
        self.used.update(taken)
        return taken

    def new_parameters(self, pointer: str, shape: tuple[int, ...]) -> Places:
        """Places of the shape for the parameters of a block."""
        first, count = self.parameters, prod(shape)
        self.places.append(ParameterPlace(pointer, first, shape))
        self.parameters += count
        return np.arange(first, first + count, dtype=np.intp).reshape(shape)

    def finished(self) -> Circuit:
        """The circuit. ``inputs`` is one more than the last input that was taken."""
        return Circuit(
            self.qubits + self.discarded,
            tuple(self.gates),
            tuple(self.blocks),
            np.array(self.offsets, dtype=np.float64),
            _terms(self.input_terms),
            _terms(self.parameter_terms),
            max(self.used, default=-1) + 1,
            self.parameters,
            tuple(self.places),
            tuple(self.pointers),
            self.phase,
            self.discarded,
        )


def _terms(found: list[tuple[int, int, float]]) -> Terms:
    rows, columns, factors = zip(*found, strict=True) if found else ((), (), ())
    return Terms(np.array(rows, dtype=np.intp), np.array(columns, dtype=np.intp), np.array(factors, dtype=np.float64))
