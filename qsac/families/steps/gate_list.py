"""The block of single gates: from [name, qubits, number] to the normal form."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import pi
from typing import Any, get_args

import numpy as np

from qsac.errors import InvalidInputError
from qsac.families.steps.ansatz import rbs
from qsac.families.steps.capacity import check_qubits
from qsac.families.steps.normal_form import (
    Clifford,
    CliffordName,
    FixedUnitary,
    Multiplexor,
    Projection,
    Rotation,
    Writer,
)
from qsac.families.unitary import with_entries
from qsac.files.numbers import checked_list, finite_pairs, refuse_non_number
from qsac.files.pointer import counted, join, kind, listed, nearest, quoted

_PAULI = {"rx": "x", "ry": "y", "rz": "z", "xx": "xx", "yy": "yy", "zz": "zz"}
_CONTROLLED = {"crx": "x", "cry": "y", "crz": "z"}
_CLIFFORDS: tuple[str, ...] = get_args(CliffordName)
_COUNTS = {
    **dict.fromkeys(_CLIFFORDS[:6], 1),
    **dict.fromkeys(_CLIFFORDS[6:], 2),
    "t": 1,
    **{name: len(paulis) for name, paulis in _PAULI.items()},
    **dict.fromkeys((*_CONTROLLED, "rbs"), 2),
    "project": 1,
    "reset": 1,
}
_FIXED = {*_CLIFFORDS, "t", "reset"}
NAMES = (*_COUNTS, "unitary")

_UNITARY_QUBITS = 6
"""Most qubits of a matrix among the gates: its synthesis takes about 4^n gates."""

_EXCLUDED = {
    "swap-test": "scores of mixed states are taken without a swap test: attention with the score mixed-overlap",
    "cswap": "overlaps are taken without a swap test: attention with a score of overlap-squared or mixed-overlap",
    "measure": "a measured control is written as a control, which is the same by deferral; project post-selects, and "
    "reset keeps every outcome",
    "if": "there is no classical feed-forward in a circuit: write it as a control, which is the same by deferral",
}
_EXCLUDED |= {"fredkin": _EXCLUDED["cswap"], "ccx": "write three-qubit gates as gates on one and two qubits"}


SYMBOLS = 1 << 20
"""Most numbers that a block's gates name."""


@dataclass(frozen=True)
class Symbols:
    """What angles name by their places in the block: places of parameters, and of inputs, in the circuit."""

    parameters: Sequence[int] = ()
    inputs: Sequence[int] = ()


def named_counts(gates: object) -> tuple[int, int]:
    """How many parameters and inputs the angles of some gates name."""
    found = {"parameter": 0, "input": 0}
    for gate in gates if isinstance(gates, list) else ():
        angle = gate[2] if isinstance(gate, list) and len(gate) == 3 else None
        for name in found:
            place = angle.get(name) if isinstance(angle, dict) else None
            if type(place) is int and 0 <= place < SYMBOLS:
                found[name] = max(found[name], place + 1)
    return found["parameter"], found["input"]


def write_gates(writer: Writer, gates: object, qubits: tuple[int, ...], pointer: str, symbols: Symbols) -> list[Any]:
    """Write the gates of a block on ``qubits``; returned is the list's canonical form."""
    if not isinstance(gates, list) or not gates:
        raise InvalidInputError(
            "the gates of a block are not a list of gates",
            code="field.wrong-type",
            pointer=pointer,
            found=kind(gates),
            wanted='a list of at least one gate, for example [["h", [0]]]',
        )
    canonical = []
    for place, given in enumerate(gates):
        where = join(pointer, place)
        name, named, number = _parts(given, where)
        _check_qubits(named, len(qubits), _count_of(name, named, where), where)
        acted = tuple(qubits[index] for index in named)
        canonical.append([name, named, *_write(writer, name, acted, number, where, symbols)])
    return canonical


def _parts(given: object, pointer: str) -> tuple[str, list[Any], list[object]]:
    if not isinstance(given, list) or len(given) not in (2, 3) or not isinstance(given[0], str):
        raise InvalidInputError(
            "a gate is a list of its name, its qubits and, where it has one, a number",
            code="gate.invalid",
            pointer=pointer,
            found=kind(given),
            wanted='for example ["h", [0]] or ["rx", [1], 0.5]',
        )
    name = given[0]
    if name not in NAMES:
        guess = nearest(name, NAMES)
        raise InvalidInputError(
            f"there is no gate {quoted(name)}",
            code="gate.unknown",
            pointer=f"{pointer}/0",
            wanted=f"one of {', '.join(NAMES)}",
            help=_EXCLUDED.get(name.lower()) or (f'did you mean "{guess}"?' if guess else None),
        )
    if not isinstance(given[1], list):
        raise InvalidInputError(
            "the qubits of a gate are a list",
            code="gate.invalid",
            pointer=f"{pointer}/1",
            found=kind(given[1]),
            wanted="a list of the places of qubits, from 0",
        )
    if (len(given) == 3) == (name in _FIXED):
        raise InvalidInputError(
            f"the gate {quoted(name)} " + ("has no number" if name in _FIXED else "has a third entry"),
            code="gate.invalid",
            pointer=pointer,
            found=f"a list of {counted(len(given), 'entry').replace('entrys', 'entries')}",
            wanted=f'["{name}", qubits' + ("]" if name in _FIXED else ", number]"),
        )
    return name, given[1], given[2:]


def _count_of(name: str, named: list[Any], pointer: str) -> int:
    if name != "unitary":
        return _COUNTS[name]
    if not 1 <= len(named) <= _UNITARY_QUBITS:
        raise InvalidInputError(
            "a unitary acts on no qubit, or on too many",
            code="gate.wrong-qubits",
            pointer=f"{pointer}/1",
            found=counted(len(named), "qubit"),
            wanted=f"1 to {_UNITARY_QUBITS} qubits",
        )
    return len(named)


