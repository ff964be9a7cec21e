"""From the fields of a circuit to the circuit in normal form with what is measured."""

from __future__ import annotations

from qsac.errors import InvalidInputError
from qsac.families.steps import schema
from qsac.families.steps.arrays import Arrays
from qsac.families.steps.blocks import Blocks, Canonical
from qsac.families.steps.capacity import check_qubits
from qsac.families.steps.model import Measured
from qsac.families.steps.normal_form import Circuit, Real, Writer
from qsac.files.pointer import counted, join, kind, listed, quoted

OBSERVABLES = 1 << 16
"""Most observables of one circuit."""


def circuit(
    given: schema.MeasuredCircuit | schema.TokenCircuit, pointer: str, arrays: Arrays
) -> tuple[Circuit, Real, Canonical]:
    """The circuit of these fields, its parameters, and the fields with every default explicit and no file left."""
    check_qubits(given.qubits, f"{pointer}/qubits")
    if not isinstance(given.blocks, list) or not given.blocks:
        raise InvalidInputError(
            "a circuit has no blocks",
            code="field.wrong-type",
            pointer=f"{pointer}/blocks",
            found=kind(given.blocks),
            wanted="a list of at least one block",
        )
    blocks = Blocks(Writer(given.qubits), arrays)
    canonical = blocks.write(given.blocks, f"{pointer}/blocks")
    made, parameters = blocks.finished()
    missing = sorted(set(range(made.inputs)) - blocks.writer.used)
    if missing:
        raise InvalidInputError(
            "a circuit does not use all of its inputs",
            code="steps.unused-inputs",
            pointer=f"{pointer}/blocks",
            found=f"blocks that take inputs up to {made.inputs - 1}, but none that takes {listed(map(str, missing))}",
            wanted="every input at least once",
        )
    return made, parameters, {"qubits": given.qubits, "blocks": canonical}


def measured(
    given: schema.MeasuredCircuit, pointer: str, arrays: Arrays, *, state: bool = False
) -> tuple[Measured, Canonical]:
    """The circuit of these fields with its measurement, and the canonical fields. ``state``: whether the state itself
    can be asked for here."""
    made, parameters, canonical = circuit(given, pointer, arrays)
    place = f"{pointer}/measure"
    measure = given.measure
    canonical["measure"] = measure.model_dump(exclude_none=True)
    if isinstance(measure, schema.StateMeasure):
        if not state:
            raise InvalidInputError(
                "a state is no result",
                code="steps.wrong-measure",
                pointer=place,
                found='"state"',
                wanted='"pauli" or "probabilities": states are compared inside attention only',
            )
        return Measured(made, parameters, "state"), canonical
    asked = measure.model_fields_set
    count = made.qubits - made.discarded
    qubits = _qubits(measure, count, place)
    if isinstance(measure, schema.ProbabilitiesMeasure):
        return Measured(made, parameters, "probabilities", qubits=qubits), canonical
    if ("observables" in asked) == ("each" in asked) or ("observables" in asked and "qubits" in asked):
        raise InvalidInputError(
            "the observables are given twice, or not at all",
            code="steps.wrong-measure",
            pointer=place,
            found=f"the fields {listed(sorted(asked))}",
            wanted='"observables", or "each" and, if not all are meant, "qubits"',
        )
    observables = (
        _observables(measure.observables, count, f"{place}/observables")
        if "observables" in asked
        else _each(measure.each, qubits, count, f"{place}/each")
    )
    nothing = "I" * made.discarded
    return Measured(made, parameters, "pauli", tuple(found + nothing for found in observables)), canonical


def _qubits(measure: schema.PauliMeasure | schema.ProbabilitiesMeasure, count: int, pointer: str) -> tuple[int, ...]:
    if "qubits" not in measure.model_fields_set:
        return tuple(range(count))
    for place, qubit in enumerate(measure.qubits):
        if qubit >= count or qubit in measure.qubits[:place]:
            raise InvalidInputError(
                "there is no such qubit to measure, or it is measured twice",
                code="steps.wrong-qubits",
                pointer=join(f"{pointer}/qubits", place),
                found=kind(qubit),
                wanted=f"different qubits of 0 to {count - 1}",
            )
    return tuple(measure.qubits)


def _observables(given: list[str], count: int, pointer: str) -> tuple[str, ...]:
    _check_count(len(given), pointer)
    for place, observable in enumerate(given):
        if len(observable) != count or set(observable) - set("IXYZ"):
            raise InvalidInputError(
                "an observable is not a Pauli string of the circuit's qubits",
                code="steps.wrong-measure",
                pointer=join(pointer, place),
                found=quoted(observable),
                wanted=f"{counted(count, 'letter')} I, X, Y or Z: one for each qubit",
            )
    return tuple(given)


def _each(letters: str, qubits: tuple[int, ...], count: int, pointer: str) -> tuple[str, ...]:
    if set(letters) - set("XYZ") or len(set(letters)) < len(letters):
        raise InvalidInputError(
            "each qubit is measured by letters that there are not, or twice by one",
            code="steps.wrong-measure",
            pointer=pointer,
            found=quoted(letters),
            wanted="some of X, Y and Z, each once",
        )
    return tuple("I" * qubit + letter + "I" * (count - 1 - qubit) for letter in letters for qubit in qubits)


def _check_count(count: int, pointer: str) -> None:
    if count > OBSERVABLES:
        raise InvalidInputError(
            "there are too many observables",
            code="field.wrong-length",
            pointer=pointer,
            found=counted(count, "observable"),
            wanted=f"at most {OBSERVABLES:,}",
        )


def no_inputs(made: Circuit, pointer: str, why: str) -> None:
    """Refuse a circuit that takes inputs where there are none."""
    if made.inputs:
        raise InvalidInputError(
            "this circuit has no inputs to take",
            code="steps.no-inputs",
            pointer=f"{pointer}/blocks",
            found=f"blocks that take {counted(made.inputs, 'input')}",
            wanted=why,
        )
