"""Circuits of other packages as blocks of single gates, their symbols kept: what all such imports share.

An angle is a constant plus factors times symbols. Gates that the contract does not have are written in those that it
has, up to a global phase; any other gate is an error with its name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import pi
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from qsac.errors import InvalidInputError
from qsac.files.pointer import listed, quoted

_SAME = 1e-9


class Angle(NamedTuple):
    """``offset`` + the sum of ``factors`` times symbols, in radians."""

    offset: float = 0.0
    factors: Mapping[str, float] = {}

    def times(self, factor: float) -> Angle:
        """A multiple of it."""
        return Angle(factor * self.offset, {name: factor * own for name, own in self.factors.items()})

    def plus(self, offset: float) -> Angle:
        """It and a constant."""
        return Angle(self.offset + offset, self.factors)


@dataclass(frozen=True)
class ImportedCircuit:
    """A circuit of another package. ``step``: the step of a model file, whose parameters may be left out;
    ``parameters`` and ``inputs``: the names of the symbols, in the order of the block's."""

    step: dict[str, Any]
    parameters: tuple[str, ...]
    inputs: tuple[str, ...]


def affine(names: Sequence[str], evaluated: Callable[[Mapping[str, float]], float], shown: str) -> Angle:
    """An expression of symbols as an angle, by its values. Raises :class:`~qsac.errors.InvalidInputError` for one that
    is not a constant plus multiples of symbols."""
    zero = dict.fromkeys(names, 0.0)
    offset = evaluated(zero)
    factors = {name: evaluated({**zero, name: 1.0}) - offset for name in names}
    generic = {name: float(np.sin(1.0 + place)) for place, name in enumerate(names)}
    wanted = offset + sum(factors[name] * generic[name] for name in names)
    if not np.isfinite(offset) or abs(evaluated(generic) - wanted) > _SAME:
        raise InvalidInputError(
            "an angle is no sum of multiples of symbols",
            code="import.not-affine",
            found=quoted(shown),
            wanted="a constant plus factors times symbols, such as 2*a + b + 0.5",
        )
    return Angle(offset, {name: factor for name, factor in factors.items() if factor})


@dataclass
class Gates:
    """Writes the gates of one circuit. ``inputs``: the symbols that are inputs, in order; all others are parameters, in
    the order of ``parameters`` if they are known, else in that in which they come."""

    qubits: int
    inputs: Sequence[str] = ()
    parameters: list[str] = field(default_factory=list)
    gates: list[list[Any]] = field(default_factory=list)
    _input_places: dict[str, int] = field(init=False)
    _parameter_places: dict[str, int] = field(init=False)

    def __post_init__(self) -> None:
        self._input_places = {name: place for place, name in enumerate(self.inputs)}
        self._parameter_places = {name: place for place, name in enumerate(self.parameters)}

    def add(self, name: str, qubits: Sequence[int], *angles: Angle | float) -> None:
        """A gate by its name in Qiskit. Raises :class:`~qsac.errors.InvalidInputError` for an unknown one."""
        written = [angle if isinstance(angle, Angle) else Angle(float(angle)) for angle in angles]
        if name in _PLAIN:
            self.gates.append([name, list(qubits)])
        elif name in _TURNS:
            self._turn(_TURNS[name], qubits, written[0])
        elif name in _WRITTEN:
            for part, places, *own in _WRITTEN[name](*written):
                self.add(part, [qubits[place] for place in places], *own)
        elif name not in _NOTHING:
            raise unknown_gate(name)

    def project(self, qubit: int, outcome: int) -> None:
        """Keep one outcome of a qubit."""
        self.gates.append(["project", [qubit], outcome])

    def unitary(self, matrix: NDArray[Any], qubits: Sequence[int]) -> None:
        """A matrix, the first qubit the most significant."""
        entries = np.asarray(matrix, dtype=np.complex128)
        pairs = np.stack([entries.real, entries.imag], axis=-1)
        self.gates.append(["unitary", list(qubits), pairs.tolist()])

    def finished(self, measure: Mapping[str, Any] | None, values: Mapping[str, float] | None) -> ImportedCircuit:
        """The step. ``values``: the numbers of parameters, drawn where they are None. Raises
        :class:`~qsac.errors.InvalidInputError` where one is missing, or where there is no gate."""
        angles = [gate[2] for gate in self.gates if len(gate) == 3 and isinstance(gate[2], dict)]
        used = {angle.get("input") for angle in angles}
        unused = [name for place, name in enumerate(self.inputs) if place not in used]
        if unused or not self.gates:
            raise InvalidInputError(
                "a symbol that is to be an input is in no angle" if self.gates else "the circuit has no gates",
                code="import.unknown-symbol" if self.gates else "import.no-gates",
                found=listed(unused) if unused else None,
                wanted=f"some of {listed(self.parameters)}" if self.parameters else None,
            )
        block: dict[str, Any] = {"type": "gates", "gates": self.gates}
        if self.parameters and values is not None:
            missing = [name for name in self.parameters if name not in values]
            if missing:
                raise InvalidInputError(
                    "a symbol has no value",
                    code="import.unknown-symbol",
                    found=listed(missing),
                    wanted="a number for each symbol that is no input, or none at all",
                )
            block["parameters"] = [float(values[name]) for name in self.parameters]
        step = {
            "type": "circuit",
            "qubits": self.qubits,
            "blocks": [block],
            "measure": dict(measure or {"type": "pauli", "each": "Z"}),
        }
        return ImportedCircuit(step, tuple(self.parameters), tuple(self.inputs))

    def _turn(self, name: str, qubits: Sequence[int], angle: Angle) -> None:
        """A rotation; one after the other where an angle has several symbols."""
        if not angle.factors:
            self.gates.append([name, list(qubits), angle.offset])
        offset = angle.offset
        for symbol, factor in angle.factors.items():
            self.gates.append([name, list(qubits), {**self._symbol(symbol), "factor": factor, "offset": offset}])
            offset = 0.0

    def _symbol(self, name: str) -> dict[str, int]:
        place = self._input_places.get(name)
        if place is not None:
            return {"input": place}
        if name not in self._parameter_places:
            self._parameter_places[name] = len(self.parameters)
            self.parameters.append(name)
        return {"parameter": self._parameter_places[name]}


