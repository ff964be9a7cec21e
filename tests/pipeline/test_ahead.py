"""What the rest of a pipeline makes of a program: asked of the pipeline, worked out once."""

from __future__ import annotations

import ast
import importlib
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import qsac
from qsac.counting.formulas import two_qubit_gates
from qsac.families.reading import load
from qsac.ir.program import Program
from qsac.machine import registry as machines
from qsac.pipeline import registry
from qsac.pipeline.contract import ErrorLedger, Pass, PassContext
from qsac.pipeline.stages import Ahead
from tests.programs import build
from tests.strategies import random_model

ANSATZ = {"type": "hardware-efficient", "layers": 2, "parameters": {"init": "normal", "scale": 1.0, "seed": 0}}
SOFTMAX = {"type": "softmax-taylor", "degree": 3}


FORETOLD = "rotate-ladders"
"""The pass that shows a program of the same costs in place of what it makes (:meth:`Pass.foretold`)."""


def _asked(level: int) -> list[registry.AnyPass]:
    """The passes of a level that show what they make."""
    steps = [step for step in registry.default_pipeline(level) if step.name != FORETOLD]
    for step in steps:
        assert not isinstance(step, Pass) or type(step).foretold is Pass.foretold
    return steps


def model(sites: int, context: int) -> dict[str, Any]:
    tokens = {"type": "tfim", "sites": sites, "context": context, "dt": 0.35, "coupling": 1.0, "field": 0.8, "seed": 3}
    attention = {"type": "overlap", "kernel": SOFTMAX, "value": ANSATZ, "score": ANSATZ}
    return {"qsac": 1, "tokens": tokens | {"initial": "haar"}, "attention": attention}


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> Counter[tuple[str, int]]:
    """How often each pass runs, by its name and the program that it is given."""
    found: Counter[tuple[str, int]] = Counter()
    kept: list[Program] = []
    kinds = [registry.pass_class(name) for name in registry.pass_names()]
    for kind in (kind for kind in kinds if issubclass(kind, Pass)):

        def counted(self: Pass, program: Program, context: PassContext, apply: Any = kind.apply) -> Program:
            kept.append(program)
            found[self.name, id(program)] += 1
            result: Program = apply(self, program, context)
            return result

        monkeypatch.setattr(kind, "apply", counted)
    return found


@pytest.mark.parametrize("options", [{}, {"optimisation": 3, "error_budget": 1e-2}], ids=["O2", "O3"])
@pytest.mark.parametrize(("sites", "context"), [(2, 4), (4, 2)], ids=["full rank", "low rank"])
def test_no_pass_is_asked_the_same_twice(
    sites: int, context: int, options: dict[str, Any], runs: Counter[tuple[str, int]]
) -> None:
    qsac.compile(model(sites, context), "h2", verify=False, **options)
    by_pass = Counter(name for name, _ in runs)
    assert by_pass["fold-unitaries"] > 1, "nothing was asked"
    # With a budget, a pass may be asked about a program with nothing to spend, and with what there is.
    assert max(runs.values()) <= (2 if options else 1)


def test_a_compilation_of_full_rank_runs_few_passes(runs: Counter[tuple[str, int]]) -> None:
    """Two forms of the kernel, two gatings of each: passes that ran others ran folding six times."""
    qsac.compile(model(2, 8), "h2", verify=False)
    by_pass = Counter(name for name, _ in runs)
    assert by_pass["fold-unitaries"] == 4
    assert by_pass["stage-degree"] == by_pass["select-indices"] == 2


@pytest.mark.parametrize("seed", range(0, 60, 6))
def test_what_is_asked_is_what_comes(seed: int) -> None:
    """The rest of the pipeline makes of the built program what the compilation ends with."""
    source = load(random_model(seed))
    compiled = qsac.compile(source, "h2", passes=f"default,-{FORETOLD}", verify=False)
    context = Ahead(_asked(2)).at(PassContext(machines.target("h2")))
    assert context.finish(build(source)) == compiled.program


def test_without_a_pipeline_a_program_is_as_it_is() -> None:
    program = build(load(random_model(1)))
    assert PassContext(machines.target("h2")).finish(program) is program


def test_nothing_is_spent_by_asking() -> None:
    context = Ahead(_asked(3)).at(
        PassContext(machines.target("h2"), 3, ledger=ErrorLedger(3e-2)),
    )
    program = build(load(model(4, 8)))
    gates = [
        two_qubit_gates(context.finish(program, error), "zzphase")
        for error in (None, 0.0, 0.1, context.ledger.available)
    ]
    assert context.ledger.spent == {}
    assert gates[1] < gates[0], "with the budget, passes to come take fewer gates"
    assert gates[1] <= gates[2] <= gates[3] == gates[0], "an error leaves less of it"


def test_what_takes_too_long_is_not_foreseen(monkeypatch: pytest.MonkeyPatch) -> None:
    kind = registry.pass_class("fold-unitaries")
    pipeline = Ahead([kind()])
    context = pipeline.at(PassContext(machines.target("h2")))
    program = build(load(model(2, 8)))
    assert context.finish(program) != program
    monkeypatch.setattr(kind, "foreseen", lambda self, program, context: False)
    assert context.finish(program) == program
    assert pipeline.applied(0, program, context) != program, "it runs where it stands all the same"


def test_a_pass_asks_those_after_it() -> None:
    asked: list[tuple[str, bool]] = []

    class Asking(Pass):
        level = "attention"
        optimisation = 0

        def __init__(self, name: str) -> None:
            object.__setattr__(self, "name", name)

        def apply(self, program: Program, context: PassContext) -> Program:
            asked.append((self.name, context.finish(program) is program))
            return replace(program, name=program.name + self.name)

    # Tests' passes are another package's.
    Asking.__module__ = "qsac.passes.attention.asking"
    steps = [Asking(name) for name in "abc"]
    program = build(load(random_model(1)))
    context = Ahead(steps).at(PassContext(machines.target("h2")))
    assert context.finish(program).name == program.name + "abc"
    assert [name for name, alone in asked if alone] == ["c"] * sum(name == "c" for name, _ in asked)
    assert {name for name, _ in asked} == {"a", "b", "c"}


@pytest.mark.parametrize("name", registry.pass_names())
def test_passes_import_no_passes(name: str) -> None:
    """What passes share is in modules whose names begin with an underscore."""
    file = importlib.import_module(registry.pass_class(name).__module__).__file__
    assert file is not None
    imported = [
        node.module or ""
        for node in ast.walk(ast.parse(Path(file).read_text()))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("qsac.passes.")
    ]
    assert all(module.rpartition(".")[2].startswith("_") for module in imported)
