"""Errors as data: what is wrong, where, what was found, what is wanted, what to do.

Every error that a user can cause is a :class:`QsacError`; its exit code is part of the command-line contract.
Anything else that escapes is a bug of qsac and is reported as one (:data:`EXIT_BUG`).
"""

from __future__ import annotations

import sys
import warnings
from typing import TypeVar

T = TypeVar("T")

EXIT_DONE = 0
EXIT_CHECK_FAILED = 1
EXIT_INVALID_INPUT = 2
EXIT_DOES_NOT_FIT = 3
EXIT_BACKEND_FAILURE = 4
EXIT_INTERRUPTED = 130
EXIT_BUG = 70

_MOST_SHOWN = 1000
"""Characters of a field that a diagnostic shows: names in files may be as long as the file."""


def printable(text: str) -> str:
    r"""``text`` with every character escaped that is not a visible one or a blank, as ``\x1b``, ``\n`` or ``\u202e``.

    Escaped are control characters (C0, C1, DEL, line breaks and tabs too), marks that change the direction of writing,
    other invisible format characters, and lone surrogates: nothing that came from outside can steer a terminal or pass
    for another line of a message. Letters, signs and accents of every script stay as they are.
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


class QsacWarning(UserWarning):
    """Something that the user should know, and that keeps nothing from being done."""


class InputWarning(QsacWarning):
    """A file that is valid, but probably does not mean what its author meant."""


def warn_of_input(message: str) -> None:
    """Give an :class:`InputWarning`, which names the line that called qsac, however deep in it the cause was found."""
    level = 1
    while sys._getframe(level).f_globals.get("__name__", "").startswith("qsac.") and sys._getframe(level).f_back:
        level += 1
    warnings.warn(message, InputWarning, stacklevel=level + 1)


class QsacError(Exception):
    """A mistake or limit that the user can act on.

    ``title`` says in one clause what is wrong. ``code`` says which mistake it is, in a word that stays while the title
    may change: ``area.what-is-wrong``, one of :data:`~qsac.error_codes.CODES`. Other packages may choose codes of their
    own; without one it is that of the class. ``pointer`` is the JSON pointer of the place (RFC 6901, ``""`` for the
    whole document), ``source`` the file or stream it points into. ``found`` and ``wanted`` are short descriptions,
    ``help`` says what to do.
    """

    exit_code = EXIT_INVALID_INPUT
    general_code = "input.invalid"

    def __init__(
        self,
        title: str,
        *,
        code: str | None = None,
        pointer: str | None = None,
        source: str | None = None,
        found: str | None = None,
        wanted: str | None = None,
        help: str | None = None,
    ) -> None:
        super().__init__(title)
        self.title = title
        self.code = self.general_code if code is None else code
        self.pointer = pointer
        self.source = source
        self.found = found
        self.wanted = wanted
        self.help = help

    def located(self, source: str) -> QsacError:
        """This error with the name of the file or stream filled in, if it has none yet."""
        if self.source is None:
            self.source = source
        return self

    def __str__(self) -> str:
        """The whole diagnostic, one field a line, as the command line prints it after ``error: ``: first the title, and
        the code in brackets.

        Every field is made printable, and shortened where it is longer than any message of qsac's own. Only ``help``
        keeps its line breaks, indented: what it quotes from outside has to be made printable before.
        """
        lines = [f"{_shown(self.title)} [{_shown(self.code)}]"]
        where = _shown(" ".join(part for part in (self.source, self.pointer) if part))
        help = "\n          ".join(_shown(line) for line in (self.help or "").split("\n"))
        found, wanted = _shown(self.found), _shown(self.wanted)
        fields = (("where", where), ("found", found), ("wanted", wanted), ("help", help))
        lines.extend(f"  {label + ':':<7} {text}" for label, text in fields if text)
        return "\n".join(lines)


def _shown(text: str | None) -> str:
    """A field as it is printed: the middle of a very long one is left out."""
    if text is None:
        return ""
    if len(text) > _MOST_SHOWN:
        text = f"{text[: _MOST_SHOWN // 2]} ... {text[-_MOST_SHOWN // 2 :]}"
    return printable(text)


class InvalidInputError(QsacError):
    """A file, option or value that breaks the contract (exit code 2)."""


class CheckFailedError(QsacError):
    """A verification that did not hold: the result is refused, not written (exit code 1)."""

    exit_code = EXIT_CHECK_FAILED
    general_code = "check.failed"


class DoesNotFitError(QsacError):
    """A model or program larger than the target or this machine allows (exit code 3)."""

    exit_code = EXIT_DOES_NOT_FIT
    general_code = "capacity.exceeded"


class BackendError(QsacError):
    """A simulator or vendor service that failed (exit code 4)."""

    exit_code = EXIT_BACKEND_FAILURE
    general_code = "backend.failed"


class ExtensionError(QsacError):
    """A pass, target or op of another package that cannot be used, or whose code failed (exit code 4).

    ``package`` is the package, with its version.
    """

    exit_code = EXIT_BACKEND_FAILURE
    general_code = "extension.failed"

    def __init__(
        self,
        title: str,
        *,
        code: str | None = None,
        package: str,
        source: str | None = None,
        found: str | None = None,
        wanted: str | None = None,
        help: str | None = None,
    ) -> None:
        super().__init__(title, code=code, source=source, found=found, wanted=wanted, help=help)
        self.package = package

    @property
    def reason(self) -> str:
        """Why it cannot be used, in one line."""
        detail = self.found if self.wanted is None else f"wanted: {self.wanted}"
        return f"{self.title}; {detail}" if detail else self.title


def of_type(value: object, kind: type[T]) -> T:
    """``value``, which the code before has made sure is a ``kind``: :class:`TypeError` where it is not, a bug."""
    if not isinstance(value, kind):
        raise TypeError(f"{kind.__name__} expected here, not {type(value).__name__}")
    return value


def present(value: T | None, what: str) -> T:
    """``value``, which the code before has made sure is there: :class:`RuntimeError` where it is None, a bug."""
    if value is None:
        raise RuntimeError(f"{what} missing here")
    return value
