"""The lists of gates that TorchQuantum's encoders take, as steps of a model file: :func:`from_torchquantum`.

A list is plain data, and neither torch nor TorchQuantum is needed. Wire 0 is the most significant qubit there as here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import isfinite, pi
from typing import Any, NamedTuple

import numpy as np

from qsac.arguments import flag, shown, whole_number
from qsac.errors import InvalidInputError
from qsac.files.pointer import counted, join, listed, nearest, quoted
from qsac.importing.symbolic_gates import Angle, Gates, ImportedCircuit

Parts = list[Any]
"""Gates by their names in Qiskit, the places of their wires among the entry's, and their angles."""


class _Known(NamedTuple):
    """A gate on so many ``wires`` with so many ``angles``, and the ``parts`` that it is written as."""

    wires: int
    angles: int
    parts: Callable[..., Parts]


def from_torchquantum(
    gates: Sequence[Mapping[str, Any]],
    *,
    wires: int | None = None,
    trainable: bool = False,
    values: Sequence[float] | None = None,
    measure: Mapping[str, Any] | None = None,
) -> ImportedCircuit:
    """A list as ``torchquantum.GeneralEncoder`` takes it, ``[{"input_idx": [0], "func": "ry", "wires": [0]}, ..]``, as
    a step of a model file.

    The angles at ``input_idx`` are the step's inputs ``x0``, ``x1``, .. by their places; with ``trainable`` they are
    parameters of its block, with ``values`` by their places, or left out, to be learned. An entry may have ``params``,
    numbers in radians, in their place, and a gate without angles has neither. ``wires``: how many there are, by default
    as many as are named. ``measure``: as in a model file, by default Z on each. A global phase is not kept.

    Raises :class:`~qsac.errors.InvalidInputError` for a gate that the contract does not have, with its name and place
    in the list, and for entries of another form.
    """
    trainable = flag(trainable, "trainable")
    if isinstance(gates, str | bytes | Mapping) or not isinstance(gates, Sequence):
        raise InvalidInputError(
            "the gates are not a list of gates",
            code="option.wrong-type",
            found=shown(gates),
            wanted=f"a list such as {_EXAMPLE}",
        )
    entries = [_Entry(entry, join("", place)) for place, entry in enumerate(gates)]
    count = max((wire for entry in entries for wire in entry.wires), default=0) + 1
    if wires is not None and whole_number(wires, "number of wires", 1) < count:
        raise InvalidInputError(
            "a gate acts on a wire that there is not",
            code="import.invalid-gate",
            found=f"wire {count - 1}",
            wanted=f"0 to {wires - 1}: {counted(wires, 'wire')}",
        )
    names = _names(entries)
    written = Gates(count if wires is None else int(wires), () if trainable else names, names if trainable else [])
    for entry in entries:
        for name, places, *angles in entry.parts:
            written.add(name, [entry.wires[place] for place in places], *angles)
    numbers = None
    if trainable and values is not None:
        numbers = dict(zip(names, _values(values, len(names)), strict=True))
    return written.finished(measure, numbers)


def _names(entries: Sequence[_Entry]) -> list[str]:
    """The names of all inputs, of which each has to be in some angle."""
    used = {place for entry in entries for place in entry.inputs}
    if used and max(used) >= len(used):
        missing = next(place for place in range(len(used) + 1) if place not in used)
        raise InvalidInputError(
            "an input is in no angle",
            code="import.unknown-symbol",
            found=f"inputs up to {max(used)}, and no gate with input {missing}",
            wanted="every input from 0 on at least once",
        )
    return [f"x{place}" for place in range(len(used))]


def _values(given: Sequence[float], count: int) -> list[float]:
    try:
        found = np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError):
        found = np.empty((0, 0))
    if found.shape != (count,) or not np.isfinite(found).all():
        raise InvalidInputError(
            "the values are not one number for each angle that is named",
            code="import.unknown-symbol",
            found=shown(given),
            wanted=f"{counted(count, 'finite number')}, by their places",
        )
    numbers: list[float] = found.tolist()
    return numbers


