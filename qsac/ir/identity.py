"""What an op is, in a few fields and in words: what artifacts list, and reports say."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from qsac.ir.catalogue import op_class
from qsac.ir.op import Op

_COPY = re.compile(r"[^\[]+\[([0-9]{1,9})\]")


@dataclass(frozen=True)
class OpIdentity:
    """An op of an attention program: ``id`` is its place there, ``kind`` its name in IR text.

    ``register`` are the registers that it acts on, ``copy`` the number of the copy where it is one of several
    (``score[1]``: 1), ``table`` the table that it takes numbers from, ``by`` the registers that control it,
    ``direction`` whether it is the inverse of what its kind does, ``field`` the JSON pointer of the model field that it
    was made for.
    """

    id: int
    kind: str
    register: tuple[str, ...]
    copy: int | None
    table: str | None
    by: tuple[str, ...]
    direction: Literal["forward", "inverse"]
    field: str | None

    @property
    def words(self) -> str:
        """For people: ``inverse load of score[1] by query``."""
        inverse = "inverse " if self.direction == "inverse" else ""
        by = f" by {_listed(self.by)}" if self.by else ""
        kind = op_class(self.kind)
        phrase = self.kind if kind is None else kind.phrase
        return f"{inverse}{phrase} {_listed(self.register)}{by}"


def identities(ops: Iterable[Op]) -> tuple[OpIdentity, ...]:
    """The identities of the ops of an attention program, in its order."""
    return tuple(_identity(place, op) for place, op in enumerate(ops))


def _identity(place: int, op: Op) -> OpIdentity:
    registers = op.targets or op.borrows
    copies = [found[1] for name in registers if (found := _COPY.fullmatch(name))]
    return OpIdentity(
        id=place,
        kind=op.name,
        register=registers,
        copy=int(copies[0]) if len(registers) == len(copies) == 1 else None,
        table=op.tables[0] if op.tables else None,
        by=op.borrows if op.targets else (),
        direction="inverse" if op.inverse else "forward",
        field=op.origin or None,
    )


def _listed(names: tuple[str, ...]) -> str:
    return " and ".join((", ".join(names[:-1]), names[-1])) if len(names) > 1 else "".join(names)
