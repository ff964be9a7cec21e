"""The circuit of attention: the ops between the index state and the prediction (Construction, section 11).

One head without a key shift is attention as it is published. Several are rows of the same tables: a register ``head``
selects them, and the kernels' terms are prepared and projected by it. Kernels by a walk are on a score register of
their own; beside them the others have copies, of which a head with a walk has the power 0.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import atan2, copysign, hypot, pi, sqrt
from typing import TYPE_CHECKING

import numpy as np

from qsac.families.qsa.head_rows import HEAD, bits, index_of_heads, rows_of_heads
from qsac.families.qsa.heads import Head, shape_of_kernel, sign_between
from qsac.families.qsa.joined import joined
from qsac.families.qsa.parts import CONTEXT, Kernel, applied, unitary
from qsac.families.qsa.walked_heads import WalkedHeads
from qsac.families.walked_kernel import Side
from qsac.files.numbers import Numbers
from qsac.ir.attention import LoadTokens, MarkKeys, Project, RotateDegree
from qsac.ir.attention.degree import unary_angles
from qsac.ir.op import Op
from qsac.ir.table import Table

if TYPE_CHECKING:
    from qsac.families.qsa.model import Model

HEADS = "/attention/heads"
FLAG = "flag"
KEYS, QUERIES, VALUES = "keys", "queries", "values"
"""Tables of rows that are made of one token each: W_h x_{i-r}, what undoes it, and V_h x_i."""

KIND = "kind"
"""A register, and its table: whether the scores of a head are conjugated."""

CONJUGATED = "score-conjugate"
"""The table of W where all scores are conjugated."""

WEIGHTS, MODULI = "weights", "moduli"
"""Tables of one row: what the heads are prepared in, and projected on."""

CONSTANT = (1.0,)
"""The kernel that is 1: what is left to copies of one that a walk applies."""

Names = tuple[str, ...]


class Attention:
    """The heads over the first ``context`` tokens of a model, and the registers that they take.

    ``key`` is the register of the tokens, none for a single one.
    """

    def __init__(self, model: Model, context: int) -> None:
        self._model, self._context = model, context
        self._joined = joined(model, context)
        self.heads = self._joined.heads
        self.subnormalisation = self._joined.subnormalisation
        self.key: Names = ("key",) if context > 1 else ()
        self.head: Names = (HEAD,) if len(self.heads) > 1 else ()
        self.flag: Names = (FLAG,) if any(head.key_shift for head in self.heads) else ()
        origin = HEADS if "heads" in model.fields["attention"] else "/attention/kernel"
        kernels = [CONSTANT if head.walk else head.kernel for head in self.heads]
        alike = len(set(map(shape_of_kernel, kernels))) == 1
        self._kernel = Kernel(kernels[0], origin) if alike else KernelsOfHeads(kernels)
        self._signs = [sign_between(kernel, kernels[0]) for kernel in kernels] if alike else [1.0] * len(self.heads)
        # Heads whose scores have copies; W and key shifts of the others are the walk's.
        self._copied = [number for number, head in enumerate(self.heads) if not head.walk]
        self._one_score = len({self._joined.scores[number] for number in self._copied}) < 2
        mixed = not self._one_score and len({head.conjugate for head in self.heads}) > 1
        # Of two heads the head's own register says which of them is conjugated.
        self.kind: Names = (KIND if len(self.heads) > 2 else HEAD,) if mixed else ()
        self._walked = None
        if len(self._copied) < len(self.heads):
            self._walked = WalkedHeads(self._joined, f"score[{len(self._kernel.copies)}]", origin)
            self._signs = [one * other for one, other in zip(self._signs, self._walked.signs, strict=True)]

    @property
    def registers(self) -> Names:
        """All registers beside those of the index and the value, whose projections have to succeed."""
        walked = () if self._walked is None else self._walked.registers
        return (*walked, *self._kernel.registers, *self._own_kind, *self.head, *self.flag)

    @property
    def sizes(self) -> dict[str, int]:
        """The registers' qubits."""
        qubits = self._model.data_qubits
        own = ({} if self._walked is None else self._walked.sizes(qubits)) | self._kernel.sizes(qubits)
        own |= dict.fromkeys(self.head, bits(len(self.heads)))
        return own | dict.fromkeys((*self.flag, *self._own_kind), 1)

    @property
    def _own_kind(self) -> Names:
        return self.kind if KIND in self.kind else ()

    def begun(self, tables: dict[str, Table]) -> list[Op]:
        """The heads in superposition, sqrt of their shares of lambda, and what of them has no key is cut off."""
        ops: list[Op] = []
        if self.head:
            row = np.zeros(1 << bits(len(self.heads)))
            shares = np.array([abs(head.weight) * head.lam for head in self.heads])
            row[: len(shares)] = np.sqrt(shares / shares.sum())
            tables[MODULI] = Table(row[None])
            signed = row.copy()
            signed[: len(shares)] *= [
                copysign(sign, head.weight * sign) for sign, head in zip(self._signs, self.heads, strict=True)
            ]
            tables[WEIGHTS] = Table(signed[None])
            ops.append(LoadTokens(HEAD, (), WEIGHTS, origin=HEADS))
        if self._own_kind:
            tables[KIND] = Table(np.eye(2)[[int(head.conjugate) for head in self.heads]])
            ops.append(LoadTokens(KIND, self.head, KIND, origin=HEADS))
        if self.flag:
            ops += self._marks(tables)
            ops.append(Project(self.flag, origin=HEADS))
        return ops

    def _marks(self, tables: dict[str, Table]) -> list[Op]:
        """1 on the flag for keys that the head has nothing to compare with."""
        shifts = [head.key_shift for head in self.heads]
        if not self.key:  # all heads are shifted beyond the one token, or they would have been left out
            tables[FLAG] = Table(np.array([[0.0, 1.0]]))
            return [LoadTokens(FLAG, (), FLAG, origin=HEADS)]
        alike = len(set(shifts)) == 1
        shown = tuple(min(shift, self._context) for shift in (shifts[:1] if alike else shifts))
        head = () if alike else self.head
        return [MarkKeys(FLAG, self.key[0], self._context, shown, head, origin=HEADS)]

    def scores(self, tables: dict[str, Table], query: tuple[Names, str]) -> list[Op]:
        """Multiply by g(s) / lam: each copy loaded by the keys, uncomputed by ``query`` (index, table), projected.

        By a walk all is on one register.
        """
        ops: list[Op] = []
        if self._walked is not None:
            ops += self._walked.scores(self._model, self._context, tables, Side(*query), self.key)
        if not self._kernel.copies:
            return [*ops, *self._kernel.scores(lambda _, __: [])]
        published = self._one_score and not self.heads[self._copied[0]].key_shift
        copy = self._published(tables, query) if published else self._of_heads(tables, query)
        return [*ops, *self._kernel.scores(copy)]

    def _published(self, tables: dict[str, Table], query: tuple[Names, str]) -> Copy:
        """A copy of a score as it is published, or of its conjugate: the same of conjugated tokens and W."""
        head = self.heads[self._copied[0]]
        place = self._model.place(self._joined.scores[self._copied[0]], "score")
        name, given, keys = "score", head.score, CONTEXT
        index, table = query
        if head.conjugate:
            name, given = CONJUGATED, given.conjugate()
            queries = KEYS if table == CONTEXT else QUERIES
            tables[KEYS], tables[queries] = (Table(tables[one].values.conj()) for one in (CONTEXT, table))
            keys, table = KEYS, queries
        score = unitary(name, given, self._model, tables)

        def copy(register: str, when: Names) -> list[Op]:
            return [
                LoadTokens(register, self.key, keys, when=when, origin="/tokens"),
                *applied(register, name, score, place, when),
                LoadTokens(register, index, table, inverse=True, when=when, origin="/tokens"),
            ]

        return copy

    def _of_heads(self, tables: dict[str, Table], query: tuple[Names, str]) -> Copy:
        """A copy of the scores of all heads: W is in the tables, and so are key shifts and conjugations. Of heads with
        a walk no score is copied, and any row does."""
        tokens = self._model.tokens[: self._context]
        first = self.heads[self._copied[0]]
        heads = [first] if self._one_score else [first if head.walk else head for head in self.heads]
        rows = [_conjugated(head.score.apply(np.roll(tokens, head.key_shift, axis=0)), head) for head in heads]
        tables[KEYS] = Table(rows_of_heads(rows))
        load = index_of_heads(self.key, len(heads))
        index, table = query
        if any(head.conjugate for head in heads):
            own = tables[table].values
            kinds = [own.conj()]
            if self.kind:
                kinds = [own, own.conj()] if self._own_kind else [_conjugated(own, head) for head in heads]
            tables[QUERIES] = Table(rows_of_heads(kinds))
            index, table = (*index, *self.kind), QUERIES

        def copy(register: str, when: Names) -> list[Op]:
            return [
                LoadTokens(register, load, KEYS, when=when, origin="/tokens"),
                LoadTokens(register, index, table, inverse=True, when=when, origin="/tokens"),
            ]

        return copy

    def values(self, tables: dict[str, Table]) -> list[Op]:
        """V x_i on the register ``value``."""
        if self._joined.one_value:
            place = self._model.place(self._joined.values[0], "value")
            value = unitary("value", self.heads[0].value, self._model, tables)
            load = LoadTokens("value", self.key, CONTEXT, origin="/tokens")
            return [load, *applied("value", "value", value, place)]
        return [self.loaded(tables, VALUES, lambda rows: rows, "/tokens")]

    def loaded(self, tables: dict[str, Table], name: str, made: Callable[[Numbers], Numbers], origin: str) -> Op:
        """A load of what is ``made`` of the rows V x_i, (context, d), on the register ``value``, as one table."""
        tokens = self._model.tokens[: self._context]
        heads = self.heads[:1] if self._joined.one_value else self.heads
        tables[name] = Table(rows_of_heads([made(head.value.apply(tokens)) for head in heads]))
        return LoadTokens("value", index_of_heads(self.key, len(heads)), name, origin=origin)

    def ended(self) -> list[Op]:
        """The end of the degree registers and of the heads."""
        ops = [] if self._walked is None else self._walked.projected()
        ops += self._kernel.projected()
        if self._own_kind:
            ops.append(LoadTokens(KIND, self.head, KIND, inverse=True, origin=HEADS))
            ops.append(Project(self._own_kind, origin=HEADS))
        if self.head:
            ops.append(LoadTokens(HEAD, (), MODULI, inverse=True, origin=HEADS))
            ops.append(Project(self.head, origin=HEADS))
        return ops


