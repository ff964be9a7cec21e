"""What every input has to come to: an answer, or a refusal by a :class:`~qsac.errors.QsacError`, soon and in memory
that its size explains. Anything else is outside the contract."""

from __future__ import annotations

import signal
import threading
import traceback
import tracemalloc
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from qsac.error_codes import CODES
from qsac.errors import QsacError
from tests.fuzz.mutations import Edit

SECONDS, WAITING_SECONDS = 5.0, 60.0
"""Processor time that one input may take, and time by the clock: more of this, as other programs run too."""

MEMORY_BASE, MEMORY_FACTOR = 64 << 20, 64
"""Bytes that an input may take in any case, and for each of its own bytes."""

LONGEST_MESSAGE = 4000
"""Characters of a diagnostic, whatever it quotes."""


@dataclass(frozen=True, eq=False)
class Example:
    """An input: its bytes, what it was made from and by which edits. ``facts`` is what its kind wants to know of it."""

    start: str
    data: bytes
    edits: tuple[Edit, ...]
    facts: Any = None

    def __repr__(self) -> str:
        edits = "; ".join(f"{edit.action[:60]} at {edit.pointer or '(the whole)'}" for edit in self.edits)
        shown = self.data if len(self.data) <= 300 else self.data[:297] + b"..."
        return f"<{self.start}: {edits} -> {len(self.data)} bytes {shown!r}>"


class WrongError(AssertionError):
    """An input was accepted, and what came of it is not right."""


class TooLargeError(AssertionError):
    """An input took too much memory."""


class TooSlow(BaseException):
    """An input took too long. No exception of the usual kind, which the code under test may catch."""


@dataclass(frozen=True)
class Outcome:
    """What an input came to: ``accepted`` (or what its kind calls it), ``exit 2``, .., or ``outside``.

    ``fault`` tells one kind of fault from another; ``detail`` is its traceback.
    """

    label: str
    fault: str = ""
    detail: str = ""

    @property
    def outside(self) -> bool:
        return self.label == "outside"


Feed = Callable[[Example], str]
"""Gives an input to the code under test: how it was accepted, or a QsacError."""


def judged(feed: Feed, example: Example, *, measured: bool = False) -> Outcome:
    """What an input comes to. ``measured``: its memory is measured too, which is slower."""
    try:
        with _in_time(), warnings.catch_warnings(), _in_memory(len(example.data)) if measured else nullcontext():
            # What qsac warns of is part of its answer; that a number overflowed is not.
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", RuntimeWarning)
            label = feed(example)
    except QsacError as error:
        return _refused(error)
    except TooSlow as error:
        return _outside(error, "too slow")
    except TooLargeError as error:
        return Outcome("outside", "too much memory", str(error))
    except (Exception, SystemExit) as error:
        return _outside(error, type(error).__name__)
    return Outcome(label)


def _refused(error: QsacError) -> Outcome:
    text = str(error)
    if error.exit_code not in (1, 2, 3, 4):
        return Outcome("outside", f"exit code {error.exit_code}", text[:1000])
    if not error.title or len(text) > LONGEST_MESSAGE:
        return Outcome("outside", f"a diagnostic too long, or without a title: {error.title[:24]}", text[:1000])
    if error.code not in CODES:
        return Outcome("outside", f"a code that is not listed: {error.code[:24]}", text[:1000])
    return Outcome(f"exit {error.exit_code}")


def _outside(error: BaseException, what: str) -> Outcome:
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if "/fuzz/" not in frame.filename] or list(frames)
    in_qsac = [
        frame
        for frame in own
        if any(f"/{part}/" in frame.filename for part in ("qsac", "passes", "targets"))
        and "site-packages" not in frame.filename
    ]
    place = (in_qsac or own)[0 if isinstance(error, TooSlow) else -1]
    what = f"{what} ({str(error).splitlines()[0][:60]})" if isinstance(error, WrongError) and str(error) else what
    where = f"{Path(place.filename).name}:{place.lineno} {place.name}"
    return Outcome("outside", f"{what} in {where}", "".join(traceback.format_exception(error))[-6000:])


@contextmanager
def _in_time() -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def late(number: int, _frame: object) -> None:
        raise TooSlow(f"{SECONDS:g} s of processor time" if number == signal.SIGPROF else f"{WAITING_SECONDS:g} s")

    before = [(number, signal.signal(number, late)) for number in (signal.SIGPROF, signal.SIGALRM)]
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    signal.setitimer(signal.ITIMER_REAL, WAITING_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in before:
            signal.signal(number, handler)


@contextmanager
def _in_memory(size: int) -> Iterator[None]:
    tracemalloc.start()
    try:
        yield
        _, peak = tracemalloc.get_traced_memory()
    except BaseException:
        _, peak = tracemalloc.get_traced_memory()
        if peak <= _allowed(size):
            raise
    finally:
        tracemalloc.stop()
    if peak > _allowed(size):
        raise TooLargeError(f"{peak >> 20} MiB for an input of {size} bytes")


def _allowed(size: int) -> int:
    return MEMORY_BASE + MEMORY_FACTOR * size


@dataclass
class Tally:
    """What the inputs of a kind came to, and the smallest input of each fault."""

    labels: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    samples: dict[str, tuple[Example, Outcome, int]] = field(default_factory=dict)

    def add(self, example: Example, outcome: Outcome, seed: int) -> None:
        self.labels[outcome.label] += 1
        if not outcome.outside:
            return
        self.faults[outcome.fault] += 1
        kept = self.samples.get(outcome.fault)
        if kept is None or _size(example) < _size(kept[0]):
            self.samples[outcome.fault] = (example, outcome, seed)

    def merge(self, other: Tally) -> None:
        self.labels += other.labels
        self.faults += other.faults
        for fault, sample in other.samples.items():
            kept = self.samples.get(fault)
            if kept is None or _size(sample[0]) < _size(kept[0]):
                self.samples[fault] = sample

    @property
    def inputs(self) -> int:
        return self.labels.total()

    @property
    def outside(self) -> int:
        return self.labels["outside"]

    @property
    def accepted(self) -> int:
        return self.inputs - self.outside - self.refused()

    def refused(self) -> int:
        return sum(count for label, count in self.labels.items() if label.startswith("exit "))


def _size(example: Example) -> tuple[int, int]:
    return len(example.edits), len(example.data)
