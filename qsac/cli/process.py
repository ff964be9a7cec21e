"""The process of the command `qsac`: Ctrl-C ends it without a traceback at any time, while modules are imported too.

It imports next to nothing, so that it answers to Ctrl-C before anything else is imported.
"""

from __future__ import annotations

import atexit
import os
import signal
import sys
from contextlib import suppress

EXIT_INTERRUPTED = 130
"""As in :mod:`qsac.errors`, which takes longer to import."""

_SOON = 0.01
"""Seconds after which Ctrl-C is pressed again that could not be raised."""


def start() -> int:
    """Run the command line; the exit code is that of :func:`qsac.cli.main.run`.

    Ctrl-C before the command begins ends the process at once with code 130. Once the command has ended it ends the
    process with the command's code, as all is done. Where Ctrl-C is ignored (`nohup`) or handled by somebody else, that
    stays as it is.
    """
    if signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        from qsac.cli.main import run

        return run()
    return _Interruptible().run()


class _Interruptible:
    """What Ctrl-C does, by how far the process is."""

    def __init__(self) -> None:
        self._code: int | None = EXIT_INTERRUPTED
        """With what Ctrl-C ends the process at once; None while a command runs, which it interrupts."""
        signal.signal(signal.SIGINT, self._press)
        sys.unraisablehook = self._unraisable
        # What was registered first is called last: from then on Python has no handlers any more.
        atexit.register(signal.signal, signal.SIGINT, signal.SIG_IGN)

    def run(self) -> int:
        from qsac.cli.main import run

        try:
            self._code = None
            self._code = run()
        except KeyboardInterrupt:  # between the end of the command and the assignment
            self._code = EXIT_INTERRUPTED
        return self._code

    def _press(self, _number: int, _frame: object) -> None:
        if self._code is None:
            raise KeyboardInterrupt
        if self._code == EXIT_INTERRUPTED:
            with suppress(OSError):  # standard error may be closed
                os.write(2, b"interrupted\n")
        os._exit(self._code)

    def _unraisable(self, unraisable: sys.UnraisableHookArgs, /) -> None:
        """Where Python cannot raise Ctrl-C, in what it calls while an object is removed, it is pressed once more just
        after that: Python itself would print a traceback and go on."""
        if unraisable.exc_type is not None and issubclass(unraisable.exc_type, KeyboardInterrupt):
            from threading import Timer

            again = Timer(_SOON, os.kill, (os.getpid(), signal.SIGINT))  # here it could not be raised either
            again.daemon = True
            again.start()
        else:
            sys.__unraisablehook__(unraisable)