def _check_qubits(named: list[Any], available: int, count: int, pointer: str) -> None:
    for place, qubit in enumerate(named):
        if type(qubit) is not int or not 0 <= qubit < available:
            raise InvalidInputError(
                "there is no such qubit",
                code="gate.wrong-qubits",
                pointer=join(f"{pointer}/1", place),
                found=kind(qubit),
                wanted=f"0 to {available - 1}: the block acts on {counted(available, 'qubit')}",
            )
    if len(named) != count or len(set(named)) < count:
        raise InvalidInputError(
            "the gate has other qubits than it needs",
            code="gate.wrong-qubits",
            pointer=f"{pointer}/1",
            found=f"{named}",
            wanted=f"{counted(count, 'qubit')}" + (", different ones" if count > 1 else ""),
        )


def _write(
    writer: Writer, name: str, qubits: tuple[int, ...], number: list[object], pointer: str, symbols: Symbols
) -> list[Any]:
    """Write one gate; returned is what stands after its qubits."""
    place = f"{pointer}/2"
    if name == "unitary":
        return [_unitary(writer, qubits, number[0], place)]
    if name == "project":
        if type(number[0]) is not int or number[0] not in (0, 1):
            raise InvalidInputError(
                "a qubit is projected on 0 or 1",
                code="gate.invalid",
                pointer=place,
                found=kind(number[0]),
                wanted="0 or 1",
            )
        writer.add(Projection(qubits[0], number[0]))
        return number
    if name == "reset":
        writer.reset(qubits[0])
        check_qubits(writer.qubits + writer.discarded, pointer, writer.discarded)
        return []
    if name in _CLIFFORDS:
        writer.add(Clifford(name, qubits))  # type: ignore[arg-type]  # it is one of them
        return []
    if name == "t":
        writer.add(Rotation("z", qubits, writer.value(pi / 4)))
        writer.phase += pi / 8
        return []
    angle = number[0]
    if isinstance(angle, dict):
        angle, value = _named(writer, angle, place, symbols)
    elif type(angle) not in (int, float) or not np.isfinite(angle):  # type: ignore[call-overload]  # a number
        raise refuse_non_number(angle, place)
    else:
        constant = float(angle)  # type: ignore[arg-type]  # a number

        def value(sign: float = 1.0) -> int:
            return writer.value(sign * constant)

    if name == "rbs":
        rbs(writer, qubits[0], qubits[1], value(), value(-1.0))
    elif name in _CONTROLLED:
        axis: Any = _CONTROLLED[name]
        writer.add(Multiplexor(axis, qubits[:1], qubits[1], (writer.value(), value())))
    else:
        writer.add(Rotation(_PAULI[name], qubits, value()))
    return [angle]


def _named(
    writer: Writer, given: dict[str, Any], pointer: str, symbols: Symbols
) -> tuple[dict[str, Any], Callable[..., int]]:
    """An angle that names a parameter or an input: its canonical form, and what writes it times a sign."""
    kinds = [name for name in ("parameter", "input") if name in given]
    unknown = set(given) - {"parameter", "input", "factor", "offset"}
    if len(kinds) != 1 or unknown:
        raise InvalidInputError(
            "an angle names one parameter or one input",
            code="gate.invalid",
            pointer=pointer,
            found=f"an object with {listed(given)}" if given else "an empty object",
            wanted='{"parameter": 0} or {"input": 0}, and, where they are not 1 and 0, "factor" and "offset"',
        )
    place = given[kinds[0]]
    known = symbols.parameters if kinds[0] == "parameter" else symbols.inputs
    if type(place) is not int or not 0 <= place < len(known):
        raise InvalidInputError(
            "an angle does not name a parameter or an input by its place",
            code="gate.invalid",
            pointer=join(pointer, kinds[0]),
            found=kind(place),
            wanted=f"a whole number from 0 to {SYMBOLS - 1:,}",
        )
    numbers = {}
    for name, usual in (("factor", 1.0), ("offset", 0.0)):
        number = given.get(name, usual)
        if type(number) not in (int, float) or not np.isfinite(number):
            raise refuse_non_number(number, join(pointer, name))
        numbers[name] = float(number)

    def write(sign: float = 1.0) -> int:
        summand = {known[place]: sign * numbers["factor"]}
        offset = sign * numbers["offset"]
        return writer.value(offset, summand) if kinds[0] == "parameter" else writer.value(offset, inputs=summand)

    return {kinds[0]: place, **numbers}, write


def _unitary(writer: Writer, qubits: tuple[int, ...], given: object, pointer: str) -> list[Any]:
    size = 1 << len(qubits)
    rows = checked_list(given, pointer, size, "row", f"the gate acts on {counted(len(qubits), 'qubit')}")
    entries = np.empty((size, size, 2))
    for place, row in enumerate(rows):
        where = join(pointer, place)
        pairs = checked_list(row, where, size, "[re, im] pair", "the matrix is square")
        finite_pairs(pairs, where, entries[place])
    try:
        matrix, canonical = with_entries(entries.view(np.complex128)[..., 0], pointer, size)
    except InvalidInputError as error:
        raise InvalidInputError(
            error.title,
            code="unitary.not-unitary",
            pointer=pointer,
            found=error.found,
            wanted=error.wanted,
            help=error.help,
        ) from None
    writer.add(FixedUnitary(qubits, np.asarray(matrix.entries, dtype=np.complex128)))
    found: list[Any] = canonical["entries"]
    return found
