"""What stands at the head of a page, and what its readout section says: facts in words, and what to do next."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any

from qsac.artifact.compiled import Compiled
from qsac.compiler.advice import noise_sentence
from qsac.families.registry import family_of
from qsac.files.pointer import counted
from qsac.machine.target import Target
from qsac.native.circuit import KIND, NativeCircuit
from qsac.report.summary import facts


def head_data(compiled: Compiled, machine: Target, file: str | None = None) -> dict[str, Any]:
    """Name, target, facts and what to do next with the artifact ``file``; the statistics of ``compiled`` are those that
    count."""
    stats, described = compiled.stats, compiled.target
    told = stats["forecast"]
    options = compiled.options
    return {
        "name": compiled.model.name,
        "family": compiled.model.section,
        "sha256": compiled.model.sha256,
        "target": {
            "name": machine.name,
            "description": machine.description,
            "vendor": machine.vendor,
            "kind": machine.kind,
            "dated": None if machine.errors is None else machine.errors.date,
            "source": None if machine.errors is None else machine.errors.source,
            "changed": described.get("errors") != _errors(machine),
        },
        "producer": dict(compiled.producer),
        "options": {name: options[name] for name in ("optimisation", "error_budget", "qubits", "prefer", "seed")},
        "passes": options["passes"],
        "verified": None if compiled.verified is None else compiled.verified.how,
        "stats": {
            "qubits": stats["qubits"],
            "twoQubit": stats["two_qubit_gates"],
            "oneQubit": stats["one_qubit_gates"],
            "depth": stats["depth"],
            "twoQubitDepth": stats["two_qubit_depth"],
            "esp": told.get("error_free_probability", stats["error_free_probability"]),
            "acceptance": told["success_probability"],
            "shots": told["shots"],
            "cost": told["cost"],
            "metric": compiled.model.readout.precise,
            "standardError": told["standard_error"],
        },
        "facts": [list(row) for row in facts(compiled)],
        "next": _next(compiled, machine, file or f"{compiled.model.name}.qsac.json"),
    }


def _errors(machine: Target) -> Any:
    from qsac.machine.target import describe

    return describe(machine)["errors"]


def _next(compiled: Compiled, machine: Target, name: str) -> list[dict[str, str | None]]:
    """What to do next: a sentence, and the command for it, if there is one."""
    stats = compiled.stats
    told: Mapping[str, Any] = stats["forecast"]
    file = shlex.quote(name)
    steps: list[dict[str, str | None]] = []
    if compiled.verified is None:
        steps.append({"say": "This circuit was not verified when it was compiled.", "command": f"qsac verify {file}"})
    error_free = told.get("error_free_probability", stats["error_free_probability"])
    if told["noise"] and error_free is not None:
        sentence = noise_sentence(machine.name, error_free, compiled.options, None)
        steps.append({"say": sentence[:1].upper() + sentence[1:] + ".", "command": None})
    for key in ("bottleneck", "warning"):
        if told.get(key):
            sentence = told[key]
            steps.append({"say": sentence[:1].upper() + sentence[1:] + ".", "command": None})
    steps.append({"say": "The exact value, without errors:", "command": f"qsac run {file} --target statevector"})
    if machine.kind == "device":
        shots = told["shots"]
        number = 10_000 if shots is None else min(shots, machine.max_shots or shots)
        command = f"qsac run {file} --shots {number} --noise --seed 1"
        steps.append({"say": f"What {machine.name} would show, with its errors simulated:", "command": command})
    return steps


def readout_data(compiled: Compiled) -> dict[str, Any]:
    """What each bit of each circuit means, and what shots are expected to give."""
    told = compiled.stats["forecast"]
    parts = zip(compiled.circuits, compiled.parts_stats, strict=True)
    return {
        "circuits": [
            {"name": circuit.name, "bits": bits_of(circuit), "metrics": metrics_of(circuit), "budget": _budget(stats)}
            for circuit, stats in parts
        ],
        "facts": [row for row in map(list, facts(compiled)) if row[0] in _FORECAST],
        "places": told.get("places"),
        "placesOf": told.get("circuits"),
        "steps": [
            {"name": step["step"], "inputs": step["inputs"], "writes": step["writes"]}
            for step in map(dict, compiled.plan.described())
            if "step" in step
        ],
        "summary": [list(fact) for fact in family_of(compiled.model).summary(compiled.model) if fact[0] == "readout"],
    }


_FORECAST = ("ESP", "acceptance", "useful", "shots needed", "shots in all", "good shots", "cost", "time", "error")


def bits_of(circuit: NativeCircuit) -> list[dict[str, Any]]:
    """Each bit: its register and index, the gate that measures it, and what its outcome is taken for, by metric."""
    measured = {
        int(bit): place
        for place, (kind, bit) in enumerate(zip(circuit.kind.tolist(), circuit.second.tolist(), strict=True))
        if kind == KIND["Measure"]
    }
    found = []
    for bit, (register, index) in enumerate(circuit.bits):
        roles = [
            f"{role} of {readout.metric}" if role == "success" else role
            for readout in circuit.readouts
            for role, bits in (
                ("post-selected", readout.given),
                ("success", readout.success),
                ("index", readout.index_bits),
            )
            if bit in bits
        ]
        place = measured.get(bit)
        found.append(
            {
                "bit": f"{register}[{index}]",
                "gate": place,
                "qubit": None if place is None else int(circuit.first[place]),
                "roles": list(dict.fromkeys(roles)),
            }
        )
    return found


def metrics_of(circuit: NativeCircuit) -> list[list[str]]:
    """Each readout's metric and what it is a probability of, in words."""
    rows = []
    for readout in circuit.readouts:
        given = counted(len(readout.given), "post-selected bit")
        success = counted(len(readout.success), "success bit")
        if not readout.index_bits:
            meaning = f"P({success} and {given} all 0) / P({given} all 0)"
        elif readout.success:
            meaning = (
                f"for each value v of {counted(len(readout.index_bits), 'index bit')}: P({success} 0 | v, {given} 0)"
            )
        else:
            meaning = f"for each value v of {counted(len(readout.index_bits), 'index bit')}: P(v | {given} 0)"
        rows.append([readout.metric, meaning])
    return rows


def _budget(stats: Any) -> dict[str, Any]:
    """The error budget and what was spent of it."""
    report = stats["error_budget"]
    return {"budget": report["budget"], "spent": [list(one) for one in sorted(report["spent"].items())]}
