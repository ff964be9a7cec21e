"""What other tools hand out as the result of a circuit, taken apart without importing any of them.

They are pytket's ``BackendResult``; Qiskit's ``PrimitiveResult``, ``SamplerPubResult``, ``DataBin``, ``BitArray``,
``Result`` and ``Counts``; and Braket's result of a task. The classes of pytket and Qiskit fix the order of their bits,
so nobody has to give it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from qsac.errors import InvalidInputError
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
    missing = [str(bit) for bit in bits if bit not in result.c_bits]
    if missing:
        raise InvalidInputError(
            "the result lacks bits of the circuit",
            code="counts.missing-bits",
            found=f"no bit {missing[0]}",
            wanted=f"all of {', '.join(map(str, bits[:8]))}{', ..' * (len(bits) > 8)}",
        )
    return dict(result.get_counts(cbits=bits))


def _listed(value: object) -> object:
    """A register's shots as a list, from Qiskit's ``BitArray`` or an array of NumPy's; anything else as it is."""
    if type(value) is int:
        return value
    if _is(value, "qiskit", "BitArray"):
        return list(value.get_bitstrings())  # type: ignore[attr-defined]
    return value.tolist() if _is(value, "numpy", "ndarray") else value  # type: ignore[attr-defined]
