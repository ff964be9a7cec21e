"""What an op is: a frozen dataclass with a signature (its targets and controls), nothing about gates.

Meaning is added by optional protocols: :class:`Preparation` (the state it brings fresh registers into),
:class:`ControlledUnitary` (its matrix for every value of its controls), :class:`Projection` (the state it projects
on), :class:`Adjointable`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NamedTuple, Protocol, Self, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from qsac.plugins import is_foreign

if TYPE_CHECKING:
    from qsac.ir.table import Table

Level = Literal["attention", "block", "both"]


@dataclass(frozen=True)
class Register:
    """A named group of ``size`` qubits, the first one most significant. At block level every register is one qubit."""

    name: str
    size: int

    @property
    def dimension(self) -> int:
        return 1 << self.size


@dataclass(frozen=True)
class Scope:
    """What an op may look up: the sizes of registers and the tables it names."""

    sizes: Mapping[str, int]
    tables: Mapping[str, Table]

    def dimension(self, registers: tuple[str, ...]) -> int:
        """The dimension of the joint space of ``registers``."""
        return 1 << sum(self.sizes[name] for name in registers)


Data = str | tuple[str, ...]
"""A register, or several that are taken as one, the first of them most significant."""


def registers_of(data: Data) -> tuple[str, ...]:
    """The registers that are taken as one."""
    return (data,) if isinstance(data, str) else data


def check_data(data: Data) -> str | None:
    """What is wrong with the way in which registers are given, or None: equal programs print equally."""
    if isinstance(data, str) or len(data) > 1:
        return None
    return "a list of data registers has two or more; one register is given by its name alone"


def spoken(data: Data) -> str:
    """Registers in words of messages: ``register 'value'``, ``registers 'head', 'part'``."""
    names = registers_of(data)
    return f"register{'s' * (len(names) != 1)} {', '.join(map(repr, names))}"


class Use(NamedTuple):
    """How an op uses registers, by the names of its properties. ``changed`` are the targets that it is not diagonal
    on."""

    targets: tuple[str, ...]
    controlled_by: tuple[str, ...]
    ancillas: tuple[str, ...]
    requires_zero: tuple[str, ...]
    releases: tuple[str, ...]
    reallocates: tuple[str, ...]
    changed: frozenset[str]


@dataclass(frozen=True)
class Op:
    """Base of all ops. ``origin`` is the JSON pointer of the model field that the op was made for.

    ``sources`` are for blocks: the places, in the attention program, of the ops that the block was lowered from, in
    ascending order. A block that others were merged into has those of all of them.

    ``slots`` are for blocks of a template: which of the lowered blocks the op's numbers are taken from, whatever the
    tokens and parameters. Nothing may be concluded from the numbers of such an op. Without slots they are fixed.

    An op with ``barrier`` stands by itself: no pass on programs merges gates across it on the registers that it uses,
    replaces the rows of its table, or solves them with another op's. What a load depends on may change, and a row of
    another load may come to its table for values of the index that it had none for. So it is with the blocks that it is
    lowered to, each of them. Neither emission nor resynthesise-blocks merges gates with theirs; routing, which sees
    gates alone, may.
    """

    name: ClassVar[str]
    level: ClassVar[Level]
    phrase: ClassVar[str] = "op on"
    """What it does, in words that its registers follow."""

    _: KW_ONLY
    origin: str = ""
    sources: tuple[int, ...] = ()
    slots: tuple[int, ...] = ()
    barrier: bool = False

    @cached_property
    def use(self) -> Use:
        """How the op uses registers: worked out once, as programs of one pipeline share most of their ops."""
        targets = self.targets
        return Use(
            targets,
            self.controlled_by,
            self.ancillas,
            self.requires_zero,
            self.releases,
            self.reallocates,
            frozenset(targets).difference(self.diagonal_on),
        )

    def of_sources(self, sources: tuple[int, ...]) -> Self:
        """The op with other ``sources``."""
        return self.altered({"sources": sources})

    def altered(self, fields: Mapping[str, Any]) -> Self:
        """The op with other values of fields that do not decide how it uses registers, which is not worked out again.
        Ops of other packages may do more when they are made."""
        if is_foreign(type(self)):
            return replace(self, **fields)
        made = object.__new__(type(self))
        made.__dict__.update(self.__dict__)
        made.__dict__.update(fields)
        return made

    @property
    def targets(self) -> tuple[str, ...]:
        """Registers that the op changes; it owns them while it acts (linear use)."""
        return ()

    @property
    def controlled_by(self) -> tuple[str, ...]:
        """Registers that the op reads in the computational basis: its controls, shared and diagonal: they commute with
        other controls."""
        return ()

    @property
    def diagonal_on(self) -> tuple[str, ...]:
        """Targets on which the op is diagonal in the computational basis, so that it commutes with controls."""
        return ()

    @property
    def ancillas(self) -> tuple[str, ...]:
        """Registers in zero, not used yet or brought back, that the op may use on its way; it leaves them in zero."""
        return ()

    @property
    def requires_zero(self) -> tuple[str, ...]:
        """Targets that must be unallocated, so in state zero, before the op."""
        return ()

    @property
    def releases(self) -> tuple[str, ...]:
        """Targets that the op projects and so gives back."""
        return ()

    @property
    def outcomes(self) -> tuple[str, ...]:
        """The names under which readouts speak of the op's projection: registers, or bits at block level."""
        return ()

    @property
    def leaves_zero_on(self) -> tuple[str, ...]:
        """Targets that from here on count in state zero only: a projection on zero must be what comes next to them."""
        return ()

    @property
    def computes_pair(self) -> bool:
        """Whether the op leaves a diagonal on its registers open: until its adjoint they are only used as controls."""
        return False

    @property
    def nests(self) -> bool:
        """Whether the op may open its pair on registers of another open one, to be closed before that: all blocks that
        it is lowered to are pairs themselves, which permute basis states up to phases."""
        return False

    @property
    def uncomputes_pair(self) -> bool:
        """Whether the op is the adjoint of one that opens a pair."""
        return False

    @property
    def inverse(self) -> bool:
        """Whether the op takes back what ops of its kind do."""
        return False

    @property
    def tables(self) -> tuple[str, ...]:
        """The tables that the op names."""
        table = getattr(self, "table", None)
        return () if table is None else (table,)

    @property
    def reallocates(self) -> tuple[str, ...]:
        """Ended registers that the op brings back, in state zero."""
        return ()

    def check(self, scope: Scope) -> str | None:
        """What is wrong with the op's own fields, or None. Registers and tables it names are known to exist."""
        return None


