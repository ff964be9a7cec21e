"""Whether a program fits its target, and its circuit this machine."""

from __future__ import annotations

from dataclasses import replace

from qsac.counting.formulas import two_qubit_gates
from qsac.errors import DoesNotFitError
from qsac.families.circuit_counts import CountsCircuits
from qsac.families.contract import Model
from qsac.families.registry import family_of
from qsac.files.pointer import counted
from qsac.ir.attention import LoadEvolution, LoadTokens
from qsac.ir.program import Program
from qsac.lowering.allocation import allocate
from qsac.machine.registry import usable_targets
from qsac.machine.target import Target
from qsac.pipeline.contract import PassContext
from qsac.report.summary import register_sizes

GATE_LIMIT = 1 << 24
"""Most two-qubit gates of a circuit."""

CIRCUIT_LIMIT = 1 << 10
"""Most circuits of a plan. Measured: small ones take 0.05 s and half a megabyte each, an hour and gigabytes where
all positions of the longest context are read."""

ENTRY_LIMIT = 1 << 26
"""Most entries of a table, for all values of the controls of its loader."""

BYTES_A_GATE = 256
"""Memory for a two-qubit gate and the one-qubit gate beside it, while they are emitted."""


def check_written_out(program: Program) -> None:
    """Refuse, before anything is computed of it, a program whose few lines stand for too much: rows of a table for
    each value of many controls, or product formulas of many steps."""
    for place, op in enumerate(program.ops):
        found, most = 0, GATE_LIMIT
        if isinstance(op, LoadTokens):
            found, most = program.tables[op.table].values.size * program.scope.dimension(op.when), ENTRY_LIMIT
        elif isinstance(op, LoadEvolution):
            found = sum(op.steps) * len(op.terms)
        if found > most:
            raise DoesNotFitError(
                "the program is too large to be worked with",
                code="capacity.program-too-large",
                found=f"op {place} ({op.name}), which stands for {found:,} numbers",
                wanted=f"at most {most:,}",
                help="take fewer controls, rows, terms or steps",
            )


def too_many_circuits(model: Model, circuits: int | None = None) -> DoesNotFitError | None:
    """The error for a model whose plan has more circuits than are compiled at once, None for fewer. ``circuits``: how
    many there are; without it a family that says so before it plans is asked
    (:class:`~qsac.families.circuit_counts.CountsCircuits`), and None returned for others."""
    family = family_of(model)
    told = family.circuit_count(model) if isinstance(family, CountsCircuits) else None
    number = told.number if circuits is None and told is not None else circuits
    if number is None or number <= CIRCUIT_LIMIT:
        return None
    elsewhere = "qsac estimate counts all of them, qsac check --metrics says what comes out"
    return DoesNotFitError(
        "the model has too many circuits",
        code="capacity.plan-too-large",
        pointer="/readout" if told is None else told.pointer,
        found=f"{number:,} circuits, one for {'each position that is read' if told is None else told.one_for}",
        wanted=f"at most {CIRCUIT_LIMIT:,}",
        help=f"{'read fewer positions' if told is None else told.help}; {elsewhere}",
    )


def check_circuits(model: Model, circuits: int | None = None) -> None:
    """Refuse, before the first one is built, a plan of more circuits than are compiled at once: where the family knows
    their number, without ``circuits``, before they are planned. Raises :class:`~qsac.errors.DoesNotFitError`."""
    error = too_many_circuits(model, circuits)
    if error is not None:
        raise error


def check_memory(program: Program, context: PassContext) -> None:
    """Refuse, before any memory is taken, a circuit that would not fit into it."""
    gates = two_qubit_gates(program, context.target.family)
    if gates > GATE_LIMIT:
        raise DoesNotFitError(
            "the circuit is too large to be built",
            code="capacity.circuit-too-large",
            found=f"{gates:,} two-qubit gates (about {gates * BYTES_A_GATE / 2**30:,.0f} GiB of memory)",
            wanted=f"at most {GATE_LIMIT:,}",
            help="gates grow with context x dimension: shorten the context, or choose a smaller dimension",
        )


def check_capacity(program: Program, context: PassContext) -> None:
    """Refuse what is wider than the target, or than was asked for."""
    limit, allocation = context.width_limit, allocate(program, context)
    if limit is None or allocation.width <= limit:
        return
    machine, width, room = context.target, allocation.width, context.target.connected
    shares = machine.reset and machine.mid_circuit_measurement
    how = "sharing qubits where one ends in time" if shares else f"each of its own: {_lacking(machine)}"
    found = f"{width} qubits ({register_sizes(allocation.qubits)}, {how})"
    smaller = "a shorter context saves two qubits each time it halves, a smaller dimension one"
    if room is None or width <= room:
        raise DoesNotFitError(
            f"the model does not fit {limit} qubits: {width - limit} too few",
            code="capacity.too-many-qubits",
            found=found,
            wanted=f"at most {limit}, as asked for",
            help=f"{machine.name} has room for --qubits {width}; {smaller}",
        )
    if not shares:
        sharing = replace(context, target=replace(machine, reset=True, mid_circuit_measurement=True))
        width = allocate(program, sharing).width
        smaller = f"with reset and mid-circuit measurement {width} would do; {smaller}"
    larger = [each for each in usable_targets() if _has_room(each, allocation.width, width)]
    wider = [each.name for each in sorted(larger, key=lambda each: each.coupling is not None)]
    shown = ", ".join(wider[:4]) + (f" and {len(wider) - 4} more" if len(wider) > 4 else "")
    used = "" if room == machine.qubits else f", those of its {machine.qubits} that are connected"
    raise DoesNotFitError(
        f"the model does not fit {machine.name}: {counted(allocation.width - room, 'qubit')} too many",
        code="capacity.too-many-qubits",
        found=found,
        wanted=f"at most {room} qubits{used}",
        help=(f"large enough are {shown}; " if wider else "no known machine is large enough; ") + smaller,
    )


def _lacking(machine: Target) -> str:
    lacks = {"reset": machine.reset, "mid-circuit measurement": machine.mid_circuit_measurement}
    return f"{machine.name} has no " + " and no ".join(what for what, is_there in lacks.items() if not is_there)


def _has_room(machine: Target, alone: int, shared: int) -> bool:
    """Whether a machine has the qubits that registers take: ``alone`` if it cannot reuse them."""
    needed = shared if machine.reset and machine.mid_circuit_measurement else alone
    return machine.kind == "device" and (machine.connected or 0) >= needed
