"""Whether options and statistics of an artifact are what its circuit, program and model make them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import sqrt
from typing import Any

from qsac.artifact.compiled import DEVIATIONS, Compiled
from qsac.artifact.sealing import producer
from qsac.checking.parts import Part, parts_of
from qsac.checking.report import Finding
from qsac.compiler.budget import AUTOMATIC_BUDGETS
from qsac.compiler.options import Options
from qsac.counting.stats import circuit_stats, together
from qsac.errors import QsacError
from qsac.families.registry import family_of
from qsac.files.differences import ABSENT, CLOSE, close, differences, shown
from qsac.files.pointer import join
from qsac.layout.choice import circuit_steps
from qsac.lowering.allocation import allocate
from qsac.machine.target import Target
from qsac.pipeline.contract import Pass, PassContext
from qsac.pipeline.registry import print_pipeline
from qsac.report.amplification import amplification_of
from qsac.report.classical_work import classical_work
from qsac.report.forecast import forecast
from qsac.report.loads import loads_of
from qsac.simulation.verification import TOLERANCE


def read_options(described: Any) -> Options:
    """The options of an artifact, every type checked. Raises :class:`~qsac.errors.QsacError` for impossible ones."""
    if not isinstance(described, dict):
        raise QsacError(
            "not the options of a compilation",
            code="artifact.invalid-options",
            pointer="/options",
            found=shown(described),
        )
    known = {"optimisation", "passes", "error_budget", "qubits", "prefer", "seed"}
    wrong = next((name for name in sorted(known ^ (set(described) - {"template"}))), None)
    types = {
        "optimisation": (int,),
        "passes": (str,),
        "error_budget": (int, float, str),
        "qubits": (int, type(None)),
        "prefer": (str,),
        "seed": (int,),
        "template": (bool,),
    }
    if wrong is None:
        wrong = next((name for name, value in described.items() if type(value) not in types[name]), None)
    if wrong is not None:
        raise QsacError(
            "not an option of a compilation",
            code="artifact.invalid-options",
            pointer=join("/options", wrong),
            found=shown(described.get(wrong)),
        )
    made = Options(**{name: described[name] for name in known})
    text = print_pipeline(made.pipeline())
    if text != described["passes"]:
        raise QsacError(
            "the pipeline is not in its own form",
            code="artifact.invalid-options",
            pointer="/options/passes",
            wanted=text,
        )
    return made


def check_options(compiled: Compiled) -> tuple[Options | None, list[Finding]]:
    """The options, if they can be read."""
    try:
        return read_options(compiled.options), []
    except QsacError as error:
        error.pointer = error.pointer if (error.pointer or "").startswith("/options") else "/options"
        return None, [Finding.of(error)]


def check_statistics(compiled: Compiled, target: Target, options: Options) -> Iterator[Finding]:
    """Every number of the statistics that can be recomputed."""
    stats, parts = compiled.stats, list(parts_of(compiled))
    counts = [circuit_stats(part.circuit, target) for part in parts]
    whole = together(counts)
    alone = len(parts) == 1
    wanted: dict[str, Any] = {
        **whole,
        "forecast": forecast(compiled.model, compiled.subnormalisations, whole, target, counts),
        **family_of(compiled.model).statistics(compiled.model, compiled.subnormalisations),
    }
    worked_out = classical_work(compiled.model, options.pipeline())
    if worked_out:
        wanted["classical_work"] = worked_out
    yield from _recomputed(compiled, stats, wanted, "/stats", {*_OF_CIRCUITS} if alone else {"circuits"})
    for part, counted in zip(parts, counts, strict=True):
        if not alone:
            yield from _recomputed(compiled, part.stats, counted, part.stats_pointer, {*_OF_CIRCUITS})
        if options.qubits is not None and len(part.circuit.qubits) > options.qubits:
            found = f"{len(part.circuit.qubits)} qubits in the circuit"
            yield Finding("/options/qubits", "more qubits than were asked for", found, f"at most {options.qubits}")
    if compiled.verified is not None and compiled.verified.tolerance != TOLERANCE:
        yield Finding(
            "/verified/tolerance", "not what is verified to", shown(compiled.verified.tolerance), str(TOLERANCE)
        )
    for part in parts:
        yield from _passes(part, target, options)
        yield from _allocation(part, target, options)
        yield from _loads(part)
        yield from _amplified(part, target)
        yield from _budget(part, options)
    yield from _how(compiled, parts)


def _loads(part: Part) -> Iterator[Finding]:
    """How the program's tables are loaded; older artifacts do not say it."""
    if "loads" in part.stats:
        for place, found, wanted in differences(
            part.stats["loads"], loads_of(part.program), f"{part.stats_pointer}/loads"
        ):
            yield Finding(place, "not how the program loads its tables", shown(found), shown(wanted))


def _amplified(part: Part, target: Target) -> Iterator[Finding]:
    """What rounds of amplification gain and cost; nothing is said where there are none."""
    told, pointer = part.stats.get("amplification"), f"{part.stats_pointer}/amplification"
    for place, found, wanted in differences(told, amplification_of(part.program, target.family), pointer, close):
        yield Finding(place, "not what rounds of amplification take", shown(found), shown(wanted))


_OF_CIRCUITS = ("passes", "allocation", "loads", "error_budget", "amplification")
"""What is said of each circuit and not computed here."""


