"""The stage that changes the meaning is the one that is named, whatever it is."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import qsac
from qsac.compiler import compilation as compiler
from qsac.compiler import stagewise
from qsac.emit.recording import RecordedEmission
from qsac.errors import CheckFailedError
from qsac.families.contract import Model
from qsac.families.outcomes import Outcomes
from qsac.ir.blocks import Diagonal
from qsac.ir.interpreter import interpret
from qsac.ir.program import Program
from qsac.ir.table import Table
from qsac.native.circuit import KIND, NativeCircuit
from qsac.templates import template as templates
from tests.families.models import with_values
from tests.strategies import random_model

MODEL = random_model(2)
MODELS = (2, 5, 7, 11, 12)
Stages = list[tuple[str, Program | NativeCircuit]]


def stages_of(model: Any, **options: Any) -> tuple[Stages, qsac.Compiled]:
    """Every stage of a compilation with its result."""
    stages: Stages = []
    compiled = compiler.compile(model, verify=False, after=lambda *stage: stages.append(stage), **options)
    return stages, compiled


def closed_form(model: Model) -> stagewise.Wanted:
    """That of a model whose plan is one circuit."""

    def wanted() -> Outcomes:
        (found,) = model.readout.expected(model).values()
        return found

    return wanted


def harmed(result: Program | NativeCircuit, by: float) -> Program | NativeCircuit:
    """A program or circuit that means something else: a phase, an angle or an amplitude is off."""
    if isinstance(result, NativeCircuit):
        angles = result.angles.copy()
        angles[np.flatnonzero(result.kind == KIND["PhasedX"])[0], 0] += by
        return replace(result, angles=angles)
    tables = dict(result.tables)
    for name, table in tables.items():
        rows = table.values.copy()
        if rows.ndim == 2 and name in ("context", "states"):
            rows[0] = np.roll(rows[0], 1) * (1 + 0j)
            tables[name] = Table(rows)
            return replace(result, tables=tables)
    ops = list(result.ops)
    for place, op in enumerate(ops):
        if hasattr(op, "angles"):
            changed = op.angles.values.copy()
            changed.flat[0] += by
            ops[place] = replace(op, angles=Table(changed))  # type: ignore[call-arg]
            return result.with_ops(ops)
    raise LookupError("nothing to change")


@pytest.mark.parametrize("seed", MODELS)
def test_every_stage_of_ours_keeps_the_meaning(seed: int) -> None:
    stages, compiled = stages_of(random_model(seed), target="statevector")
    assert stages[0][0] == "build"
    assert {type(result) for _, result in stages} == {Program, NativeCircuit}
    assert len(stages) > 8
    assert stagewise.first_change(closed_form(compiled.model), stages, {}) == (None, [])


@pytest.mark.parametrize("by", [1e-2, 1e-5])
def test_the_first_changed_stage_is_found_at_every_place(by: float) -> None:
    stages, compiled = stages_of(MODEL, target="statevector")
    found = 0
    for place, (name, result) in enumerate(stages):
        try:
            wrong = harmed(result, by)
        except LookupError:
            continue
        changed = [*stages[:place], (name, wrong), *stages[place + 1 :]]
        change, skipped = stagewise.first_change(closed_form(compiled.model), changed, {})
        assert change is not None
        assert (change.place, skipped) == (place, [])
        assert "as a joint probability" in change.found
        found += 1
    assert found >= len(stages) - 2


def test_what_is_passed_over_does_not_hide_a_change(monkeypatch: pytest.MonkeyPatch) -> None:
    """Attention programs too wide to be interpreted: the circuit is compared with the closed form itself."""
    stages, compiled = stages_of(MODEL, target="statevector")
    monkeypatch.setattr("qsac.ir.interpreter.WIDTH_LIMIT", 1)
    change, skipped = stagewise.first_change(closed_form(compiled.model), stages, {})
    assert change is None
    assert skipped == [name for name, result in stages if isinstance(result, Program)]
    name, circuit = stages[-1]
    programs = [stage for stage in stages if isinstance(stage[1], Program)]
    change, _ = stagewise.first_change(closed_form(compiled.model), [*programs, (name, harmed(circuit, 1e-4))], {})
    assert change is not None
    assert "closed form" in change.wanted
    with pytest.warns(stagewise.SkippedStageWarning, match="too wide to be interpreted, so not compared: build, "):
        assert compiler.compile(MODEL, "statevector", verify_each=True).verified


@pytest.mark.parametrize("seed", [3, 10])
@pytest.mark.parametrize("budget", [1e-3, 1e-2])
def test_what_an_approximation_may_spend_is_allowed_and_no_more(seed: int, budget: float) -> None:
    rows = np.random.default_rng(seed).normal(size=(9, 8)) * np.array([1, 1, 1, 1, 0.1, 0.05, 0.02, 0.01])
    model = with_values(rows.tolist())
    stages, compiled = stages_of(model, target="h2", optimisation=3, error_budget=budget)
    spent: dict[str, float] = compiled.stats["error_budget"]["spent"]
    assert spent
    assert stagewise.first_change(closed_form(compiled.model), stages, spent) == (None, [])
    change, _ = stagewise.first_change(closed_form(compiled.model), stages, {})
    assert change is not None
    assert stages[change.place][0] in spent
    assert compiler.compile(model, "h2", optimisation=3, error_budget=budget, verify_each=True).verified


def _wrong_diagonals(program: Program) -> Program:
    ops = list(program.ops)
    for place, op in enumerate(ops):
        if isinstance(op, Diagonal):
            phases = op.phases.values.copy()
            phases[0] += 1.0
            ops[place] = replace(op, phases=Table(phases))
    return program.with_ops(ops)


@pytest.mark.parametrize("verify_each", [False, True])
def test_a_pass_of_ours_with_a_bug_is_named(monkeypatch: pytest.MonkeyPatch, verify_each: bool) -> None:
    from qsac.pipeline.registry import pass_class

    kind = pass_class("merge-diagonals")
    usual = kind.apply
    monkeypatch.setattr(kind, "apply", lambda self, program, context: _wrong_diagonals(usual(self, program, context)))
    with pytest.raises(CheckFailedError, match="the pass merge-diagonals changed the meaning") as caught:
        compiler.compile(MODEL, "h1", verify_each=verify_each)
    assert "bug of qsac" in str(caught.value.help)
    with pytest.raises(CheckFailedError, match="the pass merge-diagonals changed the meaning"):
        templates.template(MODEL, "h1", verify_each=True)


@pytest.mark.parametrize("verify_each", [False, True])
def test_a_stage_of_ours_with_a_bug_is_named(monkeypatch: pytest.MonkeyPatch, verify_each: bool) -> None:
    monkeypatch.setattr(
        "qsac.compiler.circuit_compilation.emit", lambda blocks, context: harmed(_emit(blocks, context), 1e-3)
    )
    usual = RecordedEmission.__call__
    monkeypatch.setattr(
        RecordedEmission, "__call__", lambda self, blocks, context: harmed(usual(self, blocks, context), 1e-3)
    )
    with pytest.raises(CheckFailedError, match="the stage emit changed the meaning"):
        compiler.compile(MODEL, "h1", verify_each=verify_each)
    template = templates.template(MODEL, "h1", verify_each=True)
    with pytest.raises(CheckFailedError, match="the stage emit changed the meaning"):
        template.bind(verify_each=verify_each)


def _emit(blocks: Program, context: Any) -> NativeCircuit:
    from qsac.emit.emit import emit

    return emit(blocks, context)


def test_a_failure_that_does_not_come_again_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = iter(range(100))
    monkeypatch.setattr(
        "qsac.compiler.circuit_compilation.emit",
        lambda blocks, context: harmed(_emit(blocks, context), 0.0 if next(calls) else 1e-3),
    )
    with pytest.raises(CheckFailedError, match="disagrees with the model") as caught:
        compiler.compile(MODEL, "h1")
    assert "no stage did so when run again" in str(caught.value.help)


@pytest.mark.parametrize("seed", [2, 7])
def test_templates_and_their_bindings_are_compared_stage_by_stage(seed: int) -> None:
    made = templates.template(random_model(seed), "h1", verify_each=True)
    bound = made.bind(np.random.default_rng(seed).normal(size=made.model.given_tokens.shape), verify_each=True)
    assert bound.verified
    assert "verify-each" in bound.timings


@pytest.mark.parametrize("readout", [{"type": "predict"}, {"type": "overlaps", "part": "abs2"}])
def test_other_readouts_are_compared_too(readout: dict[str, Any]) -> None:
    model = random_model(2) | {"readout": readout}
    stages, compiled = stages_of(model, target="statevector")
    assert stagewise.first_change(closed_form(compiled.model), stages, {}) == (None, [])
    program = next(result for _, result in stages if isinstance(result, Program))
    assert interpret(program).probabilities
    place = len(stages) - 1
    name, result = stages[place]
    change, _ = stagewise.first_change(closed_form(compiled.model), [*stages[:place], (name, harmed(result, 1e-2))], {})
    assert change is not None
    assert change.place == place