# Entries

_EXAMPLE = '[{"input_idx": [0], "func": "ry", "wires": [0]}]'
_FIELDS = ("input_idx", "params", "func", "wires")


class _Entry:
    """An entry of the list. ``inputs``: the places of the inputs in its angles; ``parts``: what it is written as."""

    def __init__(self, given: object, pointer: str) -> None:
        if not isinstance(given, Mapping) or set(given) - set(_FIELDS) or not {"func", "wires"} <= set(given):
            raise _invalid(pointer, given, f'an object with "func", "wires" and, where it has angles, {_ANGLES}')
        name = given["func"]
        if not isinstance(name, str) or name.lower() not in _KNOWN:
            raise _unknown(name, f"{pointer}/func")
        known = _KNOWN[name.lower()]
        self.wires = self._wires(given["wires"], known.wires, f"{pointer}/wires", name)
        self.inputs: list[int] = []
        self.parts = known.parts(*self._angles(given, known.angles, pointer, name))

    @staticmethod
    def _wires(given: Any, count: int, pointer: str, name: str) -> list[int]:
        wires = given if isinstance(given, list | tuple) else [given]
        if not all(map(_is_place, wires)) or len(wires) != count or len(set(wires)) < count:
            raise _invalid(pointer, given, f"{counted(count, 'wire')} from 0 on, different ones, for {quoted(name)}")
        return [int(wire) for wire in wires]

    def _angles(self, given: Mapping[str, Any], count: int, pointer: str, name: str) -> list[Angle]:
        places, numbers = given.get("input_idx"), given.get("params")
        if not count and not _is_some(places) and not _is_some(numbers):
            return []
        if _is_some(places) == _is_some(numbers) or not count:
            what = f"{_ANGLES}, one of them, for {quoted(name)}" if count else f"no angles: {quoted(name)} has none"
            raise _invalid(pointer, given, what)
        field, found = ("input_idx", places) if _is_some(places) else ("params", numbers)
        right = _is_place if field == "input_idx" else _is_number
        if not isinstance(found, list | tuple) or len(found) != count or not all(map(right, found)):
            what = "place of an input" if field == "input_idx" else "finite number"
            wanted = f"a list of {counted(count, what).replace('inputs', 'input')}"
            raise _invalid(f"{pointer}/{field}", found, f"{wanted} for {quoted(name)}")
        if field == "params":
            return [Angle(float(number)) for number in found]
        self.inputs = [int(place) for place in found]
        return [Angle(0.0, {f"x{place}": 1.0}) for place in self.inputs]


_ANGLES = '"input_idx" or "params"'


def _is_some(given: object) -> bool:
    return given is not None and given not in ([], ())


def _is_place(given: object) -> bool:
    return isinstance(given, int | np.integer) and not isinstance(given, bool) and 0 <= int(given) < 1 << 31


def _is_number(given: object) -> bool:
    return isinstance(given, int | float | np.integer | np.floating) and not isinstance(given, bool) and isfinite(given)


def _invalid(pointer: str, given: object, wanted: str) -> InvalidInputError:
    found = f"an object with {listed(map(str, given))}" if isinstance(given, Mapping) and given else shown(given)
    return InvalidInputError(
        "an entry of the list is no gate as TorchQuantum's encoders take it",
        code="import.invalid-gate",
        pointer=pointer,
        found=found,
        wanted=wanted,
    )


def _unknown(name: object, pointer: str) -> InvalidInputError:
    guess = nearest(name, _KNOWN) if isinstance(name, str) else None
    return InvalidInputError(
        f"the list has a gate that is not known: {quoted(name) if isinstance(name, str) else shown(name)}",
        code="import.unknown-gate",
        pointer=pointer,
        found=quoted(name) if isinstance(name, str) else shown(name),
        wanted=", ".join(sorted(_KNOWN)),
        help=f'did you mean "{guess}"?' if guess else "write it in gates on one and two wires",
    )


# Gates

_FIRST, _SECOND, _BOTH = (0,), (1,), (0, 1)


