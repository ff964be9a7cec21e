"""Generated programs of copies: `copied_programs()` are sums over keys with scores, that are multiplied by each other
entry by entry, gated by degree registers or not, at one position or at all of them."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from hypothesis import strategies as st

from qsac.ir.attention import (
    ApplyUnitary,
    LoadTokens,
    Multiply,
    PrepareDegree,
    PrepareIndex,
    PrepareKeys,
    Project,
    SelectIndex,
)
from qsac.ir.op import Op, Register
from qsac.ir.program import Program, Readout
from qsac.ir.save_probabilities import SaveProbabilities
from qsac.ir.table import Table


@dataclass
class Choices:
    """What a program of copies has. ``fused``: all positions at once, by a register ``query``."""

    rows: int
    size: int
    copies: int
    fused: bool = False
    powers: bool = False
    split: bool = False
    scored: bool = True
    selection: str = ""
    mask: str = "weights"
    unread: bool = False
    rng: np.random.Generator = field(default_factory=lambda: np.random.default_rng(0))
    real: bool = True
    spread: float = 0.8
    """How much less than 1 a weight may be, before they are divided by the norm of all."""
    terms: tuple[float, ...] = ()
    """Amplitudes of the terms; drawn if there are none."""
    sizes: dict[str, int] = field(default_factory=dict)
    tables: dict[str, Table] = field(default_factory=dict)

    def __post_init__(self) -> None:
        bits = (self.rows - 1).bit_length()
        self.sizes = {"key": bits} | ({"query": bits} if self.fused else {})
        if self.selection:
            self.sizes["branch"] = 1
        for power in self.degree:
            self.sizes[power] = 1
        positions = self.rows if self.fused else 1
        weights = np.zeros((positions, 1 << bits))
        weights[:, : self.rows] = self.rng.uniform(1 - self.spread, 1, (positions, self.rows))
        self.tables["weights"] = Table(weights / np.linalg.norm(weights, axis=1, keepdims=True))
        self._draw("scores", self.rows, 2)
        self._draw("queries", positions, 2)
        self._draw("values", self.rows, 1 << self.size)
        self._draw("others", self.rows, 1 << self.size)
        self._draw("targets", positions, 1 << self.size)
        self._draw("branch", 1, 2)
        unitary, _ = np.linalg.qr(self.rng.normal(size=(1 << self.size, 1 << self.size)))
        self.tables["matrix"] = Table(unitary)

    def _draw(self, name: str, rows: int, columns: int) -> None:
        values: Any = self.rng.normal(size=(rows, columns))
        values = values if self.real else values + 1j * self.rng.normal(size=(rows, columns))
        self.tables[name] = Table(values / np.linalg.norm(values, axis=1, keepdims=True))

    @property
    def degree(self) -> tuple[str, ...]:
        return tuple(f"degree[{place}]" for place in range(self.copies - 1)) if self.powers else ()

    @property
    def position(self) -> tuple[str, ...]:
        return ("query",) if self.fused else ()

    def value(self, copy: int) -> str | tuple[str, str]:
        """The register of a copy, or the two that it consists of."""
        names = (f"head[{copy}]", f"part[{copy}]") if self.split else (f"value[{copy}]",)
        for name in names:
            self.sizes[name] = 1 if self.split else self.size
        return (names[0], names[1]) if self.split else names[0]

    def copy(self, place: int) -> Iterator[Op]:
        """The ops of a copy; those after the first are multiplied into it."""
        key = f"key[{place}]" if place else "key"
        self.sizes[key] = self.sizes["key"]
        when = self.degree[place - 1 : place] if place else ()
        keys: Op = PrepareKeys("query", key, self.mask, self.rows)  # type: ignore[arg-type]
        if when or not self.fused or self.mask == "weights":
            keys = LoadTokens(key, self.position, "weights", when=when, origin="/mask")
        yield keys
        if self.scored:
            score = f"score[{place}]"
            self.sizes[score] = 1
            yield LoadTokens(score, (key,), "scores", when=when)
            yield LoadTokens(score, self.position, "queries", inverse=True, when=when)
            yield Project((score,))
        data = self.value(place)
        select = SelectIndex(key, "query", "branch", exact=self.selection == "exact")
        yield from (select,) if self.selection else ()
        yield LoadTokens(data, (key,), "others" if place else "values", when=when, origin="/tokens")
        yield from (select.adjoint(),) if self.selection else ()
        yield keys.adjoint()  # type: ignore[attr-defined]
        yield Project((key,))
        if place:
            names, by = ((one,) if isinstance(one, str) else one for one in (data, self.value(0)))
            yield from (Multiply(name, other, when) for name, other in zip(names, by, strict=True))
            yield Project(names)

    def ops(self) -> Iterator[Op]:
        """All of the ops, in order."""
        if self.fused:
            yield PrepareIndex("query", self.rows)
        if self.selection:
            yield LoadTokens("branch", (), "branch")
        unit = np.array(self.terms or self.rng.normal(size=self.copies) * (self.rng.random(self.copies) < 0.8))
        unit[-1] = unit[-1] or 0.5
        amplitudes = tuple((unit / np.linalg.norm(unit)).tolist())
        yield from self.copy(0)
        if self.degree:
            yield PrepareDegree(self.degree, amplitudes, origin="/degree")
        for place in range(1, self.copies):
            yield from self.copy(place)
        if self.degree:
            yield Project(self.degree, "unary", amplitudes=tuple(map(abs, amplitudes)), origin="/degree")
        yield from self.end(self.value(0))

    def end(self, data: str | tuple[str, str]) -> Iterator[Op]:
        """What comes after the copies."""
        names = (data,) if isinstance(data, str) else data
        if self.unread:
            # A register that is brought into the basis state of another one, read, and taken back.
            self.sizes["seen"] = self.sizes[names[0]]
            seen = Multiply("seen", names[0], adjoint_copy=True)
            yield from (seen, SaveProbabilities(("seen",), "found"), seen.adjoint(), Project(("seen",)))
        yield ApplyUnitary(data, "matrix", "matrix", origin="/readout")
        yield LoadTokens(data, self.position, "targets", inverse=True, origin="/readout")
        yield Project(names)
        if self.selection:
            yield from (LoadTokens("branch", (), "branch", inverse=True), Project(("branch",)))
        if self.fused:
            yield Project(("query",), "uniform", self.rows)


@st.composite
def copied_programs(draw: st.DrawFn) -> Program:
    """Verified attention programs of copies, see above."""
    fused, split = draw(st.booleans()), draw(st.booleans())
    copies = draw(st.integers(1, 3))
    choices = Choices(
        rows=draw(st.integers(2, 4 if fused else 6)),
        size=2 if split else draw(st.integers(1, 2)),
        copies=copies,
        fused=fused,
        powers=copies > 1 and draw(st.booleans()),
        split=split,
        scored=draw(st.booleans()),
        selection=draw(st.sampled_from(["", "pair", "exact"])) if fused else "",
        mask=draw(st.sampled_from(["causal", "full", "weights"])),
        unread=draw(st.booleans()),
        rng=np.random.default_rng(draw(st.integers(0, 2**20))),
        real=draw(st.booleans()),
        spread=draw(st.sampled_from([0.8, 0.01])),
    )
    return program_of(choices, draw(st.integers(0, 24)))


def program_of(choices: Choices, given: int = 0) -> Program:
    """The program, with at most so many projections given, all others to succeed."""
    ops = tuple(choices.ops())
    prefixes = [op.outcomes for op in ops if op.outcomes]
    first, rest = (tuple(name for part in parts for name in part) for parts in (prefixes[:given], prefixes[given:]))
    used = {getattr(op, "table", None) for op in ops}
    return Program(
        "copies",
        "attention",
        tuple(Register(name, width) for name, width in choices.sizes.items()),
        {name: table for name, table in choices.tables.items() if name in used},
        ops,
        (Readout("fidelity", first, rest), Readout("token_fidelity", first, ())),
    )
