"""Passes, ops, targets and metrics, explained by their docstrings, fields and data."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Iterable, Mapping
from typing import Any

from qsac.families import registry as families
from qsac.families.explaining import Explains
from qsac.ir.catalogue import op_class, op_names
from qsac.machine import registry as machines
from qsac.pipeline.contract import BY_NAME
from qsac.pipeline.registry import pass_class, pass_names
from qsac.plugins import contained, is_foreign, package_of
from qsac.views.explanations.explanation import Explanation, paragraphs

_HIDDEN = ("origin", "sources", "slots", "barrier")
"""Fields that every op has."""


def passes() -> Iterable[str]:
    """The names of all passes."""
    return pass_names()


def explained_pass(name: str) -> Explanation:
    """A pass: its contract, its level, and its options."""
    kind = pass_class(name)
    package = package_of(kind) if is_foreign(kind) else None
    with contained(f"the pass {name!r} cannot be described", package or "qsac"):
        by_name = kind.optimisation == BY_NAME or package is not None
        facts = [
            ("level", kind.level),
            ("runs", "where it is named in --passes" if by_name else f"from -O{kind.optimisation} on"),
        ]
        if getattr(kind, "after", ()):
            facts.append(("comes after", ", ".join(kind.after)))
        options = [
            f"{field.name}={'..' if field.default is dataclasses.MISSING else field.default}"
            for field in dataclasses.fields(kind)
            if field.init
        ]
        if options:
            facts.append(("options", ", ".join(options)))
        if getattr(kind, "templates", False):
            facts.append(("templates", "may be part of a template's pipeline"))
        return Explanation(name, "pass", paragraphs(inspect.getdoc(kind) or ""), facts, package)


def ops() -> Iterable[str]:
    """The names of all ops."""
    return op_names()


def explained_op(name: str) -> Explanation:
    """An op: what it means, and its fields."""
    kind = op_class(name)
    if kind is None:
        raise KeyError(name)
    package = package_of(kind, "qsac.ops") if is_foreign(kind) else None
    with contained(f"the op {name!r} cannot be described", package or "qsac"):
        level = "attention and block" if kind.level == "both" else kind.level
        fields = [field.name for field in dataclasses.fields(kind) if field.name not in _HIDDEN]
        facts = [("level", level), ("fields", ", ".join(fields) or "none"), ("in words", f"{kind.phrase} ..")]
        return Explanation(name, "op", paragraphs(inspect.getdoc(kind) or ""), facts, package)


def targets() -> Iterable[str]:
    """The names of all targets."""
    return machines.target_names()


def explained_target(name: str) -> Explanation:
    """A target: what it is, and its main data."""
    found = machines.target(name)
    running = {
        "exact": "An exact simulator: it gives probabilities, without shots and without errors.",
        "shots": "A sampling simulator: it takes shots, without errors unless noise is asked for.",
        "device": "A machine. It is simulated on this computer; only `qsac run --submit` sends a job to it.",
    }[found.kind]
    text = [f"{found.description}, of {found.vendor}.", running]
    facts = [
        ("qubits", "as many as memory holds" if found.qubits is None else f"{found.qubits:,}"),
        ("gates", ", ".join(found.gates)),
        ("connectivity", "all to all" if found.coupling is None else f"{len(found.coupling):,} pairs"),
    ]
    if found.errors is not None:
        rates = found.errors
        facts.append(("errors", f"two-qubit gates {100 * rates.two_qubit:.3g} %, as of {rates.date}; {rates.source}"))
    facts.append(("more", f"qsac targets {name}"))
    return Explanation(name, "target", tuple(text), facts, machines.package_of_target(name))


def _by_metric() -> Mapping[str, dict[str, str]]:
    """For each metric what it is in each family that says so."""
    found: dict[str, dict[str, str]] = {}
    for section in families.sections():
        family: Any = families.family(section)
        if isinstance(family, Explains):
            for name, text in family.metrics.items():
                found.setdefault(name, {})[section] = text
    return found


def metrics() -> Iterable[str]:
    """The metrics of all families that explain theirs, and the names under ``values``."""
    return _by_metric()


def explained_metric(name: str) -> Explanation:
    """A metric, in each family that has it."""
    known = _by_metric()[name]
    several = len(known) > 1
    text = tuple(f"In the family {section}: {said}" if several else said for section, said in known.items())
    return Explanation(name, "metric", text, [("families", ", ".join(known))])
