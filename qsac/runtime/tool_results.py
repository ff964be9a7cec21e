"""What other tools hand out as the result of a circuit, taken apart without importing any of them.

They are pytket's ``BackendResult``; Qiskit's ``PrimitiveResult``, ``SamplerPubResult``, ``DataBin``, ``BitArray``,
``Result`` and ``Counts``; Cirq's ``Result``; and Braket's result of a task. The classes of pytket, Qiskit and Cirq fix
the order of their bits, so nobody has to give it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from qsac.errors import InvalidInputError
from qsac.export.names import bit_name
from qsac.files.pointer import counted, describe
from qsac.native.circuit import NativeCircuit
from qsac.runtime.counts import EXAMPLE, Order


def taken_apart(circuit: NativeCircuit, result: object) -> tuple[Mapping[Any, Any], Order | None]:
    """The counts or listed shots of a tool's result, and the order of their bits where the result's class fixes it.

    A mapping is handed back with lists in the place of arrays. Raises :class:`~qsac.errors.InvalidInputError` for
    anything else.
    """
    if isinstance(result, Mapping):
        listings = {key: _listed(value) for key, value in result.items()}
        return listings, "qiskit" if _is(result, "qiskit", "Counts") else None
    if _is(result, "qiskit", "PrimitiveResult"):
        return taken_apart(circuit, _only(result))
    if _is(result, "qiskit", "SamplerPubResult"):
        return taken_apart(circuit, result.data)  # type: ignore[attr-defined]
    if _is(result, "qiskit", "DataBin"):
        return {name: _listed(bits) for name, bits in result.items()}, None  # type: ignore[attr-defined]
    if _is(result, "qiskit", "BitArray"):
        return dict(result.get_counts()), "qiskit"  # type: ignore[attr-defined]
    if _is(result, "qiskit", "Result"):
        return taken_apart(circuit, _of_qiskit(result))
    if _is(result, "pytket", "BackendResult"):
        return _of_pytket(circuit, result), "pytket"
    if _is(result, "cirq", "Result"):
        return _of_cirq(circuit, result), "pytket"
    if _is(result, "braket", "GateModelQuantumTaskResult"):
        return dict(result.measurement_counts), None  # type: ignore[attr-defined]
    raise InvalidInputError(
        "the counts are not a mapping of outcomes to numbers of shots",
        code="counts.not-a-mapping",
        found=describe(result),
        wanted=EXAMPLE,
    )


def _is(value: object, package: str, name: str) -> bool:
    """Whether a value is of a package's class; a user of the package has imported it, qsac need not."""
    return any(base.__name__ == name and base.__module__.split(".")[0] == package for base in type(value).__mro__)


def _only(results: Any) -> object:
    if len(results) != 1:
        raise InvalidInputError(
            "the result is of several circuits",
            code="counts.several-results",
            found=counted(len(results), "result"),
            wanted="the result of the artifact's circuit alone",
            help="hand over one of them: result[0]",
        )
    return results[0]


def _of_qiskit(result: Any) -> object:
    found = result.get_counts()
    if isinstance(found, list):
        return _only(found)
    return found


def _of_pytket(circuit: NativeCircuit, result: Any) -> Mapping[Any, Any]:
    """The circuit's bits are picked from the result's by their names, wherever they stand there."""
    from pytket.unit_id import Bit

    bits = [Bit(*unit) for unit in circuit.bits]
    _check_bits(list(map(str, bits)), [str(bit) for bit in bits if bit in result.c_bits])
    return dict(result.get_counts(cbits=bits))


def _of_cirq(circuit: NativeCircuit, result: Any) -> Mapping[Any, Any]:
    """Every bit has a measurement key of its own."""
    keys = list(map(bit_name, circuit.bits))
    records = result.records
    _check_bits(keys, [key for key in keys if key in records])
    return Counter(zip(*(records[key].reshape(-1).tolist() for key in keys), strict=True))


def _check_bits(wanted: Sequence[str], found: Sequence[str]) -> None:
    missing = [bit for bit in wanted if bit not in found]
    if missing:
        raise InvalidInputError(
            "the result lacks bits of the circuit",
            code="counts.missing-bits",
            found=f"no bit {missing[0]}",
            wanted=f"all of {', '.join(wanted[:8])}{', ..' * (len(wanted) > 8)}",
        )


def _listed(value: object) -> object:
    """A register's shots as a list, from Qiskit's ``BitArray`` or an array of NumPy's; anything else as it is."""
    if type(value) is int:
        return value
    if _is(value, "qiskit", "BitArray"):
        return list(value.get_bitstrings())  # type: ignore[attr-defined]
    return value.tolist() if _is(value, "numpy", "ndarray") else value  # type: ignore[attr-defined]