def sources_of(*ops: Op) -> tuple[int, ...]:
    """The ``sources`` of a block that is made of several."""
    return tuple(sorted({source for op in ops for source in op.sources}))


@runtime_checkable
class Preparation(Protocol):
    """An op that brings its (fresh) targets from zero into a state."""

    def prepared(self, scope: Scope) -> NDArray[Any]:
        """The unit vector of the joint target space."""
        ...


@runtime_checkable
class ControlledUnitary(Protocol):
    """An op that acts on its targets by a unitary chosen by the value of its controls."""

    def matrices(self, scope: Scope) -> NDArray[np.complex128]:
        """Shape (B, D, D): B values of the control registers (in order), D the dimension of the targets."""
        ...


@runtime_checkable
class Acting(Protocol):
    """A controlled unitary that is applied to states without its matrices, which would be much larger."""

    def acted(self, states: NDArray[np.complex128], scope: Scope) -> NDArray[np.complex128]:
        """The states (B, R, D) after it: R of them for each of the B values of the controls."""
        ...


@runtime_checkable
class Projection(Protocol):
    """An op that ends its targets by projecting them on a state."""

    def projected(self, scope: Scope) -> NDArray[Any]:
        """The unit vector that the joint target space is projected on."""
        ...


@runtime_checkable
class Adjointable(Protocol):
    """An op whose inverse is an op of the same kind."""

    def adjoint(self) -> Self:
        """The inverse op."""
        ...