def unknown_gate(name: str, help: str | None = None) -> InvalidInputError:
    """What is raised for a gate that is not known."""
    return InvalidInputError(
        f"the circuit has a gate that is not known: {quoted(name)}",
        code="import.unknown-gate",
        found=quoted(name),
        wanted=", ".join([*_PLAIN, *_TURNS, *_WRITTEN]),
        help=help or "decompose it first, in the package that the circuit comes from",
    )


_PLAIN = ("h", "x", "y", "z", "s", "sdg", "t", "cx", "cy", "cz", "swap")
_TURNS = {
    **{name: name for name in ("rx", "ry", "rz", "crx", "cry", "crz")},
    **{f"r{pair}": pair for pair in ("xx", "yy", "zz")},
    "p": "rz",
}
_NOTHING = ("id", "barrier", "global_phase")

_BOTH, _FIRST, _SECOND = (0, 1), (0,), (1,)

_WRITTEN: dict[str, Callable[..., list[Any]]] = {
    "tdg": lambda: [("rz", _FIRST, -pi / 4)],
    "sx": lambda: [("rx", _FIRST, pi / 2)],
    "sxdg": lambda: [("rx", _FIRST, -pi / 2)],
    "r": lambda turn, axis: [("rz", _FIRST, axis.times(-1)), ("rx", _FIRST, turn), ("rz", _FIRST, axis)],
    "u": lambda theta, phi, lam: [("rz", _FIRST, lam), ("ry", _FIRST, theta), ("rz", _FIRST, phi)],
    "u2": lambda phi, lam: [("rz", _FIRST, lam), ("ry", _FIRST, pi / 2), ("rz", _FIRST, phi)],
    "cp": lambda lam: [("crz", _BOTH, lam), ("rz", _FIRST, lam.times(0.5))],
    "ch": lambda: [("ry", _SECOND, -pi / 4), ("cz", _BOTH), ("ry", _SECOND, pi / 4)],
    "rzx": lambda turn: [("h", _SECOND), ("rzz", _BOTH, turn), ("h", _SECOND)],
    "iswap": lambda: [("rxx", _BOTH, -pi / 2), ("ryy", _BOTH, -pi / 2)],
    "zzmax": lambda: [("rzz", _BOTH, pi / 2)],
    "tk1": lambda a, b, c: [("rz", _FIRST, c), ("rx", _FIRST, b), ("rz", _FIRST, a)],
    "tk2": lambda a, b, c: [("rxx", _BOTH, a), ("ryy", _BOTH, b), ("rzz", _BOTH, c)],
}
"""By name, of its angles: the gates in time order, by the places of its qubits."""
