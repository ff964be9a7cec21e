"""Blocks that were written already are those that are written again, and are found by all that they follow from."""

from collections.abc import Hashable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from qsac.families.reading import load
from qsac.families.registry import family_of
from qsac.ir.attention import LoadWhole, PhaseState
from qsac.ir.op import Op
from qsac.ir.program import Program
from qsac.ir.table import Table
from qsac.lowering import lower as lowering
from qsac.lowering.allocation import Allocation, allocate
from qsac.lowering.kept import Kept, keys
from qsac.machine.registry import target
from qsac.pipeline.contract import PassContext
from tests.compiler.test_alike import _layers, _network

H2 = PassContext(target("h2"))


def _programs(fields: Any) -> list[Program]:
    model = load(fields)
    return [step.program for step in family_of(model).plan(model).circuits]


@pytest.mark.parametrize("fields", [_network(), _layers("bases"), _layers("reference")])
def test_kept_blocks_are_those_that_are_written(fields: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[int] = []

    class Counted(Kept):
        def keep(self, key: Hashable, source: int, blocks: Sequence[Op]) -> None:
            written.append(source)
            super().keep(key, source, blocks)

    programs = _programs(fields)
    monkeypatch.setattr(lowering, "_KEPT", Counted(0))
    alone = [lowering.lower(program, H2) for program in programs]
    every = len(written)
    monkeypatch.setattr(lowering, "_KEPT", Counted())
    written.clear()
    found = [lowering.lower(program, H2) for program in programs]
    assert every == sum(len(program.ops) for program in programs)
    # Loads of a query and neurons' weights are different ones; all else is written once.
    assert len(written) < every / 2
    assert found == alone
    for one, other in zip(found, alone, strict=True):
        assert [op.sources for op in one.ops] == [op.sources for op in other.ops]
        assert [op.use for op in one.ops] == [op.use for op in other.ops]


def test_they_are_found_by_all_that_they_follow_from() -> None:
    program = next(one for one in _programs(_network()) if any(isinstance(op, LoadWhole) for op in one.ops))
    allocation = allocate(program, H2)
    (plain, *_) = keys(program.ops, program.tables, allocation)
    op = program.ops[0]
    assert isinstance(op, LoadWhole)
    assert plain is not None
    same = {name: Table(table.values.copy()) for name, table in program.tables.items()}
    assert keys([replace(op)], same, allocation) == [plain]
    others = program.tables | {op.table: program.tables[op.table].negated()}
    swapped = Allocation({op.data: allocation.qubits[op.data][::-1]}, allocation.width, {})
    assert plain not in keys([op.adjoint()], program.tables, allocation)
    assert plain not in keys([op], others, allocation)
    assert plain not in keys([op], program.tables, swapped)


def test_signs_of_zeros_are_told_apart() -> None:
    (one, *_), (other, *_) = (
        keys([PhaseState(("data",), angle)], {}, Allocation({"data": ("q[0]",)}, 1, {})) for angle in (0.0, -0.0)
    )
    assert PhaseState(("data",), 0.0) == PhaseState(("data",), -0.0)
    assert one != other


def test_large_tables_and_those_of_templates_are_not_kept() -> None:
    program = _programs(_network())[0]
    allocation, op = allocate(program, H2), program.ops[0]
    assert isinstance(op, LoadWhole)
    large = Table(np.ones((1, 1 << 13)))
    table = program.tables[op.table]
    of_a_template = Table(table.values, pattern=table)
    for other in (large, of_a_template):
        assert keys([op], {op.table: other}, allocation) == [None]


def test_only_so_many_are_kept_and_the_oldest_go() -> None:
    kept = Kept(2)
    blocks = lowering.lower(_programs(_network())[0], H2).ops[:2]
    for name in "ab":
        kept.keep(name, 0, blocks)
    assert kept.of("a", 0) == blocks
    kept.keep("c", 0, blocks)
    assert kept.of("b", 0) is None
    assert [op.sources for op in kept.of("a", 7) or ()] == [(7,), (7,)]
    assert kept.of("a", 7) is kept.of("a", 7)


def test_kept_numbers_cannot_be_changed() -> None:
    (program, *_) = _programs(_network())
    tables = [
        value
        for op in lowering.lower(program, H2).ops
        for value in vars(op).values()
        if isinstance(value, Table) and value.values.size
    ]
    assert tables
    for table in tables:
        with pytest.raises(ValueError, match="read-only"):
            table.values.flat[0] = 1.0
