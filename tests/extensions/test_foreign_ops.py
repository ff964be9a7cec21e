"""An op of another package: one class and what it registers, without a line in qsac."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import qsac
from qsac.artifact.compiled import Compiled
from qsac.cli.main import run
from qsac.counting.formulas import two_qubit_gates
from qsac.emit.emit import emit
from qsac.emit.shape_emitter import tally
from qsac.errors import ExtensionError, InvalidInputError
from qsac.families.reading import load
from qsac.ir.catalogue import op_class, op_names
from qsac.ir.interpreter import interpret
from qsac.ir.parser import parse_program
from qsac.ir.printer import print_program
from qsac.ir.program import Program
from qsac.ir.verifier import ProgramError
from qsac.lowering.lower import lower
from qsac.machine.registry import target
from qsac.pipeline.contract import PassContext
from qsac.pipeline.registry import pass_class
from qsac.plugins import ShadowedEntryPointWarning
from tests.extensions.installed import Install
from tests.programs import build

KICKS = """
from dataclasses import dataclass, replace
import numpy as np
from qsac.emit.emission import emission
from qsac.ir.cost import Cost, cost
from qsac.ir.op import Op
from qsac.ir.table import Table
from qsac.lowering.place import lowering
from qsac.pipeline import Pass

@dataclass(frozen=True)
class Kick(Op):
    '''Multiply the values of a register of two qubits by phases: exp(-i angle / 2) where both are alike, else its
    conjugate.'''
    name = "kick"
    level = "attention"
    register: str
    angle: float

    @property
    def targets(self):
        return (self.register,)

    def check(self, scope):
        return None if scope.sizes[self.register] == 2 else "a kick is of two qubits"

    def adjoint(self):
        return replace(self, angle=-self.angle)

    def matrices(self, scope):
        return np.diag(np.exp(-0.5j * self.angle * np.array([1, -1, -1, 1])))[None]

@cost.register(Kick)
def cost_of_kick(op, scope, family):
    return Cost(1 if family == "zzphase" else 2)

@lowering.register(Kick)
def lower_kick(op, place):
    return [Pair(place.qubits(op.register), op.angle, origin=op.origin)]

@dataclass(frozen=True)
class Pair(Op):
    '''A kick of two qubits.'''
    name = "kick-pair"
    level = "block"
    qubits: tuple[str, ...]
    angle: float

    @property
    def targets(self):
        return self.qubits

    def matrices(self, scope):
        return np.diag(np.exp(-0.5j * self.angle * np.array([1, -1, -1, 1])))[None]

@cost.register(Pair)
def cost_of_pair(op, scope, family):
    return Cost(1 if family == "zzphase" else 2)

@emission.register(Pair)
def emit_pair(op, out, linear):
    first, second = (out.place[name] for name in op.qubits)
    out.zz(first, second, op.angle / np.pi)

@dataclass(frozen=True)
class Kicked(Pass):
    '''Kick every register that is loaded, there and back.'''
    name = "kicked"
    level = "attention"
    optimisation = 1
    angle: float = 0.3

    def apply(self, program, context):
        ops = []
        for op in program.ops:
            ops.append(op)
            if op.name == "load-tokens" and not op.adjoint_load:
                ops += [Kick(op.data, turn, origin=op.origin) for turn in (self.angle, -self.angle)]
        return program.with_ops(ops)
