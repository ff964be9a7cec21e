"""What is known of ops outside their own files: cost, lowering, emission.

An op is up to four files of one name: ``qsac/ir/attention/tokens.py`` says what the op is, ``qsac/counting/tokens.py``
what it takes, ``qsac/lowering/tokens.py`` how it is lowered (or, for a block, a file of ``qsac/emit/`` how it is
written). Nothing is listed: the file of a room is imported when something is first asked of an op. The op of another
package registers what is known of it in the module that its entry point ``qsac.ops`` names.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from functools import wraps
from importlib.util import find_spec
from typing import Any, Generic, TypeVar, cast

from qsac.errors import ExtensionError
from qsac.ir.op import Op
from qsac.plugins import attributed, blame, is_foreign, package_of

F = TypeVar("F", bound=Callable[..., Any])
G = TypeVar("G", bound=Callable[..., Any])

_OWN = "qsac.ir."


class ByOp(Generic[F]):
    """Functions by the class of the op that they are for. ``what`` they say of an op, such as its cost; ``room`` is the
    package whose files register them; ``returns`` is what they have to return."""

    def __init__(self, what: str, room: str, returns: type) -> None:
        self._what = what
        self._room = room
        self._returns = returns
        self._known: dict[type[Op], F] = {}

    def register(self, kind: type[Op]) -> Callable[[G], G]:
        """Register the decorated function for a class of ops; its subclasses have to register their own."""

        def registered(function: G) -> G:
            known = cast(F, function)
            self._known[kind] = self._attributed(kind, known) if is_foreign(kind) else known
            return function

        return registered

    def of(self, op: Op) -> F:
        """The function for an op. Raises :class:`~qsac.errors.ExtensionError` where another package's has none."""
        kind = type(op)
        if kind not in self._known:
            self._find(kind)
        return self._known[kind]

    def _find(self, kind: type[Op]) -> None:
        if kind.__module__.startswith(_OWN):
            self._import(kind)
        if kind in self._known:
            return
        if is_foreign(kind):
            raise ExtensionError(
                f"the op {kind.name!r} has no {self._what}",
                code="extension.incomplete-op",
                package=package_of(kind, "qsac.ops"),
                found=f"no function that is registered for {kind.__name__}",
                wanted=f"one, registered where {kind.__name__} is defined",
                help=blame(package_of(kind, "qsac.ops")),
            )
        raise RuntimeError(f"the op {kind.name!r} has no {self._what}: {self._room} has no file that registers one")

    def _import(self, kind: type[Op]) -> None:
        """Import the file of the room that has the name of the op's own."""
        name = f"{self._room}.{kind.__module__.rpartition('.')[2]}"
        if find_spec(name) is not None:
            importlib.import_module(name)

    def _attributed(self, kind: type[Op], function: F) -> F:
        """A function of another package: what it raises is that package's fault."""

        @wraps(function)
        def called(*arguments: Any, **options: Any) -> Any:
            with attributed(f"the {self._what} of the op {kind.name!r} failed", lambda: package_of(kind, "qsac.ops")):
                found = function(*arguments, **options)
                if not isinstance(found, self._returns):
                    raise TypeError(f"it returned a {type(found).__name__}, not a {self._returns.__name__}")
                return found

        return cast(F, called)
