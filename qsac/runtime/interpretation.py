"""Results from counts that were taken elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from qsac.arguments import shown
from qsac.artifact.compiled import Compiled
from qsac.errors import InvalidInputError
from qsac.families.contract import Result
from qsac.families.outcomes import counted
from qsac.files.pointer import describe, join, listed
from qsac.native.circuit import NativeCircuit
from qsac.runtime.as_compiled import of_later_circuits
from qsac.runtime.counts import EXAMPLE, ORDERS, Layout, Order, Reading, Spelled, read_counts
from qsac.runtime.counts_by_register import is_by_register, read_registers
from qsac.runtime.plausibility import doubts, is_compared
from qsac.runtime.run import outcomes_of, result_of
from qsac.runtime.tool_results import taken_apart


def interpret(compiled: Compiled, counts: object, order: Order | None = None) -> Result:
    """The result of a compiled program from counts of its circuit that were taken elsewhere.

    ``counts`` maps outcomes to numbers of shots, as pytket, Qiskit and Braket hand them out, or is a result object of
    theirs; shots listed by register are read too. Where the plan has several circuits, it maps their names to that. An
    outcome has one bit for each of a circuit's ``bits``, 1 or 0: a text, a tuple, a hexadecimal text or an integer.
    ``order`` is ``"pytket"`` where the first bit is leftmost, ``"qiskit"`` where the last one is. It has to be given
    for texts without blanks, and for those with blanks between single bits, unless every outcome reads the same both
    ways; tuples are pytket's, all else is Qiskit's.

    The result's ``seed`` is None. Its ``warnings`` say where the counts are not those of the circuit without noise, and
    where they fit better in the other order. Raises :class:`~qsac.errors.InvalidInputError` for outcomes whose order is
    not known, and for whatever is not a count of this circuit.
    """
    if not isinstance(compiled, Compiled):
        raise InvalidInputError(
            "the compiled program is invalid",
            code="option.wrong-type",
            found=shown(compiled),
            wanted="a Compiled, as compile or load returns",
        )
    return interpret_document(
        compiled, counts, order, None, lambda chosen: f'qsac.interpret(compiled, counts, order="{chosen}")'
    )


def interpret_document(
    compiled: Compiled, counts: object, order: Order | None, source: str | None, spelled: Spelled
) -> Result:
    """:func:`interpret`, with errors that name the ``source`` of the counts, and how an order is ``spelled`` out."""
    try:
        readings = _readings(compiled, counts, order, source, spelled)
    except InvalidInputError as error:
        raise (error if source is None else error.located(source)) from None
    found = outcomes_of(compiled, {name: reading.outcomes for name, reading in readings.items()})
    result = result_of(compiled, found)
    if not is_compared(compiled.model):
        return result
    warnings = [*result.warnings, *of_later_circuits(compiled.plan)]
    for name, reading in readings.items():
        other = None
        if reading.order is not None:
            circuit = compiled.circuit(name)
            other = counted(circuit, ((outcome[::-1], count) for outcome, count in reading.outcomes))
        warnings += doubts(compiled, name, found[name], reading.order, other)
    return replace(result, warnings=tuple(warnings))


def _readings(
    compiled: Compiled, counts: object, order: Order | None, source: str | None, spelled: Spelled
) -> dict[str, Reading]:
    """The counts of every circuit, by its name: of a plan of several circuits they stand under these names."""
    _check_order(order, None)
    if len(compiled.circuits) == 1:
        (circuit,) = compiled.circuits
        return {circuit.name: _read(circuit, counts, order, source, spelled)}
    needed = set() if compiled.plan.may_spare else set(compiled.names)
    if not isinstance(counts, Mapping) or not needed <= set(counts) <= set(compiled.names):
        raise _wrong_circuits(compiled, counts, source)
    readings = {}
    for circuit in compiled.circuits:
        if circuit.name not in counts:
            continue
        try:
            readings[circuit.name] = _read(circuit, counts[circuit.name], order, source, spelled)
        except InvalidInputError as error:
            error.pointer = join("", circuit.name) + (error.pointer or "")
            raise
    if len(readings) < len(compiled.circuits):
        seen = outcomes_of(compiled, {name: reading.outcomes for name, reading in readings.items()})
        if set(compiled.names) - set(readings) - compiled.plan.standing(seen).spared:
            raise _wrong_circuits(compiled, counts, source)
    return readings


def _wrong_circuits(compiled: Compiled, counts: object, source: str | None) -> InvalidInputError:
    unless = ", but for circuits that those of others make needless" if compiled.plan.may_spare else ""
    return InvalidInputError(
        "the counts are not those of the plan's circuits",
        code="counts.wrong-circuits",
        source=source,
        found=listed(sorted(map(str, counts))) if isinstance(counts, Mapping) else describe(counts),
        wanted=f"the counts of each circuit under its name: {listed(compiled.names)}{unless}",
    )


def _read(circuit: NativeCircuit, counts: object, order: Order | None, source: str | None, spelled: Spelled) -> Reading:
    held, by_class = taken_apart(circuit, counts)
    if "counts" in held or "order" in held:
        _check_order(held.get("order"), "/order")
        if order is not None and held.get("order") not in (None, order):
            raise InvalidInputError(
                "the counts are said to be in two orders",
                code="counts.two-orders",
                source=source,
                pointer="/order",
                found=f"{held['order']}, and {order} is asked for",
                wanted="one order: leave out the wrong one",
            )
        unknown = [name for name in held if name not in ("order", "counts")]
        if unknown:
            raise InvalidInputError(
                "the file of counts has an unknown field",
                code="field.unknown",
                found=listed(unknown),
                wanted='{"order": "pytket" or "qiskit", "counts": ' + EXAMPLE + "}",
            )
        order = order or held.get("order")
        held, by_class = taken_apart(circuit, held.get("counts"))
    layout = Layout(circuit.bits)
    if is_by_register(held):
        return read_registers(layout, held, order=order, source=source, spelled=spelled)
    return read_counts(layout, held, order=order or by_class, source=source, spelled=spelled)


def _check_order(order: object, pointer: str | None) -> None:
    if order is not None and not (isinstance(order, str) and order in ORDERS):
        raise InvalidInputError(
            "there is no such order of bits",
            code="counts.unknown-order",
            pointer=pointer,
            found=describe(order),
            wanted=" or ".join(ORDERS),
        )