"""
ENTRIES = "[qsac.ops]\nkick = kicks_qsac:Kick\nkick-pair = kicks_qsac:Pair\n[qsac.passes]\nkicked = kicks_qsac:Kicked\n"
GENERATOR = np.random.default_rng(5)
MODEL: dict[str, Any] = {
    "qsac": 1,
    "tokens": {"type": "inline", "values": GENERATOR.normal(size=(5, 4, 2)).tolist()},
    "attention": {
        "type": "overlap",
        "kernel": {"type": "monomial", "degree": 1},
        "value": {"type": "identity"},
        "score": {"type": "identity"},
    },
}
KICKED = 2
"""Registers of the model that are loaded and kicked: twice each."""


@pytest.fixture
def kicks(install: Install) -> None:
    install("kicks", ENTRIES, KICKS)


def kicked(**options: Any) -> Program:
    step: Any = pass_class("kicked")(**options)
    program: Program = step.apply(build(load(MODEL)), PassContext(target("h2")))
    return program


@pytest.mark.usefixtures("kicks")
def test_it_is_printed_and_parsed() -> None:
    assert {"kick", "kick-pair"} <= set(op_names())
    program = kicked()
    text = print_program(program)
    assert text.count('op kick register="') == 2 * KICKED
    again = parse_program(text)
    assert again == program
    assert print_program(again) == text
    with pytest.raises(InvalidInputError, match="angle"):
        parse_program(text.replace("angle=0.3", 'angle="0.3"'))
    with pytest.raises(ProgramError, match="a kick is of two qubits"):
        parse_program(
            text.replace('kick register="value"', 'kick register="branch"').replace(
                "register key 2", "register key 2\nregister branch 1"
            )
        )


@pytest.mark.usefixtures("kicks")
@pytest.mark.parametrize("name", ["h2", "ibm-fez"])
def test_it_is_interpreted_costed_lowered_and_emitted(name: str) -> None:
    context = PassContext(target(name))
    family = context.target.family
    plain, program = build(load(MODEL)), kicked(angle=1.1)
    once = program.with_ops(op for op in program.ops if getattr(op, "angle", 0) >= 0)
    wanted = interpret(plain).probabilities
    assert interpret(program).probabilities == {key: pytest.approx(pair, abs=1e-12) for key, pair in wanted.items()}
    assert interpret(once).probabilities != {key: pytest.approx(pair, abs=1e-3) for key, pair in wanted.items()}
    added = 2 * KICKED * (1 if family == "zzphase" else 2)
    assert two_qubit_gates(program, family) == two_qubit_gates(plain, family) + added
    blocks, usual = lower(program, context), lower(plain, context)
    assert sum(op.name == "kick-pair" for op in blocks.ops) == 2 * KICKED
    assert interpret(lower(once, context)).probabilities == {
        key: pytest.approx(pair, abs=1e-12) for key, pair in interpret(once).probabilities.items()
    }
    assert parse_program(print_program(blocks)) == blocks
    assert two_qubit_gates(blocks, family) == two_qubit_gates(usual, family) + added
    circuit = emit(blocks, context)
    assert circuit.two_qubit_gates == emit(usual, context).two_qubit_gates + added
    assert "kick-pair" in {group.op for group in circuit.groups}
    assert tally(blocks, family).two_qubit_gates == circuit.two_qubit_gates


@pytest.mark.usefixtures("kicks")
@pytest.mark.parametrize("name", ["h2", "aer", "ibm-fez"])
def test_models_compile_with_it(name: str, tmp_path: Path) -> None:
    """On a coupling graph too, where circuits with blocks of others are routed, not laid out."""
    passes = "kicked,compress-tokens,merge-diagonals,merge-rotations"
    compiled = qsac.compile(MODEL, name, passes=passes, verify=True, verify_each=True)
    plain = qsac.compile(MODEL, name, passes=passes.replace("kicked,", ""), verify=True)
    assert compiled.verified
    if name == "h2":
        assert compiled.stats["two_qubit_gates"] == plain.stats["two_qubit_gates"] + 2 * KICKED
    compiled.save(tmp_path / "kicked.qsac.json")
    again = Compiled.load(tmp_path / "kicked.qsac.json")
    assert again.program == compiled.program
    assert qsac.run(again, "statevector").metrics["loss"] == pytest.approx(
        qsac.run(plain, "statevector").metrics["loss"], abs=1e-9
    )


@pytest.mark.usefixtures("kicks")
def test_its_artifact_is_verified_by_the_command(tmp_path: Path) -> None:
    path, out = tmp_path / "model.json", tmp_path / "out.qsac.json"
    path.write_text(json.dumps(MODEL))
    assert run(["compile", str(path), "--passes", "kicked", "--no-cache", "-q", "-o", str(out)]) == 0
    assert run(["verify", str(out)]) == 0


def test_without_the_package_its_text_is_refused(install: Install, monkeypatch: pytest.MonkeyPatch) -> None:
    install("kicks", ENTRIES, KICKS)
    text = print_program(kicked())
    monkeypatch.setattr("qsac.plugins._entries", lambda group: [])
    with pytest.raises(InvalidInputError, match="one of the ops") as caught:
        parse_program(text)
    assert "kick" not in str(caught.value.wanted)


CHANGES = {
    "no cost": ("@cost.register(Kick)\n", "", "the op 'kick' has no cost"),
    "no lowering": ("@lowering.register(Kick)\n", "", "the op 'kick' has no lowering"),
    "no emission": ("@emission.register(Pair)\n", "", "the op 'kick-pair' has no emission"),
    "cost fails": ('return Cost(1 if family == "zzphase" else 2)', "return 1 / 0", "the cost of the op 'kick' failed"),
    "cost is a number": ('return Cost(1 if family == "zzphase" else 2)', "return 1", "returned a int, not a Cost"),
    "lowering fails": ("return [Pair(", "return 1 + [Pair(", "the lowering of the op 'kick' failed"),
    "emission fails": ("out.zz(", "out.zzz(", "the emission of the op 'kick-pair' failed"),
    "another name": ('name = "kick"\n', 'name = "push"\n', "kick"),
    "no level": ('level = "attention"\n    register', 'level = "somewhere"\n    register', "level"),
    "not frozen": ("@dataclass(frozen=True)\nclass Kick(", "@dataclass\nclass Kick(", "frozen"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_is_wrong_with_it_is_its_packages_fault(change: str, install: Install) -> None:
    """An op without a cost, above all, is an error and never free."""
    old, new, message = CHANGES[change]
    assert old in KICKS
    install("kicks", ENTRIES, KICKS.replace(old, new, 1))
    with pytest.raises(ExtensionError) as caught:
        qsac.compile(MODEL, "h2", passes="kicked", verify=False)
    assert message in str(caught.value)
    assert caught.value.package.startswith("kicks")


def test_an_op_that_no_entry_point_names_is_not_taken(install: Install) -> None:
    install("kicks", "[qsac.passes]\nkicked = kicks_qsac:Kicked\n", KICKS)
    with pytest.raises(ExtensionError, match="ops that qsac knows"):
        qsac.compile(MODEL, "h2", passes="kicked", verify=False)


def test_the_name_of_an_own_op_stays_its_own(install: Install) -> None:
    install("kicks", "[qsac.ops]\nproject = kicks_qsac:Kick\n", KICKS)
    with pytest.warns(ShadowedEntryPointWarning, match="project"):
        assert op_names().count("project") == 1
    kind = op_class("project")
    assert kind is not None
    assert kind.__module__ == "qsac.ir.attention.project"


@pytest.mark.parametrize("name", op_names())
def test_every_own_op_says_what_it_takes_and_how_it_is_done(name: str) -> None:
    kind = op_class(name)
    assert kind is not None
    family = kind.__module__.rpartition(".")[2]
    rooms = {"attention": ["lowering"], "block": ["emit"], "both": ["lowering", "emit"]}[kind.level]
    for room in ["counting", *rooms]:
        source = importlib.import_module(f"qsac.{room}.{family}").__file__
        assert source is not None
        assert f".register({kind.__name__})" in Path(source).read_text()
