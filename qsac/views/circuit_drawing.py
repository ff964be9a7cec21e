"""A circuit at the level of ops: registers as wires, ops as boxes in their order, with the two-qubit gates of each.

Text and SVG have one layout: every op stands in the first column in which the wires between its first register and its
last are free. Long circuits go on in further rows of columns.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Literal

from qsac.artifact.breakdown import Breakdown, breakdown
from qsac.artifact.compiled import Compiled
from qsac.artifact.drawing import Drawing
from qsac.errors import printable
from qsac.ir.attention import Amplify
from qsac.ir.op import Op
from qsac.ir.program import Program

TEXT_WIDTH = 79
"""Columns of a text, so that terminals of 80 do not wrap it."""

SVG_WIDTH = 1000
"""Pixels from which on an SVG goes on in another row."""

_LETTER, _WIRE, _BOX, _GAP, _MARGIN = 7.2, 34, 24, 14, 12
"""Pixels: a letter, from wire to wire, the height of a box, between columns, and around everything."""

_INK, _GREY, _PAPER, _FILL = "#1b1f24", "#6b7280", "#ffffff", "#dbeafe"
"""Colours of an SVG. It has its own paper, so that it can be read on any page."""

Part = Literal["box", "control", "pass", "wire", "none"]
"""What an op, or a column without one, is on a wire."""


@dataclass(frozen=True)
class _Placed:
    """An op in its column: its number in the program, its label, its two-qubit gates, and the wires that it uses."""

    number: int
    column: int
    label: str
    gates: int
    boxes: frozenset[int]
    controls: frozenset[int]

    @property
    def span(self) -> range:
        used = self.boxes | self.controls
        return range(min(used), max(used) + 1)


@dataclass(frozen=True)
class _Layout:
    """All ops in columns, and for each wire its name and the columns in which the register is in use."""

    wires: tuple[str, ...]
    alive: tuple[range, ...]
    columns: tuple[tuple[_Placed, ...], ...]

    def used(self, row: range) -> list[int]:
        """The wires whose registers are in use in a row of columns: the others are not drawn there."""
        return [
            wire for wire, alive in enumerate(self.alive) if max(alive.start, row.start) < min(alive.stop, row.stop)
        ]

    def part(self, wire: int, column: int) -> tuple[Part, str]:
        """What is on a wire in a column, and its label."""
        for op in self.columns[column]:
            if wire in op.boxes:
                return "box", op.label
            if wire in op.controls:
                return "control", ""
            if wire in op.span:
                return "pass", ""
        return ("wire" if column in self.alive[wire] else "none"), ""


def drawing(compiled: Compiled, circuit: str | None = None) -> Drawing:
    """A circuit of a compiled program, of several the one of that name. Raises as
    :meth:`~qsac.artifact.compiled.Compiled.circuit`."""
    chosen = compiled.circuit(circuit)
    place = compiled.circuits.index(chosen)
    tree = breakdown(compiled)
    node = tree if len(compiled.circuits) == 1 else tree.parts[place]
    layout = _layout(compiled.programs[place], node)
    shared = sum(leaf.two_qubit_gates for leaf in node.leaves if len(leaf.ops) != 1)
    title = f"{node.title}: {node.two_qubit_gates:,} two-qubit gates"
    title += f", {shared:,} of them of several ops" if shared else ""
    return Drawing(_text(layout, printable(title)), _svg(layout, printable(title)))


def _layout(program: Program, node: Breakdown) -> _Layout:
    wires = tuple(register.name for register in program.registers)
    gates = {leaf.ops[0]: leaf.two_qubit_gates for leaf in node.leaves if len(leaf.ops) == 1}
    free = [0] * len(wires)
    columns: list[list[_Placed]] = []
    for number, op in enumerate(program.ops):
        # Amplification targets nothing by itself: it repeats what was done to all registers before.
        targets = op.registers if isinstance(op, Amplify) else op.targets
        boxes, controls = (frozenset(wires.index(name) for name in names) for names in (targets, op.controlled_by))
        if not boxes:  # what is only observed
            boxes, controls = controls, boxes
        if not boxes:
            continue
        used = boxes | controls
        span = range(min(used), max(used) + 1)
        column = max(free[wire] for wire in span)
        for wire in span:
            free[wire] = column + 1
        if column == len(columns):
            columns.append([])
        columns[column].append(_Placed(number, column, _label(op), gates.get(number, 0), boxes, controls))
    return _Layout(wires, tuple(_alive(wire, columns) for wire in range(len(wires))), tuple(map(tuple, columns)))


def _label(op: Op) -> str:
    return printable(op.name.partition("-")[0]) + "†" * op.inverse


def _alive(wire: int, columns: Sequence[Sequence[_Placed]]) -> range:
    """From the first column that uses a wire to the last."""
    used = [number for number, ops in enumerate(columns) for op in ops if wire in op.boxes | op.controls]
    return range(used[0], used[-1] + 1) if used else range(0)


def _widths(layout: _Layout) -> list[int]:
    """The letters that the text of each column takes."""
    return [
        max(max(len(op.label) + 2, len(f"{op.gates:,}"), len(str(op.number))) for op in ops) + 1
        for ops in layout.columns
    ]


def _rows(widths: Sequence[float], available: float) -> list[range]:
    """Columns in rows that fit; a row has at least one."""
    rows, start, taken = [], 0, 0.0
    for column, width in enumerate(widths):
        if column > start and taken + width > available:
            rows.append(range(start, column))
            start, taken = column, 0.0
        taken += width
    return [*rows, range(start, len(widths))]


# Text

_MARKS: dict[Part, str] = {"control": "●", "pass": "│", "wire": "─", "none": " "}
_LABELS = ("op", "gates")


def _text(layout: _Layout, title: str) -> str:
    widths = _widths(layout)
    names = [printable(name) for name in layout.wires]
    head = max(map(len, (*names, *_LABELS))) + 2
    blocks = [[title]]
    for row in _rows(widths, TEXT_WIDTH - head):
        numbers = _beneath(layout, widths, row, gates=False)
        lines = [f"{_LABELS[0]:<{head}}{numbers}"]
        for wire in layout.used(row):
            lines.append(f"{names[wire]:<{head}}" + "".join(_cell(layout, wire, one, widths[one]) for one in row))
        lines.append(f"{_LABELS[1]:<{head}}{_beneath(layout, widths, row, gates=True)}")
        blocks.append([line.rstrip() for line in lines])
    return "\n\n".join("\n".join(block) for block in blocks)


def _cell(layout: _Layout, wire: int, column: int, width: int) -> str:
    part, label = layout.part(wire, column)
    alive = layout.alive[wire]
    line = "─" if column in alive else " "
    if part == "box":
        inner = f"[{label}]"
    elif part == "pass":
        inner = "┼" if column in alive else "│"
    else:
        inner = _MARKS[part]
    left = (width - len(inner)) // 2
    before = "─" if column in alive and column > alive.start else " "
    after = "─" if column in alive and column < alive.stop - 1 else " "
    return before * left + inner + after * (width - left - len(inner)) if part != "wire" else line * width


def _beneath(layout: _Layout, widths: Sequence[int], row: range, *, gates: bool) -> str:
    """The numbers of the ops in each column, or their gates. Where a column has several, they are added up."""
    cells = []
    for column in row:
        ops = layout.columns[column]
        said = f"{sum(op.gates for op in ops):,}" if gates else _numbers([op.number for op in ops], widths[column] - 1)
        left = (widths[column] - len(said)) // 2
        cells.append(" " * left + said + " " * (widths[column] - left - len(said)))
    return "".join(cells)


def _numbers(numbers: Sequence[int], room: int) -> str:
    said = " ".join(map(str, numbers))
    return said if len(said) <= room else str(numbers[0]) + "+"


# SVG


def _svg(layout: _Layout, title: str) -> str:
    widths = [_LETTER * width + _GAP for width in _widths(layout)]
    head = _LETTER * max((len(printable(name)) for name in layout.wires), default=0) + 2 * _MARGIN
    rows = _rows(widths, SVG_WIDTH - head)
    heights = [_WIRE * len(layout.used(row)) + 2 * _WIRE for row in rows]
    across = head + max(sum(widths[column] for column in row) for row in rows) + _MARGIN
    across = max(across, _LETTER * len(title) + 2 * _MARGIN)
    down = _WIRE + sum(heights)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" width="{across:.0f}" height="{down:.0f}" '
        f'viewBox="0 0 {across:.0f} {down:.0f}" font-family="monospace" font-size="12">',
        f"<title>{escape(title)}</title>",
        f'<rect width="100%" height="100%" rx="6" fill="{_PAPER}"/>',
        _word(_MARGIN, 22, title, anchor="start"),
    ]
    top = float(_WIRE)
    for row, height in zip(rows, heights, strict=True):
        parts += _svg_row(layout, widths, row, head, top)
        top += height
    return "\n".join([*parts, "</svg>"]) + "\n"


def _svg_row(layout: _Layout, widths: Sequence[float], row: range, head: float, top: float) -> list[str]:
    lefts, x = {}, head
    for column in row:
        lefts[column], x = x, x + widths[column]
    heights = {wire: top + _WIRE * (place + 0.75) for place, wire in enumerate(layout.used(row))}
    if not heights:
        return []
    parts = []
    for wire, y in heights.items():
        parts.append(_word(_MARGIN, y + 4, printable(layout.wires[wire]), anchor="start"))
        inside = [column for column in row if column in layout.alive[wire]]
        start, stop = lefts[inside[0]], lefts[inside[-1]] + widths[inside[-1]]
        parts.append(f'<path d="M{start:.1f} {y:.1f}H{stop:.1f}" stroke="{_GREY}"/>')
    below = max(heights.values()) + 0.9 * _WIRE
    parts.append(_word(_MARGIN, below, "gates", anchor="start"))
    parts.append(_word(_MARGIN, below + 14, "[op]", anchor="start", colour=_GREY))
    for column in row:
        middle = lefts[column] + widths[column] / 2
        for op in layout.columns[column]:
            parts += _svg_op(op, middle, widths[column] - _GAP, heights)
        numbers = [op.number for op in layout.columns[column]]
        gates = sum(op.gates for op in layout.columns[column])
        parts.append(_word(middle, below, f"{gates:,}"))
        parts.append(_word(middle, below + 14, f"[{' '.join(map(str, numbers))}]", colour=_GREY))
    return parts


def _svg_op(op: _Placed, middle: float, width: float, heights: Mapping[int, float]) -> list[str]:
    top, bottom = heights[op.span.start], heights[op.span.stop - 1]
    parts = [f"<g><title>{escape(op.label)}, op {op.number}: {op.gates:,} two-qubit gates</title>"]
    if bottom > top:
        parts.append(f'<path d="M{middle:.1f} {top:.1f}V{bottom:.1f}" stroke="{_INK}"/>')
    parts += [
        f'<circle cx="{middle:.1f}" cy="{heights[wire]:.1f}" r="4" fill="{_INK}"/>' for wire in sorted(op.controls)
    ]
    for wire in sorted(op.boxes):
        parts.append(
            f'<rect x="{middle - width / 2:.1f}" y="{heights[wire] - _BOX / 2:.1f}" width="{width:.1f}" '
            f'height="{_BOX}" rx="4" fill="{_FILL}" stroke="{_INK}"/>'
        )
        parts.append(_word(middle, heights[wire] + 4, op.label))
    return [*parts, "</g>"]


def _word(x: float, y: float, text: str, *, anchor: str = "middle", colour: str = _INK) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}">{escape(text)}</text>'
