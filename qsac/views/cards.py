"""Cards: what a notebook shows of a model, a target, a result, an estimate, a template or a compiled program.

A card is static HTML with inline styles: no script, no style sheet, no other file. It takes the page's own colours, so
that it can be read in light and in dark. Every text that it quotes is made printable and escaped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import singledispatch
from html import escape
from itertools import islice
from typing import Any

from qsac.artifact.breakdown import Breakdown
from qsac.artifact.compiled import Compiled
from qsac.compiler.estimation import Estimate
from qsac.errors import printable
from qsac.families.contract import Model, Result
from qsac.families.registry import family_of
from qsac.machine.target import Target
from qsac.report.summary import estimate_rows, facts
from qsac.templates.template import Template

Row = Sequence[str]

MOST_ROWS = 24
"""Rows of a table; what is left out is counted."""

_LONGEST = 400
"""Characters of a cell: names in files may be as long as the file."""

_CARD = (
    "border:1px solid rgba(127,127,127,.45);border-radius:6px;padding:.6em .8em;display:inline-block;max-width:100%;"
    "overflow-x:auto;font-size:.92em;line-height:1.35;background:transparent;color:inherit"
)
_CELL = (
    "padding:.1em .9em .1em 0;text-align:{side};white-space:{wrap};vertical-align:top;border:none;"
    "background:transparent;color:inherit"
)
_QUIET = "opacity:.72"


@singledispatch
def card(subject: Any) -> str:
    """The object as a card. Raises ``TypeError`` for something else than what is listed above."""
    raise TypeError(f"there is no card of a {type(subject).__name__}")


@card.register
def _model(subject: Model) -> str:
    return _card("Model", subject.name, [_facts(family_of(subject).summary(subject))])


@card.register
def _target(subject: Target) -> str:
    rates = subject.errors
    rows = [
        ("vendor", subject.vendor),
        ("kind", subject.kind),
        ("qubits", "as many as memory holds" if subject.qubits is None else f"{subject.qubits:,}"),
        ("gates", ", ".join(subject.gates)),
        ("connectivity", "all to all" if subject.coupling is None else f"{len(subject.coupling):,} pairs"),
    ]
    if rates is not None:
        rows.append(("two-qubit error", f"{100 * rates.two_qubit:.3g} %, as of {rates.date}"))
        rows.append(("source", rates.source))
    return _card("Target", f"{subject.name}: {subject.description}", [_facts(rows)])


@card.register
def _result(subject: Result) -> str:
    how = "closed form" if subject.target is None else subject.target
    shots = "exact" if subject.shots is None else f"{subject.shots:,} shots"
    noise = ", with noise" * subject.noise + ", readout errors corrected" * subject.mitigated
    rows = [
        (name, _number(value), _number(subject.standard_errors.get(name)) if subject.standard_errors else "")
        for name, value in subject.metrics.items()
    ]
    parts = [_table(("metric", "value", "standard error")[: 3 if subject.standard_errors else 2], rows, numbers=2)]
    if subject.success_probability is not None and "success_probability" not in subject.metrics:
        parts.append(_facts([("acceptance", _number(subject.success_probability))]))
    parts += [_line(f"{name}: {_shape(value)}") for name, value in subject.values.items()]
    parts += [_line(f"warning: {message}") for message in subject.warnings]
    return _card("Result", f"{how}, {shots}{noise}", parts)


@card.register
def _estimate(subject: Estimate) -> str:
    told: Mapping[str, Any] = subject.to_json()
    rows = estimate_rows(told, family_of(subject.source).shape_facts(told["shape"]), subject.source.readout.precise)
    return _card("Estimate", f"{subject.name} for {subject.target}", [_facts(rows)])


@card.register
def _template(subject: Template) -> str:
    rows = [
        ("target", subject.target.name),
        ("circuits", f"{len(subject.shapes):,}"),
        ("binds", ", ".join(("tokens", *subject.parameters))),
        ("passes", str(subject.options.passes or "none")),
    ]
    return _card(
        "Template", subject.model.name, [_facts(rows), _facts(family_of(subject.model).summary(subject.model))]
    )


@card.register
def _compiled(subject: Compiled) -> str:
    verified = "not verified" if subject.verified is None else f"verified against the {subject.verified.how}"
    return _card(
        "Compiled",
        subject.model.name,
        [_line(verified), _facts(facts(subject)), _folded("where the gates go", _tree(subject.explain()))],
    )


def _card(kind: str, title: str, parts: Iterable[str]) -> str:
    head = f'<div><span style="{_QUIET}">{_said(kind)}</span> <strong>{_said(title)}</strong></div>'
    return f'<div style="{_CARD}">{head}{"".join(parts)}</div>'


def _facts(rows: Iterable[tuple[str, str]]) -> str:
    return _table((), list(rows), numbers=0)


def _table(header: Row, rows: Sequence[Row], *, numbers: int, cell: Callable[[str], str] | None = None) -> str:
    """Rows under a header; the last ``numbers`` cells are flush right."""
    shown = list(islice(rows, MOST_ROWS))
    said = _said if cell is None else cell
    lines = []
    for tag, cells in (*((("th", header),) if header else ()), *(("td", row) for row in shown)):
        sides = ["left"] + ["right" if numbers else "left"] * (len(cells) - 1)
        styled = (
            f'<{tag} style="{_CELL.format(side=side, wrap="normal" if place else "nowrap")}">{said(text)}</{tag}>'
            for place, (side, text) in enumerate(zip(sides, cells, strict=True))
        )
        lines.append(f'<tr style="background:transparent">{"".join(styled)}</tr>')
    left = len(rows) - len(shown)
    more = _line(f"and {left:,} more") if left else ""
    return f'<table style="border-collapse:collapse;margin:.3em 0">{"".join(lines)}</table>{more}'


def _tree(tree: Breakdown) -> str:
    rows = []

    def walk(node: Breakdown, depth: int) -> None:
        rows.append((("\u2003" * depth) + node.title, f"{node.two_qubit_gates:,}", f"{node.one_qubit_gates:,}"))
        for part in node.parts:
            walk(part, depth + 1)

    walk(tree, 0)

    def said(text: str) -> str:
        return _said(text.lstrip("\u2003")).join(("\u2003" * (len(text) - len(text.lstrip("\u2003"))), ""))

    return _table(("op", "two-qubit", "one-qubit"), rows, numbers=2, cell=said)


def _folded(title: str, content: str) -> str:
    return f"<details><summary>{_said(title)}</summary>{content}</details>"


def _line(text: str) -> str:
    return f'<div style="{_QUIET}">{_said(text)}</div>'


def _said(text: str) -> str:
    """A text as letters, whatever it holds."""
    text = printable(text)
    return escape(text if len(text) <= _LONGEST else text[:_LONGEST] + "...")


def _number(value: float | None) -> str:
    return "null" if value is None else f"{value:.6g}"


def _shape(value: Any) -> str:
    """What a value of a result is, without its numbers."""
    if isinstance(value, Mapping):
        return ", ".join(f"{name} ({_shape(one)})" for name, one in value.items())
    return f"{len(value):,} entries" if isinstance(value, list) else str(value)
