"""Programs that mean the same and may lie differently well on a device: what is free before qubits have places."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import TypeVar, get_args

from qsac.counting.formulas import op_cost
from qsac.errors import of_type
from qsac.ir.attention import LoadTokens
from qsac.ir.blocks import Diagonal, Reset, UniformlyControlledGate
from qsac.ir.blocks.multiplexor import LadderOrder
from qsac.ir.matching import ends_in_zero, is_load, is_uncompute, matched
from qsac.ir.op import Op
from qsac.ir.program import Program
from qsac.ir.save_probabilities import SaveProbabilities
from qsac.ir.table import Table
from qsac.ir.verifier import verify
from qsac.lowering.allocation import Allocation, allocate
from qsac.lowering.lower import lower
from qsac.pipeline.contract import PassContext, Preference

T = TypeVar("T")

_TRIES = 8
"""Orders of inverse loads that are drawn until one takes no more gates than the usual one."""


@dataclass(frozen=True)
class Variant:
    """One way to do a program.

    ``prefer``: registers that share qubits, or have their own. ``turned``: for each score copy that can be, whether it
    is loaded by ``query`` and uncomputed by ``key``. ``orders``: in which order the qubits of each register are
    uncomputed. ``ways``: for each diagonal where it is done, 0: where it stands, else through which qubit in zero.
    """

    prefer: Preference
    turned: tuple[bool, ...]
    orders: tuple[tuple[int, ...], ...]
    ways: tuple[int, ...]


class Variants:
    """The variants of a verified attention program, and their block programs after the block passes of the context's
    pipeline."""

    def __init__(self, program: Program, context: PassContext) -> None:
        self._program, self._context = program, context
        self._turnable = [
            copy for copy in program.ops if isinstance(copy, LoadTokens) and _can_be_turned(program, copy)
        ]
        self._inverse_loads = [op for op in program.ops if isinstance(op, LoadTokens) and op.inverse and not op.barrier]
        self._widths = dict(self._fitting())
        self._derived: dict[object, object] = {}
        self._costs: dict[tuple[LoadTokens, tuple[int, ...]], int] = {}
        blocks = self._blocks(context.prefer, program)
        self.usual = Variant(
            context.prefer,
            (False,) * len(self._turnable),
            tuple(op.order for op in self._inverse_loads),
            (0,) * (0 if blocks is None else sum(isinstance(op, Diagonal) for op in blocks.ops)),
        )
        self._lowered = {self.usual: blocks}

    def _fitting(self) -> Iterator[tuple[Preference, int]]:
        """The preferences that come to different widths within the limit, with these; the context's own comes first."""
        limit, widths = self._context.width_limit, set()
        for prefer in dict.fromkeys((self._context.prefer, *get_args(Preference))):
            width = self._allocation(prefer).width
            if width not in widths and (limit is None or width <= limit):
                widths.add(width)
                yield prefer, width

    def _allocation(self, prefer: Preference) -> Allocation:
        return allocate(self._program, replace(self._context, prefer=prefer))

    @property
    def possible(self) -> bool:
        """Whether there are any: the program fits, and its block passes leave its ladders alone."""
        return bool(self._widths) and self.blocks(self.usual) is not None

    @property
    def width(self) -> int:
        """The most qubits that a variant takes."""
        return max(self._widths.values())

    def drawn(self, random: Random) -> Variant:
        """Any variant."""
        return Variant(
            random.choice(list(self._widths)),
            tuple(random.random() < 0.5 for _ in self._turnable),
            tuple(self._order(op, random) for op in self._inverse_loads),
            tuple(random.randrange(1 << 16) for _ in self.usual.ways),
        )

    def changed(self, variant: Variant, random: Random) -> Variant:
        """A variant that differs in one respect, if there is another choice."""
        other = self.drawn(random)
        respects = [("turned", place) for place in range(len(variant.turned))]
        respects += [("orders", place) for place in range(len(variant.orders))]
        respects += [("ways", place) for place in range(len(variant.ways))]
        match random.choice([("prefer", 0), *respects]):
            case "turned", place:
                return replace(variant, turned=_with(variant.turned, place, not variant.turned[place]))
            case "orders", place:
                return replace(variant, orders=_with(variant.orders, place, other.orders[place]))
            case "ways", place:
                return replace(variant, ways=_with(variant.ways, place, other.ways[place]))
        return replace(variant, prefer=other.prefer)

    def _order(self, op: LoadTokens, random: Random) -> tuple[int, ...]:
        """An order in which a register can be uncomputed at no more gates. Real tables keep the pair that comes first:
        what the load did last is on the same pair."""
        size = self._program.scope.dimension(op.targets).bit_length() - 1
        usual = op.order or tuple(range(size))
        for _ in range(_TRIES):
            order = tuple(random.sample(range(size), size))
            if self._program.tables[op.table].real and set(order[-2:]) != set(usual[-2:]):
                continue
            if self._cost(op, order) <= self._cost(op, op.order):
                return order
        return op.order

    def _cost(self, op: LoadTokens, order: tuple[int, ...]) -> int:
        if (op, order) not in self._costs:
            cost = op_cost(replace(op, order=order), self._program.scope, self._context.target.family)
            self._costs[op, order] = cost
        return self._costs[op, order]

    def allocation(self, variant: Variant) -> Allocation:
        """Where the registers of a variant lie."""
        return self._allocation(variant.prefer)

    def attention(self, variant: Variant) -> Program:
        """The attention program of a variant."""
        orders = {op.data: order for op, order in zip(self._inverse_loads, variant.orders, strict=False)}
        turned = {op.data for op, turn in zip(self._turnable, variant.turned, strict=False) if turn}
        tables = dict(self._program.tables)
        ops = list(self._program.ops)
        for register in turned:
            first, second = (
                place for place, op in enumerate(ops) if isinstance(op, LoadTokens) and op.data == register
            )
            load, inverse_load = (of_type(ops[place], LoadTokens) for place in (first, second))
            ops[first] = replace(inverse_load, table=_conjugate(inverse_load.table, tables), inverse=False, order=())
            ops[second] = replace(load, table=_conjugate(load.table, tables), inverse=True)
        for place, op in enumerate(ops):
            if isinstance(op, LoadTokens) and op.inverse and op.data in orders:
                ops[place] = replace(op, order=orders[op.data])
        return self._program.with_ops(ops, tables)

    def blocks(self, variant: Variant, orders: Sequence[LadderOrder | None] = ()) -> Program | None:
        """The block program of a variant, its loaders' ladders in the orders given, or else in the usual ones.

        None where the passes change its ladders, so that orders could not be given gate by gate. They have no error to
        spend.
        """
        if orders:
            return self._blocks(variant.prefer, self.attention(variant), variant.ways, orders)
        if variant not in self._lowered:
            self._lowered[variant] = self._blocks(variant.prefer, self.attention(variant), variant.ways)
        return self._lowered[variant]

    def _blocks(
        self,
        prefer: Preference,
        program: Program,
        ways: Sequence[int] = (),
        orders: Sequence[LadderOrder | None] = (),
    ) -> Program | None:
        context = replace(self._context, prefer=prefer)
        lowered = lower(program, context, orders=orders, derived=self._derived)
        blocks = context.finish(lowered)
        if _ladders(blocks) != _ladders(lowered):
            return None
        blocks = _through(blocks, ways)
        if orders:
            verify(blocks)
        return blocks


