"""The program between passes: an artifact holds the last one only, so its model is compiled again, up to the gates."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from qsac.artifact.compiled import Compiled
from qsac.compiler.circuit_compilation import Compilation
from qsac.compiler.options import Options
from qsac.compiler.trials import best_trial, ladder_pipelines
from qsac.errors import QsacError
from qsac.families.registry import family_of
from qsac.ir.attention import LoadRotated
from qsac.ir.printer import print_program
from qsac.ir.program import Program
from qsac.machine.target import Target
from qsac.native.circuit import GATES, KIND, NativeCircuit
from qsac.pipeline.stages import Watch
from qsac.progress import Progress
from qsac.views.page.columns import packed_text, whole

GATES_AGAIN = 20_000
"""Gates of all circuits up to which their model is compiled again for the text of its stages."""

ENTRIES_A_GATE, SMALL = 8, 256
"""Entries of tokens for each gate (and so many more) up to which it is: a circuit has at least a gate for two entries,
and a small file must not cause a large compilation."""

TEXT = 1 << 16
"""Characters of a stage up to which its tables are printed in full; in a longer one they are shortened."""

TEXTS = 4 << 20
"""Characters of all stages together: those after that have no text."""


@dataclass
class Lines:
    """The lines of all texts, each once, and each text by the places of its lines."""

    places: dict[str, int] = field(default_factory=dict)
    characters: int = 0

    def add(self, text: str) -> list[int] | None:
        """The places of a text's lines; None where there is no room for it."""
        if self.characters + len(text) > TEXTS:
            return None
        self.characters += len(text)
        return [self.places.setdefault(line, len(self.places)) for line in text.rstrip("\n").split("\n")]


def stage_data(
    compiled: Compiled,
    machine: Target,
    options: Options,
    blobs: dict[str, Any],
    *,
    timings: bool,
    progress: Progress | None,
) -> dict[str, Any]:
    """The passes of each circuit with their counts, and the text of the program after each stage, if it is known."""
    lines, reason = Lines(), _too_much(compiled, machine, options)
    watch = Watch(None)
    parts = []
    for place in range(len(compiled.circuits)):
        found: list[tuple[str, Program]] = []
        again: Compilation | None = None
        if reason is None:
            try:
                again, found = _again(compiled, place, machine, options, watch, progress)
            except QsacError as error:
                reason = f"the model was not compiled again: {error.title}"
        parts.append(_part(compiled, place, again, found, lines, blobs))
    blobs["lines"] = packed_text(list(lines.places))
    seconds = {name: round(1000 * time, 3) for name, time in watch.seconds.items()} if timings else None
    return {"circuits": parts, "reason": reason, "milliseconds": seconds}


def _too_much(compiled: Compiled, machine: Target, options: Options) -> str | None:
    """Why the model is not compiled again, if it is not."""
    gates = sum(map(len, compiled.circuits))
    if gates > GATES_AGAIN or compiled.model.entries > ENTRIES_A_GATE * (SMALL + gates):
        return f"programs of up to {GATES_AGAIN:,} gates are compiled again for the text of their stages"
    if compiled.options.get("template") is True:
        return "it was bound from a template, whose stages have no numbers"
    if options.error_budget and (machine.coupling is not None or options.error_budget == "auto"):
        return "the passes spent an error budget that was found by comparing whole circuits"
    return None


def _again(
    compiled: Compiled, place: int, machine: Target, options: Options, watch: Watch, progress: Progress | None
) -> tuple[Compilation, list[tuple[str, Program]]]:
    """A circuit of the model compiled again as far as blocks: routing, which takes long, has no text."""
    found: list[tuple[str, Program]] = []

    def keep(name: str, result: Program | NativeCircuit) -> None:
        if isinstance(result, Program):
            found.append((name, result))

    if options.error_budget:
        trial = best_trial(compiled.model, place, machine, options, watch, progress, keep=True)
        trial.compilation.blocks(trial.program)
        for stage in trial.stages:
            keep(*stage)
        return trial.compilation, found
    step = family_of(compiled.model).plan(compiled.model).circuits[place]
    wanted = _toggled(compiled.programs[place])
    # On a coupling graph other ladders may have been taken than those of the pipeline that was asked for.
    for passes in (options.passes, *ladder_pipelines(options.pipeline(), machine), options.passes):
        found.clear()
        own = replace(options, passes=passes)
        compilation = Compilation(machine, own, Watch(keep, None, watch.seconds), progress)
        program = compilation.attention(step.program)
        if _toggled(program) == wanted:
            break
    compilation.blocks(program)
    return compilation, found


