"""The circuit of attention: the ops between the index state and the prediction (Construction, section 11).

One head without a key shift is attention as it is published. Several are rows of the same tables: a register ``head``
selects them, and the kernels' terms are prepared and projected by it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import atan2, copysign, hypot, pi, sqrt
from typing import TYPE_CHECKING

import numpy as np

from qsac.families.qsa.heads import Head
from qsac.families.qsa.joined import joined
from qsac.families.qsa.parts import CONTEXT, Kernel, applied, unitary
from qsac.families.unitary import Identity
from qsac.families.walked_kernel import PARITY, Side, WalkedKernel
from qsac.files.numbers import Numbers
from qsac.ir.attention import LoadTokens, MarkKeys, Project, RotateDegree, SelectIndex
from qsac.ir.attention.degree import unary_angles
from qsac.ir.op import Op
from qsac.ir.table import Table

if TYPE_CHECKING:
    from qsac.families.qsa.model import Model

HEADS = "/attention/heads"
HEAD, FLAG = "head", "flag"
KEYS, QUERIES, VALUES = "keys", "queries", "values"
"""Tables of rows that are made of one token each: W_h x_{i-r}, what undoes it, and V_h x_i."""

ENDS = "ends"
"""A table of walks: for each index what is loaded of its key and of its query."""

KIND = "kind"
"""A register, and its table: whether the scores of a head are conjugated."""

CONJUGATED = "score-conjugate"
"""The table of W where all scores are conjugated."""

WEIGHTS, MODULI = "weights", "moduli"
"""Tables of one row: what the heads are prepared in, and projected on."""

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
        mixed = not self._joined.one_score and len({head.conjugate for head in self.heads}) > 1
        # Of two heads the head's own register says which of them is conjugated.
        self.kind: Names = (KIND if len(self.heads) > 2 else HEAD,) if mixed else ()
        alike = _one_kernel(self.heads)
        origin = HEADS if "heads" in model.fields["attention"] else "/attention/kernel"
        self._kernel = Kernel(self.heads[0].kernel, origin) if alike else KernelsOfHeads(self.heads)
        walk = self.heads[0].walk
        self._walked = None if walk is None else WalkedKernel(walk, "score[0]", origin)
        self._signs = _signs(self.heads) if alike else [1.0] * len(self.heads)

    @property
    def registers(self) -> Names:
        """All registers beside those of the index and the value, whose projections have to succeed."""
        return (*self._scored.registers, *self._own_kind, *self.head, *self.flag)

    @property
    def sizes(self) -> dict[str, int]:
        """The registers' qubits."""
        own = self._scored.sizes(self._model.data_qubits)
        own |= dict.fromkeys(self.head, _bits(len(self.heads)))
        return own | dict.fromkeys((*self.flag, *self._own_kind), 1)

    @property
    def _scored(self) -> Kernel | KernelsOfHeads | WalkedKernel:
        """What applies the kernel."""
        return self._walked or self._kernel

    @property
    def _own_kind(self) -> Names:
        return self.kind if KIND in self.kind else ()

    def begun(self, tables: dict[str, Table]) -> list[Op]:
        """The heads in superposition, sqrt of their shares of lambda, and what of them has no key is cut off."""
        ops: list[Op] = []
        if self.head:
            row = np.zeros(1 << _bits(len(self.heads)))
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
        if self._walked is not None:
            return self._walk(self._walked, tables, Side(*query))
        if not self._kernel.copies:
            return self._kernel.scores(lambda _, __: [])
        if self._joined.one_score and not self.heads[0].key_shift:
            return self._kernel.scores(self._published(tables, query))
        return self._kernel.scores(self._of_heads(tables, query))

    def _walk(self, kernel: WalkedKernel, tables: dict[str, Table], query: Side) -> list[Op]:
        """The walk of real scores: W and a key shift are in the keys' table."""
        head = self.heads[0]
        tokens = np.roll(self._model.tokens[: self._context], head.key_shift, axis=0)
        queries = tables[query.table].values
        tables[KEYS], tables[QUERIES] = Table(head.score.apply(tokens)), Table(queries)
        key, query = Side(self.key, KEYS), Side(query.index, QUERIES)
        last: list[Op]
        if kernel.last_side != "selected":
            last = [kernel.undone(key if kernel.last_side == "key" else query)]
        elif query.index and isinstance(head.score, Identity) and not head.key_shift:
            # Keys and queries have the same rows: an inverse load by the query's register, which holds either index.
            select = SelectIndex(query.index[0], self.key[0], PARITY, origin="/tokens")
            last = [select, kernel.undone(query), select.adjoint()]
        else:
            rows = np.broadcast_to(queries, tables[KEYS].shape)
            tables[ENDS] = Table(np.stack((tables[KEYS].values, rows), axis=1).reshape(-1, rows.shape[1]))
            if query.index:
                select = SelectIndex(query.index[0], self.key[0], PARITY, origin="/tokens")
                last = [select, kernel.undone(Side((*query.index, PARITY), ENDS)), select.adjoint()]
            else:
                last = [kernel.undone(Side((*self.key, PARITY), ENDS))]
        return kernel.scores(key, query, last)

    def _published(self, tables: dict[str, Table], query: tuple[Names, str]) -> Copy:
        """A copy of a score as it is published, or of its conjugate: the same of conjugated tokens and W."""
        place = self._model.place(self._joined.scores[0], "score")
        name, given, keys = "score", self.heads[0].score, CONTEXT
        index, table = query
        if self.heads[0].conjugate:
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
        """A copy of the scores of all heads: W is in the tables, and so are key shifts and conjugations."""
        tokens = self._model.tokens[: self._context]
        heads = self.heads[:1] if self._joined.one_score else self.heads
        rows = [_conjugated(head.score.apply(np.roll(tokens, head.key_shift, axis=0)), head) for head in heads]
        tables[KEYS] = Table(rows_of_heads(rows))
        load = self._index(self.key, len(heads))
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
        return LoadTokens("value", self._index(self.key, len(heads)), name, origin=origin)

    def ended(self) -> list[Op]:
        """The end of the degree registers and of the heads."""
        ops = self._scored.projected()
        if self._own_kind:
            ops.append(LoadTokens(KIND, self.head, KIND, inverse=True, origin=HEADS))
            ops.append(Project(self._own_kind, origin=HEADS))
        if self.head:
            ops.append(LoadTokens(HEAD, (), MODULI, inverse=True, origin=HEADS))
            ops.append(Project(self.head, origin=HEADS))
        return ops

    def _index(self, index: Names, heads: int) -> Names:
        """An index, and the head where ``heads`` are several: in the order in which fewer rows are left over."""
        if heads == 1:
            return index
        return (*index, *self.head) if _fills(heads) else (*self.head, *index)