def _with(values: tuple[T, ...], place: int, value: T) -> tuple[T, ...]:
    return (*values[:place], value, *values[place + 1 :])


def _can_be_turned(program: Program, load: LoadTokens) -> bool:
    """Whether a register only brings an overlap <y|x>, and can do so as <x*|y*>: it is loaded, uncomputed and projected
    on zero, and nothing that is read or projected in between makes a difference of which came first."""
    if not isinstance(load.data, str):
        return False
    places = matched(program, program.uses(load.data), is_load, is_uncompute, ends_in_zero)
    if load.inverse or places is None:
        return False
    first, second = (of_type(program.ops[place], LoadTokens) for place in places[:2])
    if first.exact or second.exact or first.when or second.when:
        return False
    between = program.ops[places[0] + 1 : places[1]]
    indices = {*first.index, *second.index}
    if any(op.outcomes or isinstance(op, SaveProbabilities) or indices & set(op.targets) for op in between):
        return False
    return bool(first.index) and bool(second.index) and first.index != second.index


def _conjugate(name: str, tables: dict[str, Table]) -> str:
    """The name of the table of complex conjugates, added if it is not there."""
    table = tables[name]
    if table.real:
        return name
    conjugate = f"{name}.conjugate"
    tables[conjugate] = Table(table.values.conj())
    return conjugate


def _ladders(program: Program) -> list[tuple[str, int]]:
    """Target and rows of each uniformly controlled gate."""
    return [(op.target, op.theta.shape[0]) for op in program.ops if isinstance(op, UniformlyControlledGate)]


def _through(program: Program, ways: Sequence[int]) -> Program:
    """Diagonals done through qubits in zero where they are told to."""
    moved: dict[int, list[Op]] = {}
    kept = dict(enumerate(program.ops))
    diagonals = [place for place, op in enumerate(program.ops) if isinstance(op, Diagonal)]
    for place, way in zip(diagonals, ways, strict=False):
        op = of_type(program.ops[place], Diagonal)
        if op.barrier:
            continue
        found = _in_zero(program, place, op)
        chosen = way % (len(found) + 1)
        if chosen:
            stop, qubit = found[chosen - 1]
            moved.setdefault(stop, []).append(replace(op, through=qubit))
            del kept[place]
    if not moved:
        return program
    ops: list[Op] = []
    for place in range(len(program.ops)):
        ops += moved.get(place, [])
        ops += [kept[place]] if place in kept else []
    return program.with_ops(ops)


def _in_zero(program: Program, place: int, op: Diagonal) -> list[tuple[int, str]]:
    """Places to which a diagonal can be moved, with the qubit that is first used there, and so in zero just before."""
    if len(op.qubits) < 2:
        return []
    blocking = {other for qubit in op.qubits for other in program.targeting(qubit)}
    blocking |= {other for qubit in op.qubits for other in program.uses(qubit) if program.ops[other].barrier}
    before = max((other for other in blocking if other < place), default=-1)
    after = min((other for other in blocking if other > place), default=len(program.ops))
    found = []
    used: set[str] = set()
    for index, one in enumerate(program.ops):
        fresh = [name for name in one.targets if name not in used]
        if isinstance(one, Reset):
            used.discard(one.qubit)
            continue
        if before < index <= after:
            found += [(index, name) for name in fresh if name not in op.qubits]
        used.update(one.targets)
    return found