def _recomputed(
    compiled: Compiled, stats: Mapping[str, Any], wanted: Mapping[str, Any], pointer: str, others: set[str]
) -> Iterator[Finding]:
    """Statistics beside what they have to be; there is nothing but these and ``others``."""
    same = compiled.producer == producer()
    title = "a statistic is not what the circuit and the model make it"
    for name, value in wanted.items():
        for place, found, recomputed in differences(stats.get(name, ABSENT), value, join(pointer, name), close):
            if same or found is not ABSENT:  # other versions may not have told what this one does
                yield Finding(place, title, shown(found), shown(recomputed))
    for name in sorted(stats.keys() - wanted.keys() - others):
        yield Finding(join(pointer, name), "an unknown statistic", shown(stats[name]), "no such field")


def _passes(part: Part, target: Target, options: Options) -> Iterator[Finding]:
    """The counts of passes follow from one another; the last ones are the circuit's."""
    chosen = options.pipeline()
    steps = [step for step in chosen if isinstance(step, Pass)]
    wanted: list[tuple[str, str]] = [
        (step.name, step.level) for level in ("attention", "block") for step in steps if step.level == level
    ]
    last = circuit_steps(chosen, target)
    wanted += [(step.name, step.level) for step in last]
    entries, at = part.stats.get("passes"), f"{part.stats_pointer}/passes"
    if not isinstance(entries, list) or len(entries) != len(wanted):
        yield Finding(at, "not the passes of the options", None, ", ".join(name for name, _ in wanted))
        return
    before: dict[str, int] = {}
    for place, (entry, (name, level)) in enumerate(zip(entries, wanted, strict=True)):
        pointer = f"{at}/{place}"
        gates = entry.get("two_qubit_gates") if isinstance(entry, dict) else None
        if not isinstance(entry, dict) or set(entry) != {"name", "level", "two_qubit_gates"}:
            yield Finding(pointer, "not the record of a pass", shown(entry), "name, level and two-qubit gates")
        elif (entry["name"], entry["level"]) != (name, level):
            yield Finding(f"{pointer}/name", "not the pass of the options", shown(entry["name"]), name)
        elif (
            not isinstance(gates, list)
            or len(gates) != 2
            or any(type(count) is not int or count < 0 for count in gates)
        ):
            yield Finding(f"{pointer}/two_qubit_gates", "not gates before and after", shown(gates), "two whole numbers")
        elif before.setdefault(level, gates[0]) != gates[0]:
            wanted_text = f"{before[level]}, as after the pass before it"
            yield Finding(f"{pointer}/two_qubit_gates/0", "counts that do not follow", str(gates[0]), wanted_text)
        else:
            before[level] = gates[1]
    count = part.circuit.two_qubit_gates
    if last and before.get("circuit", count) != count:
        pointer = f"{at}/{len(wanted) - 1}/two_qubit_gates/1"
        yield Finding(pointer, "not the gates of the circuit", str(before["circuit"]), str(count))


def _allocation(part: Part, target: Target, options: Options) -> Iterator[Finding]:
    """Without routing registers lie where they are allocated; what is laid out along a graph may choose otherwise."""
    if target.coupling is not None:
        return
    context = PassContext(target, options.optimisation, options.seed, options.qubits, options.prefer)
    wanted = {name: list(qubits) for name, qubits in allocate(part.program, context).qubits.items()}
    for pointer, one, other in differences(part.stats.get("allocation"), wanted, f"{part.stats_pointer}/allocation"):
        yield Finding(pointer, "not where the register lies", shown(one), shown(other))


def _budget(part: Part, options: Options) -> Iterator[Finding]:
    """What was spent lies within what was allowed; what verification added is there if it verified the program."""
    report, pointer = part.stats.get("error_budget"), f"{part.stats_pointer}/error_budget"
    spent = report.get("spent") if isinstance(report, dict) else None
    if not isinstance(report, dict) or not isinstance(spent, dict) or "budget" not in report:
        yield Finding(pointer, "not a report on the error budget", shown(report), "budget and spent")
        return
    approximating = {step.name for step in options.pipeline() if isinstance(step, Pass) and step.optimisation >= 3}
    for name, error in spent.items():
        if name not in approximating or type(error) is not float or not 0 < error < 1:
            wanted = f"infidelities of passes that approximate: {', '.join(sorted(approximating)) or 'none ran'}"
            yield Finding(join(f"{pointer}/spent", name), "not what a pass can spend", shown(error), wanted)
            return
    allowed = max(AUTOMATIC_BUDGETS) if options.error_budget == "auto" else options.error_budget
    if type(report["budget"]) not in (int, float) or not 0 <= report["budget"] < 1:
        yield Finding(f"{pointer}/budget", "not a budget", shown(report["budget"]), "a number from 0 to below 1")
    if options.error_budget != "auto" and report["budget"] != options.error_budget:
        found, wanted = shown(report["budget"]), repr(options.error_budget)
        yield Finding(f"{pointer}/budget", "not the budget of the options", found, wanted)
    total = sum(map(sqrt, spent.values())) ** 2
    if total > float(allowed) * (1 + CLOSE):
        yield Finding(f"{pointer}/spent", "more than was allowed", f"{total:.6g}", f"at most {allowed}")
    known = {"budget", "spent", *(("tried",) if options.error_budget == "auto" else ()), *(DEVIATIONS if spent else ())}
    for name in sorted(report.keys() - known):
        yield Finding(join(pointer, name), "an unknown field", shown(report[name]), "no such field")


def _how(compiled: Compiled, parts: list[Part]) -> Iterator[Finding]:
    """A program of which anything was spent is verified against itself."""
    spent = any(part.spent for part in parts)
    if compiled.verified is not None and spent != (compiled.verified.how == "program"):
        wanted = "program" if spent else "closed form"
        yield Finding("/verified/how", "not how such a circuit is verified", compiled.verified.how, wanted)