Copy = Callable[[str, Names], list[Op]]
"""The ops of one copy of a score, on a register, where registers are 1."""


class KernelsOfHeads:
    """Score copies of heads whose kernels differ: the powers of all of them, of which each head has its own terms.

    As of one kernel (:class:`~qsac.families.qsa.parts.Kernel`), which power it is stands in degree registers in unary,
    one for each power that any head has but the first. Their rotations are given the head; a register is prepared just
    before the copies that it gates, and the one before it ended.
    """

    def __init__(self, kernels: Sequence[tuple[float, ...]]) -> None:
        self._powers = sorted({power for kernel in kernels for power, c in enumerate(kernel) if c})
        self.copies = tuple(f"score[{copy}]" for copy in range(self._powers[-1]))
        self.degrees = tuple(f"degree[{place}]" for place in range(len(self._powers) - 1))
        values = 1 << bits(len(kernels))
        self._amplitudes = np.zeros((values, len(self._powers)))
        self._amplitudes[:, 0] = 1.0
        for row, kernel in zip(self._amplitudes, kernels, strict=False):
            lam = sum(map(abs, kernel))
            terms = [kernel[power] if power < len(kernel) else 0.0 for power in self._powers]
            row[:] = [copysign(sqrt(abs(c) / lam), c) for c in terms]

    @property
    def registers(self) -> Names:
        """All registers, in the order in which they are given."""
        return (*self.copies, *self.degrees)

    def sizes(self, data_qubits: int) -> dict[str, int]:
        """The registers' qubits."""
        return dict.fromkeys(self.copies, data_qubits) | dict.fromkeys(self.degrees, 1)

    def scores(self, copy: Copy) -> list[Op]:
        """Each copy in turn, gated by the register of the powers that it is in, and the registers between them."""
        ops: list[Op] = []
        begun = 0
        for place, register in enumerate(self.copies):
            fewer = sum(1 for power in self._powers if power <= place)
            for degree in range(begun, fewer):
                ops += self._turned(degree)
            begun = fewer
            when = self.degrees[fewer - 1 : fewer] if fewer else ()
            ops += [*copy(register, when), Project((register,), origin=HEADS)]
        return ops

    def _turned(self, place: int) -> list[Op]:
        """A register comes up, by the one before it, which ends."""
        prepared = [unary_angles(tuple(row))[place] for row in self._amplitudes]
        if not place:
            return [RotateDegree(self.degrees[0], tuple(prepared), (HEAD,), fresh=True, origin=HEADS)]
        register, before = self.degrees[place], self.degrees[place - 1]
        up = (*[0.0] * len(prepared), *prepared)
        down = (*self._ends(place), *[-pi] * len(prepared))
        return [
            RotateDegree(register, up, (before, HEAD), fresh=True, origin=HEADS),
            RotateDegree(before, down, (register, HEAD), last=True, origin=HEADS),
            Project((before,), origin=HEADS),
        ]

    def projected(self) -> list[Op]:
        """The end of the last register."""
        last = self.degrees[-1]
        ends = tuple(self._ends(len(self.degrees)))
        return [
            RotateDegree(last, ends, (HEAD,), last=True, origin=HEADS),
            Project((last,), origin=HEADS),
        ]

    def _ends(self, place: int) -> list[float]:
        """The angles that end the register before ``place`` where that one is 0, for each head: its moduli."""
        return [-2 * atan2(abs(row[place]), hypot(*row[:place])) for row in self._amplitudes]


def _conjugated(rows: Numbers, head: Head) -> Numbers:
    return rows.conj() if head.conjugate else rows
