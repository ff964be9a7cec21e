"""The code of a package that offers passes and targets, most of them broken in one way each."""

MODULE = """
import os, random, sys, warnings
from dataclasses import dataclass, replace
import numpy as np
from qsac.errors import DoesNotFitError
from qsac.ir.op import Op
from qsac.native.provenance import Provenance
from qsac.ir.table import Table
from qsac.machine import ErrorRates, Target
from qsac.pipeline import CircuitPass, Pass

def made(name, level, body, **fields):
    base = CircuitPass if level == "circuit" else Pass
    space = {"name": name, "level": level, "optimisation": 1, "apply": body, "__doc__": "A pass.",
             "__module__": __name__, **fields}
    return dataclass(frozen=True)(type(name, (base,), space))

def raising(error):
    def body(self, subject, context):
        raise error
    return body

def returning(change):
    return lambda self, subject, context: change(subject)

same = made("same", "attention", returning(lambda p: p))
same_circuit = made("same-circuit", "circuit", returning(lambda c: c))
key_error = made("key-error", "attention", raising(KeyError("missing")))
exits = made("exits", "block", raising(SystemExit(0)))
memory = made("memory", "circuit", raising(MemoryError()))
full = made("full", "attention", raising(OSError(28, "No space left on device")))
interrupts = made("interrupts", "attention", raising(KeyboardInterrupt()))
refuses = made("refuses", "attention", raising(DoesNotFitError("the model is too odd for this pass")))
nothing = made("nothing", "attention", returning(lambda p: None))
listing = made("listing", "circuit", returning(lambda c: [c]))
shorter = made("shorter", "attention", returning(lambda p: p.with_ops(p.ops[:-1])))
no_ops = made("no-ops", "block", returning(lambda p: replace(p, ops=[None])))
other_level = made("other-level", "attention", returning(lambda p: replace(p, level="block")))
renames = made("renames", "attention", returning(
    lambda p: replace(p, readouts=tuple(replace(r, metric=r.metric + "-mine") for r in p.readouts))))

@dataclass(frozen=True)
class Magic(Op):
    name = "magic"
    level = "both"

own_op = made("own-op", "attention", returning(lambda p: p.with_ops((*p.ops, Magic()))))

def _nan(program):
    name = next(iter(program.tables))
    rows = program.tables[name].values.copy()
    rows.flat[0] = np.nan
    return replace(program, tables={**program.tables, name: Table(rows)})

not_finite = made("not-finite", "attention", returning(_nan))

def _in_place(program):
    program.tables["more"] = next(iter(program.tables.values()))
    return program

in_place = made("in-place", "attention", returning(_in_place))

def _first_angle(circuit, change=0.25):
    angles = circuit.angles.copy()
    angles[0, 0] += change
    return replace(circuit, angles=angles)

turns = made("turns", "circuit", returning(_first_angle))

def _circuit_in_place(circuit):
    circuit.angles[0, 0] += 0.25
    return circuit

circuit_in_place = made("circuit-in-place", "circuit", returning(_circuit_in_place))
outside = made("outside", "circuit", returning(lambda c: replace(c, first=c.first + 1000)))
unequal = made("unequal", "circuit", returning(lambda c: replace(c, angles=c.angles[1:])))

stale = made("stale", "circuit", returning(lambda c: replace(
    c, kind=c.kind[1:], first=c.first[1:], second=c.second[1:], angles=c.angles[1:])))
forgets = made("forgets", "circuit", returning(lambda c: replace(c, provenance=Provenance())))
other_source = made("other-source", "block", returning(
    lambda p: p.with_ops((replace(p.ops[0], sources=(99,)), *p.ops[1:]))))

def _other_gate(circuit):
    kind = circuit.kind.copy()
    kind[kind == 4] = 9
    return replace(circuit, kind=kind)

other_gate = made("other-gate", "circuit", returning(_other_gate))

def _without_unitaries(program):
    return program.with_ops(op for op in program.ops if type(op).__name__ != "ApplyUnitary")

loses_unitaries = made("loses-unitaries", "attention", returning(_without_unitaries))
unsteady = made("unsteady", "circuit", returning(lambda c: replace(c, name=os.urandom(8).hex())))

def _spends(self, program, context):
    context.ledger.spend(self.name, 0.5)
    return program

spends = made("spends", "attention", _spends)

def _robs(self, program, context):
    context.ledger.budget = 1.0
    return program

robs = made("robs", "attention", _robs)

def _noisy(program):
    print("on stdout")
    os.write(1, b"below Python\\n")
    os.system("echo of a child process")
    os.chdir("/")
    warnings.simplefilter("error")
    np.seterr(all="raise")
    sys.stdout = sys.stderr
    random.random(), np.random.random()
    return program

noisy = made("noisy", "attention", returning(_noisy))
drawn = []

def _draws(program):
    drawn.append((random.random(), float(np.random.random())))
    return program

draws = made("draws", "attention", returning(_draws))

class _Choosy:
    def __post_init__(self):
        if self.window < 1:
            raise ValueError("window must be 1 or more")

@dataclass(frozen=True)
class Choosy(Pass):
    "A pass."
    name = "choosy"
    level = "attention"
    optimisation = 1
    window: int = 0

    __post_init__ = _Choosy.__post_init__

    def apply(self, program, context):
        return program

no_apply = made("no-apply", "attention", Pass.apply)
no_level = made("no-level", "nowhere", returning(lambda p: p))
lets_choose = made("lets-choose", "attention", returning(lambda p: p), optimisation=True)

GATES = ("SX", "X", "Rz", "CZ", "Measure")
def machine(name, **changes):
    given = dict(vendor="us", description="a toy", kind="device", qubits=60, family="cz", gates=GATES, reset=False)
    return Target(name=name, **{**given, **changes})
roomy = machine("roomy")
contradicts = lambda: machine("contradicts", coupling=((0, 99),))
no_licence = lambda: (_ for _ in ()).throw(RuntimeError("no licence"))
leaves = lambda: sys.exit(3)
none = lambda: None
lists = machine("lists", gates=list(GATES))
few_gates = machine("few-gates", gates=("SX", "Rz", "CZ", "Measure"))
text_qubits = lambda: machine("text-qubits", qubits=True)
odd_rates = machine("odd-rates", errors=ErrorRates(1e-3, float("nan"), 0, 0, 0, "2026", "us"))
unsorted = machine("unsorted", coupling=((1, 0), (1, 2)))
"""

PASSES = [
    line.split(" = ")[0].replace("_", "-")
    for line in MODULE.splitlines()
    if " = made(" in line and not line.startswith(" ")
]
TARGETS = (
    *("roomy", "contradicts", "no-licence", "leaves", "none", "lists"),
    *("few-gates", "text-qubits", "odd-rates", "unsorted"),
)
