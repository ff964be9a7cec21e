"""What a circuit is submitted to, as this qsac knows it: what an artifact says of its target is not believed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from qsac.checking import runs_on
from qsac.errors import DoesNotFitError, InvalidInputError
from qsac.files.differences import differences, shown
from qsac.files.pointer import describe as found_text
from qsac.files.pointer import quoted
from qsac.machine.registry import target, target_names
from qsac.machine.target import Target, describe
from qsac.native.circuit import NativeCircuit


def known_target(described: Mapping[str, Any]) -> Target:
    """The target that an artifact says it is compiled for, from the registry.

    Raises :class:`~qsac.errors.InvalidInputError` if there is none of that name, or if the artifact describes another
    machine under it.
    """
    name = described.get("name")
    if not isinstance(name, str) or name not in target_names():
        raise InvalidInputError(
            "the program is compiled for a target that this qsac does not know",
            code="artifact.unknown-target",
            pointer="/target/name",
            found=found_text(name),
            wanted="a target that qsac targets lists: what a job costs is computed from its description",
            help="compile the model again for one of them",
        )
    known = target(name)
    for pointer, found, wanted in differences(dict(described), describe(known), "/target"):
        raise InvalidInputError(
            f"the artifact describes another machine than the {quoted(name)} that this qsac knows",
            code="artifact.changed-target",
            pointer=pointer,
            found=shown(found),
            wanted=shown(wanted),
            help="compile the model again: an artifact of another version, or one that was changed, is not submitted",
        )
    return known


def check_circuit(circuit: NativeCircuit, machine: Target, pointer: str = "/circuits/0") -> None:
    """Whether a machine has the circuit's qubits and gates, and couples what its two-qubit gates act on. ``pointer`` is
    the circuit's place.

    Raises :class:`~qsac.errors.DoesNotFitError` for too many qubits, else :class:`~qsac.errors.InvalidInputError`.
    """
    if machine.qubits is not None and len(circuit.qubits) > machine.qubits:
        raise DoesNotFitError(
            "the circuit has too many qubits",
            code="capacity.too-many-qubits",
            found=f"{len(circuit.qubits):,}",
            wanted=f"at most {machine.qubits:,} on {machine.name}",
        )
    wanted = circuit.out_of_range()
    if wanted is not None:
        raise InvalidInputError(
            "the circuit's gates are invalid", code="circuit.invalid-gates", pointer=f"{pointer}/circuit", wanted=wanted
        )
    for finding in runs_on(circuit, machine, pointer):
        raise InvalidInputError(
            finding.title,
            code="circuit.not-executable",
            pointer=finding.pointer,
            found=finding.found,
            wanted=finding.wanted,
            help="compile the model again for the machine",
        )