Copy = Callable[[str, Names], list[Op]]
"""The ops of one copy of a score, on a register, where registers are 1."""


class KernelsOfHeads:
    """Score copies of heads whose kernels differ: the powers of all of them, of which each head has its own terms.

    As of one kernel (:class:`~qsac.families.qsa.parts.Kernel`), which power it is stands in degree registers in unary,
    one for each power that any head has but the first. Their rotations are given the head; a register is prepared just
    before the copies that it gates, and the one before it ended.
    """

    def __init__(self, heads: Sequence[Head]) -> None:
        kernels = [head.kernel for head in heads]
        self._powers = sorted({power for kernel in kernels for power, c in enumerate(kernel) if c})
        self.copies = tuple(f"score[{copy}]" for copy in range(self._powers[-1]))
        self.degrees = tuple(f"degree[{place}]" for place in range(len(self._powers) - 1))
        values = 1 << _bits(len(kernels))
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


def rows_of_heads(rows: Sequence[Numbers]) -> Numbers:
    """The rows (R, d) of heads as one table: by row and head where the heads fill their register, else by head and
    row, where a row that does not occur is a repeated one."""
    if len(rows) == 1:
        return rows[0]
    if _fills(len(rows)):
        joined: Numbers = np.stack(rows, axis=1).reshape(-1, rows[0].shape[1])
        return joined
    count = len(rows[0])
    values = 1 << _bits(count)
    padded = [np.concatenate((part, np.repeat(part[-1:], values - count, axis=0))) for part in rows[:-1]]
    return np.concatenate((*padded, rows[-1]))


def count_of_rows(rows: int, heads: int) -> int:
    """How many rows :func:`rows_of_heads` makes of so many rows of each head."""
    if heads == 1 or _fills(heads):
        return rows * heads
    return ((heads - 1) << _bits(rows)) + rows


def _bits(values: int) -> int:
    return (values - 1).bit_length()


def _fills(heads: int) -> bool:
    """Whether every value of the head's register is a head."""
    return heads == 1 << _bits(heads)


def _conjugated(rows: Numbers, head: Head) -> Numbers:
    return rows.conj() if head.conjugate else rows


def _one_kernel(heads: Sequence[Head]) -> bool:
    """Whether all kernels are one, up to a factor."""
    shapes = {_shape(head.kernel) for head in heads}
    return len(shapes) == 1


def _shape(kernel: tuple[float, ...]) -> tuple[float, ...]:
    """A kernel of which the absolute coefficients sum to 1, the last one positive."""
    lam = copysign(sum(map(abs, kernel)), kernel[-1])
    return tuple(c / lam + 0.0 for c in kernel)


def _signs(heads: Sequence[Head]) -> list[float]:
    """By which sign each kernel differs from the first one, all of one shape."""
    return [copysign(1.0, head.kernel[-1]) * copysign(1.0, heads[0].kernel[-1]) for head in heads]
