"""The three standard streams, which a shell may have closed: `qsac check - <&-`, `qsac compile model.json >&-`."""

from __future__ import annotations

import io
import os
import sys


def open_streams() -> None:
    """Replace closed standard streams.

    Otherwise the next file that is opened would get the descriptor of the closed stream, and the stream's text would be
    written into it. Reading standard input and writing standard output then fail as on any unusable file; messages on
    standard error are lost, which is what closing it asks for.
    """
    for descriptor, name, mode in ((0, "stdin", os.O_WRONLY), (1, "stdout", os.O_RDONLY), (2, "stderr", os.O_WRONLY)):
        if getattr(sys, name) is None:
            _occupy(descriptor, mode)
            stream = open(descriptor, "r" if name == "stdin" else "w", encoding="utf-8", closefd=False)  # noqa: SIM115
            setattr(sys, name, stream)
    for output in (sys.stdout, sys.stderr):
        if isinstance(output, io.TextIOWrapper):
            output.reconfigure(errors="backslashreplace")  # a name that the terminal cannot show is no reason to fail


def discard_output() -> None:
    """Discard what could not be written to standard output, so that it is not tried again at exit."""
    try:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, sys.stdout.fileno())
        os.close(null)
    except (OSError, ValueError):  # a stream without a number, as in tests
        pass


def _occupy(descriptor: int, mode: int) -> None:
    """Open the null device under a free descriptor. Opened in the opposite direction, it fails like a closed stream."""
    try:
        os.fstat(descriptor)
    except OSError:
        null = os.open(os.devnull, mode)
        if null != descriptor:
            os.dup2(null, descriptor)
            os.close(null)
