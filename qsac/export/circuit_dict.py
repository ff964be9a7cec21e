"""Native circuits in the form of pytket's ``Circuit.to_dict()``, written and read without pytket.

``pytket.Circuit.from_dict`` reads what :func:`to_dict` writes. Two things differ from pytket's own writing: commands
stand in program order, which groups and profiles count in (pytket orders them anew), and angles are written so that
they come back exactly (pytket writes 15 digits and wraps them).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, NoReturn

import numpy as np

from qsac.errors import InvalidInputError
from qsac.native.circuit import GATES, KIND, LARGEST_ANGLE, NativeCircuit, Unit

_MEASURE = KIND["Measure"]
_SHOWN = 80
_ANGLE = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_REGISTER_SIZES = 2**16
"""Most qubits, and most bits, that the registers of a circuit may have together, gaps in their indices counted: other
packages make registers without gaps, so an index is a claim on memory."""
_REGISTER = re.compile(r"[a-z][A-Za-z0-9_]*")


def to_dict(circuit: NativeCircuit) -> dict[str, Any]:
    """The circuit as pytket would write it, commands in program order, angles as Python's ``repr`` writes them.

    For speed, equal parts (units, operations without angles) are one object: do not change the result in place.
    """
    qubits = [[register, [index]] for register, index in circuit.qubits]
    bits = [[register, [index]] for register, index in circuit.bits]
    alone = [[qubit] for qubit in qubits]
    fixed = [{"type": gate.name} for gate in GATES]
    shapes = [(gate.name, gate.qubits, gate.parameters) for gate in GATES]
    commands = []
    columns = (circuit.kind, circuit.first, circuit.second, circuit.angles[:, 0], circuit.angles[:, 1])
    for kind, first, second, angle, other in zip(*(column.tolist() for column in columns), strict=True):
        name, arity, parameters = shapes[kind]
        args = [qubits[first], qubits[second]] if arity == 2 else alone[first]
        if parameters:
            params = [repr(angle)] if parameters == 1 else [repr(angle), repr(other)]
            commands.append({"args": args, "op": {"params": params, "type": name}})
        elif kind == _MEASURE:
            commands.append({"args": [qubits[first], bits[second]], "op": fixed[kind]})
        else:
            commands.append({"args": args, "op": fixed[kind]})
    return {
        "bits": bits,
        "commands": commands,
        "created_qubits": [],
        "discarded_qubits": [],
        "implicit_permutation": [[qubit, qubit] for qubit in qubits],
        "name": circuit.name,
        "phase": "0.0",
        "qubits": qubits,
    }


def to_json(circuit: NativeCircuit, chunk: int = 20_000) -> Iterator[str]:
    """The text of :func:`to_dict` without blanks, in parts: millions of gates are never all in memory as objects."""
    empty = to_dict(circuit.rows(slice(0, 0)))
    head, tail = json.dumps(empty, separators=(",", ":")).split('"commands":[]', 1)
    yield head + '"commands":['
    for start in range(0, len(circuit), chunk):
        yield ("," if start else "") + ",".join(_command_texts(circuit, slice(start, start + chunk)))
    yield "]" + tail


def _command_texts(circuit: NativeCircuit, part: slice) -> Iterator[str]:
    qubits, bits = (
        [json.dumps([register, [index]], separators=(",", ":")) for register, index in units]
        for units in (circuit.qubits, circuit.bits)
    )
    shapes = [(gate.name, gate.qubits, gate.parameters) for gate in GATES]
    columns = (circuit.kind, circuit.first, circuit.second, circuit.angles[:, 0], circuit.angles[:, 1])
    for kind, first, second, angle, other in zip(*(column[part].tolist() for column in columns), strict=True):
        name, arity, parameters = shapes[kind]
        args = f"{qubits[first]},{qubits[second]}" if arity == 2 else qubits[first]
        if parameters == 2:
            yield f'{{"args":[{args}],"op":{{"params":["{angle!r}","{other!r}"],"type":"{name}"}}}}'
        elif parameters:
            yield f'{{"args":[{args}],"op":{{"params":["{angle!r}"],"type":"{name}"}}}}'
        elif kind == _MEASURE:
            yield f'{{"args":[{args},{bits[second]}],"op":{{"type":"{name}"}}}}'
        else:
            yield f'{{"args":[{args}],"op":{{"type":"{name}"}}}}'


def from_dict(data: object, pointer: str = "") -> NativeCircuit:
    """The circuit that ``data`` describes, without readouts, profile, groups and maps, which pytket knows nothing of.

    ``data`` need not be trusted: what is no circuit of native gates raises :class:`InvalidInputError`, with the JSON
    pointer of the place below ``pointer``.
    """
    if not isinstance(data, dict):
        _refuse(
            "a circuit is an object",
            pointer,
            data,
            "an object",
            code="circuit.malformed",
        )
    qubits = _units(data, "qubits", pointer)
    bits = _units(data, "bits", pointer)
    _check_rest(data, pointer)
    commands = data.get("commands")
    if not isinstance(commands, list):
        _refuse(
            "a circuit has commands",
            f"{pointer}/commands",
            commands,
            "a list",
            code="circuit.malformed",
        )
    kinds, firsts, seconds = [0] * len(commands), [0] * len(commands), [-1] * len(commands)
    angles = np.zeros((len(commands), 2))
    slots = angles.reshape(-1)
    for index, command in enumerate(commands):
        # One attempt for the common case; whatever is wrong is looked for again, slowly, to say what it is.
        try:
            op = command["op"]
            kind = kinds[index] = KIND[op["type"]]
            _, arity, parameters = GATES[kind]
            firsts[index], seconds[index] = _places(kind, arity, command["args"], qubits, bits)
            words = op.get("params", ())
            if len(words) != parameters or not (type(words) is list or not parameters):
                raise ValueError
            for place, word in enumerate(words):
                if not _ANGLE.fullmatch(word):
                    raise ValueError
                slots[2 * index + place] = float(word)
        except (KeyError, TypeError, ValueError, AttributeError, IndexError):
            _refuse_command(command, f"{pointer}/commands/{index}", qubits, bits)
    sensible = np.abs(angles) <= LARGEST_ANGLE
    if not sensible.all():
        index = int(np.argmin(sensible.all(axis=1)))
        _refuse_angle(commands[index]["op"]["params"], f"{pointer}/commands/{index}/op/params")
    return NativeCircuit(
        name=data.get("name") or "",
        qubits=tuple(qubits),
        bits=tuple(bits),
        kind=np.array(kinds, dtype=np.int8),
        first=np.array(firsts, dtype=np.int32),
        second=np.array(seconds, dtype=np.int32),
        angles=angles,
    )


def _places(kind: int, arity: int, args: Any, qubits: dict[Unit, int], bits: dict[Unit, int]) -> tuple[int, int]:
    """First and second of a gate: its qubits, a measurement's qubit and bit, or -1 for what it has not. Any of several
    exceptions says that ``args`` are not right."""
    units = [(register, number) for register, (number,) in args]
    if any(type(number) is not int for _, number in units):
        raise TypeError
    first = qubits[units[0]]
    if arity == 2:
        _, other = units
        second = qubits[other]
        if second == first:
            raise ValueError
        return first, second
    if kind == _MEASURE:
        _, other = units
        return first, bits[other]
    (_,) = units
    return first, -1


def _units(data: dict[str, Any], key: str, pointer: str) -> dict[Unit, int]:
    """Unit -> its place in the list ``data[key]``."""
    listed = data.get(key)
    if not isinstance(listed, list):
        _refuse(
            f"a circuit has {key}",
            f"{pointer}/{key}",
            listed,
            "a list",
            code="circuit.malformed",
        )
    units: dict[Unit, int] = {}
    sizes: dict[str, int] = {}
    total = 0
    for index, item in enumerate(listed):
        unit = _unit(item, f"{pointer}/{key}/{index}")
        if unit in units:
            _refuse(
                "a unit is declared twice",
                f"{pointer}/{key}/{index}",
                item,
                "each unit once",
                code="circuit.repeated-unit",
            )
        units[unit] = index
        grown = unit[1] + 1 - sizes.get(unit[0], 0)
        if grown > 0:
            sizes[unit[0]], total = unit[1] + 1, total + grown
        if total > _REGISTER_SIZES:
            _refuse(
                f"the registers of {key} are too large",
                f"{pointer}/{key}/{index}",
                item,
                f"at most {_REGISTER_SIZES:,} {key} in all registers, counted up to the largest index of each",
                code="circuit.registers-too-large",
            )
    return units


def _unit(item: object, pointer: str) -> Unit:
    wanted = 'a register and one index, as ["q", [0]]'
    if not (isinstance(item, list) and len(item) == 2 and isinstance(item[0], str) and isinstance(item[1], list)):
        _refuse(
            "this is no qubit or bit",
            pointer,
            item,
            wanted,
            code="circuit.malformed",
        )
    register, indices = item
    if len(indices) != 1 or type(indices[0]) is not int or not 0 <= indices[0] < 2**31:
        _refuse(
            "this is no qubit or bit",
            pointer,
            item,
            wanted,
            code="circuit.malformed",
        )
    if not _REGISTER.fullmatch(register):
        _refuse(
            "this is no name of a register",
            pointer,
            register,
            "letters, digits and _, a small letter first",
            code="circuit.malformed",
        )
    return register, indices[0]


def _check_rest(data: dict[str, Any], pointer: str) -> None:
    """Refuses what pytket can express and a native circuit cannot: implicit swaps, created or discarded qubits."""
    for key in ("created_qubits", "discarded_qubits"):
        if data.get(key, []) != []:
            _refuse(
                "a native circuit neither creates nor discards qubits",
                f"{pointer}/{key}",
                data[key],
                "[]",
                code="circuit.not-native",
            )
    listed = data.get("implicit_permutation", [])
    if not isinstance(listed, list) or any(not isinstance(p, list) or len(p) != 2 or p[0] != p[1] for p in listed):
        _refuse(
            "a native circuit has no implicit swaps",
            f"{pointer}/implicit_permutation",
            listed,
            "each qubit to itself",
            code="circuit.not-native",
        )
    if not isinstance(data.get("name") or "", str):
        _refuse(
            "a name is text",
            f"{pointer}/name",
            data["name"],
            "text",
            code="circuit.malformed",
        )


def _refuse_command(command: object, pointer: str, qubits: dict[Unit, int], bits: dict[Unit, int]) -> NoReturn:
    """Says what is wrong with a command that could not be read."""
    if not isinstance(command, dict) or not isinstance(command.get("op"), dict):
        _refuse(
            "this is no command",
            pointer,
            command,
            'an object with "op" and "args"',
            code="circuit.malformed",
        )
    op, args = command["op"], command.get("args")
    name = op.get("type")
    if not isinstance(name, str) or name not in KIND:
        known = ", ".join(gate.name for gate in GATES)
        _refuse(
            "this is not a native gate",
            f"{pointer}/op/type",
            name,
            f"one of {known}",
            code="circuit.unknown-gate",
        )
    gate = GATES[KIND[name]]
    declared = [qubits, bits] if name == "Measure" else [qubits] * gate.qubits
    wanted = "a qubit and a bit" if name == "Measure" else "two qubits" if gate.qubits == 2 else "one qubit"
    if not isinstance(args, list) or len(args) != len(declared):
        _refuse(
            f"{name} acts on {wanted}",
            f"{pointer}/args",
            args,
            wanted,
            code="circuit.invalid-operands",
        )
    for index, (item, units) in enumerate(zip(args, declared, strict=True)):
        if _unit(item, f"{pointer}/args/{index}") not in units:
            what = "bit" if units is bits and index == 1 else "qubit"
            _refuse(
                f"this {what} is not declared",
                f"{pointer}/args/{index}",
                item,
                f"one of the circuit's {what}s",
                code="circuit.undeclared-unit",
            )
    if gate.qubits == 2 and args[0] == args[1]:
        _refuse(
            f"{name} acts on two different qubits",
            f"{pointer}/args",
            args,
            wanted,
            code="circuit.invalid-operands",
        )
    words = op.get("params", [])
    if not isinstance(words, list) or len(words) != gate.parameters:
        _refuse(
            f"{name} takes {gate.parameters} angles",
            f"{pointer}/op/params",
            words,
            f"{gate.parameters} angles",
            code="circuit.invalid-angle",
        )
    _refuse_angle(words, f"{pointer}/op/params")


def _refuse_angle(words: list[Any], pointer: str) -> NoReturn:
    wrong = (
        i
        for i, w in enumerate(words)
        if not isinstance(w, str) or not _ANGLE.fullmatch(w) or abs(float(w)) > LARGEST_ANGLE
    )
    index = next(wrong, 0)
    _refuse(
        "this is no angle",
        f"{pointer}/{index}",
        words[index],
        'a decimal number of half-turns as text, as "0.25"',
        code="circuit.invalid-angle",
    )


def _refuse(title: str, pointer: str, found: object, wanted: str, *, code: str) -> NoReturn:
    raise InvalidInputError(
        title,
        code=code,
        pointer=pointer,
        found=_excerpt(found),
        wanted=wanted,
    )


def _excerpt(found: object) -> str:
    """The beginning of a value's JSON; no more of it is written than is shown."""
    if isinstance(found, str):
        found = found[: _SHOWN + 1]
    text = ""
    # Unlike dumps, this goes part by part; a text within may be as long as the file.
    for part in json.JSONEncoder(default=repr).iterencode(found):
        text += part[:_SHOWN]
        if len(text) > _SHOWN:
            return text[: _SHOWN - 3] + "..."
    return text