def _toggled(program: Program) -> Counter[tuple[int, ...]]:
    """What the rotated ladders of a program toggle."""
    return Counter(op.toggled for op in program.ops if isinstance(op, LoadRotated))


def _part(
    compiled: Compiled,
    place: int,
    again: Compilation | None,
    found: Sequence[tuple[str, Program]],
    lines: Lines,
    blobs: dict[str, Any],
) -> dict[str, Any]:
    circuit = compiled.circuits[place]
    passes = passes_of(compiled, place)
    counted = [] if again is None else again.counts
    for own, entry in zip(counted, passes, strict=False):
        if own["name"] == entry["name"]:
            entry["before"], entry["after"] = own["two_qubit_gates"]
            entry["recomputed"] = True
    stages: list[tuple[str, str, str, int]] = [
        (name, program.level, _text(program), len(program.ops)) for name, program in found
    ]
    if not stages:
        stages = [("final", "attention", _text(compiled.programs[place]), len(compiled.programs[place].ops))]
    if len(circuit) <= GATES_AGAIN:
        stages.append(("gates", "native", gate_text(circuit), len(circuit)))
    shown = []
    for number, (name, level, text, size) in enumerate(stages):
        text_lines = lines.add(text)
        if text_lines is not None:
            blobs[f"{place}.stage.{number}"] = whole(text_lines)
        blob = None if text_lines is None else f"{place}.stage.{number}"
        shown.append({"name": name, "level": level, "size": size, "blob": blob})
    attention = [(name, program) for name, program in found if program.level == "attention"]
    same = not attention or print_program(attention[-1][1]) == compiled.irs[place]
    return {
        "passes": passes,
        "stages": shown,
        "madeBy": made_by(attention) if same and attention else None,
        "mergedBy": [
            entry["name"] for entry in passes if entry["level"] == "block" and entry["before"] != entry["after"]
        ],
        "same": same,
    }


def passes_of(compiled: Compiled, place: int) -> list[dict[str, Any]]:
    """The passes of a circuit as the artifact records them."""
    found = []
    for entry in compiled.parts_stats[place]["passes"]:
        before, after = entry["two_qubit_gates"]
        found.append(
            {"name": entry["name"], "level": entry["level"], "before": before, "after": after, "recomputed": False}
        )
    return found


def made_by(stages: Sequence[tuple[str, Program]]) -> list[str]:
    """For each op of the last program the stage since which it is there as it is, tables and all."""
    keys = [
        [(repr(op), *(id(program.tables[name]) for name in op.tables)) for op in program.ops] for _, program in stages
    ]
    known = [set(one) for one in keys]
    found = []
    for key in keys[-1]:
        since = len(stages) - 1
        while since and key in known[since - 1]:
            since -= 1
        found.append(stages[since][0])
    return found


def gate_text(circuit: NativeCircuit) -> str:
    """A circuit as text, one gate a line: ``ZZPhase(-0.3766) q[2], q[1]``, angles in half-turns."""
    qubits, bits = ([f"{register}[{index}]" for register, index in units] for units in (circuit.qubits, circuit.bits))
    rows = []
    columns = (circuit.kind.tolist(), circuit.first.tolist(), circuit.second.tolist(), circuit.angles.tolist())
    for kind, first, second, angles in zip(*columns, strict=True):
        gate = GATES[kind]
        values = ", ".join(f"{angle:.6g}" for angle in angles[: gate.parameters])
        target = f" -> {bits[second]}" if kind == KIND["Measure"] else f", {qubits[second]}" if gate.qubits == 2 else ""
        rows.append(f"{gate.name}{f'({values})' if values else ''} {qubits[first]}{target}")
    return "\n".join(rows)


def _text(program: Program) -> str:
    """The program as text; tables shortened where they are long."""
    size = sum(table.values.size for table in program.tables.values()) if program.tables else 0
    if size * 20 <= TEXT:
        text = print_program(program)
        if len(text) <= TEXT:
            return text
    return print_program(program, elide_tables=True)