def _same(name: str, wires: int = 1, angles: int = 0) -> _Known:
    return _Known(wires, angles, lambda *given: [(name, tuple(range(wires)), *given)])


def _sum(one: Angle, other: Angle) -> Angle:
    factors = dict(one.factors)
    for name, factor in other.factors.items():
        factors[name] = factors.get(name, 0.0) + factor
    return Angle(one.offset + other.offset, factors)


def _controlled_u(theta: Angle, phi: Angle, lam: Angle, gamma: Angle | None = None) -> Parts:
    """U is exp(i (phi + lam) / 2) RZ(phi) RY(theta) RZ(lam): its phase is one of the control."""
    phase = _sum(phi, lam).times(0.5)
    turns = [("crz", _BOTH, lam), ("cry", _BOTH, theta), ("crz", _BOTH, phi)]
    return [*turns, ("p", _FIRST, phase if gamma is None else _sum(phase, gamma))]


def _single_excitation(theta: Angle) -> Parts:
    """RBS(-theta / 2)."""
    turns = [("ry", _FIRST, theta.times(-0.5)), ("ry", _SECOND, theta.times(0.5))]
    around: Parts = [("h", _FIRST), ("h", _SECOND), ("cz", _BOTH)]
    return [*around, *turns, *reversed(around)]


_KNOWN: dict[str, _Known] = {
    **{name: _same(name) for name in ("h", "x", "y", "z", "s", "sdg", "t", "tdg", "sx", "sxdg")},
    **{f"pauli{axis}": _same(axis) for axis in "xyz"},
    "hadamard": _same("h"),
    "i": _same("id"),
    **dict.fromkeys(("sh", "shadamard"), _Known(1, 0, lambda: [("ry", _FIRST, pi / 4)])),
    **{name: _same(name, 2) for name in ("cx", "cy", "cz", "ch", "swap", "iswap")},
    "cnot": _same("cx", 2),
    "chadamard": _same("ch", 2),
    **{name: _same(name, 1, 1) for name in ("rx", "ry", "rz", "p")},
    **dict.fromkeys(("u1", "phaseshift"), _same("p", 1, 1)),
    "u2": _same("u2", 1, 2),
    "r": _same("r", 1, 2),
    **dict.fromkeys(("u3", "u"), _same("u", 1, 3)),
    "rot": _Known(1, 3, lambda a, b, c: [("rz", _FIRST, a), ("ry", _FIRST, b), ("rz", _FIRST, c)]),
    **{name: _same(name, 2, 1) for name in ("crx", "cry", "crz", "rxx", "ryy", "rzz", "rzx", "cp")},
    **{pair: _same(f"r{pair}", 2, 1) for pair in ("xx", "yy", "zz", "zx")},
    **dict.fromkeys(("cu1", "cphase", "cr"), _same("cp", 2, 1)),
    "crot": _Known(2, 3, lambda a, b, c: [("crz", _BOTH, a), ("cry", _BOTH, b), ("crz", _BOTH, c)]),
    "cu3": _Known(2, 3, _controlled_u),
    "cu": _Known(2, 4, _controlled_u),
    "cs": _Known(2, 0, lambda: [("cp", _BOTH, Angle(pi / 2))]),
    "csdg": _Known(2, 0, lambda: [("cp", _BOTH, Angle(-pi / 2))]),
    "csx": _Known(2, 0, lambda: [("crx", _BOTH, pi / 2), ("p", _FIRST, pi / 4)]),
    "dcx": _Known(2, 0, lambda: [("cx", _BOTH), ("cx", (1, 0))]),
    "sswap": _Known(2, 0, lambda: [(name, _BOTH, pi / 4) for name in ("rxx", "ryy", "rzz")]),
    "singleexcitation": _Known(2, 1, _single_excitation),
    **dict.fromkeys(("ecr", "echoedcrossresonance"), _Known(2, 0, lambda: [("rzx", _BOTH, pi / 2), ("x", _FIRST)])),
}
"""By TorchQuantum's names. Some matrices there that are called unitary are not (``cu2``): those are not known here."""
