"""Rounds of inputs, each in a process of its own, so that what stops a process (a crash or a loop in compiled code,
memory) costs a round and is known by its input."""

from __future__ import annotations

import hashlib
import mmap
import multiprocessing
import pickle
import resource
import struct
import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection
from zlib import crc32

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import seed as seeded

from tests.fuzz.contract import WAITING_SECONDS, Example, Outcome, Tally, judged
from tests.fuzz.kinds import Kind
from tests.fuzz.scratch import remove_scratch

SIZE = 2000
"""Inputs of a round."""

MEMORY = 6 << 30
"""Bytes of address space that a round's process may have: an input's memory is measured, this is the last resort."""

STILL_SECONDS = 2 * WAITING_SECONDS
"""How long a round may take over one input before it is ended."""

MEASURED = 16
"""Of so many inputs the memory of one is measured."""

_WINDOW = 1 << 22
_HEAD = struct.Struct("<QQ")


def examined(kind: Kind, chosen: settings, seed: int | None = None, window: mmap.mmap | None = None) -> Tally:
    """What the inputs that hypothesis makes by these settings come to."""
    tally = Tally()

    @given(kind.strategy())
    def each(example: Example) -> None:
        if window is not None:
            _show(window, tally.inputs, example)
        tally.add(example, judged(kind.feed, example, measured=crc32(example.data) % MEASURED == 0), seed or 0)

    settings(chosen)(each if seed is None else seeded(seed)(each))()
    return tally


def seed_of(seed: int, kind: Kind, number: int) -> int:
    """The seed of a kind's round."""
    return int.from_bytes(hashlib.sha256(f"{seed} {kind.name} {number}".encode()).digest()[:6], "big")


def few(kind: Kind) -> Tally:
    """The inputs of `make test` and `make many`: always the same ones."""
    profile = settings.get_profile("ci")
    return examined(kind, settings(profile, max_examples=kind.tried, database=None, phases=(Phase.generate,)))


def many(kind: Kind, count: int, seed: int, jobs: int) -> Iterator[Tally]:
    """The inputs of `make fuzz`, round by round."""
    waiting = [(number, min(SIZE, count - start)) for number, start in enumerate(range(0, count, SIZE))]
    running: list[_Round] = []
    try:
        while waiting or running:
            while waiting and len(running) < jobs:
                number, size = waiting.pop(0)
                running.append(_Round.started(kind, size, seed_of(seed, kind, number)))
            time.sleep(0.02)
            for one in list(running):
                found = one.result()
                if found is not None:
                    running.remove(one)
                    yield found
    finally:
        for one in running:
            one.end()


@dataclass(eq=False)
class _Round:
    process: multiprocessing.process.BaseProcess
    answers: Connection
    window: mmap.mmap
    seed: int
    seen: int = -1
    moved: float = 0.0

    @classmethod
    def started(cls, kind: Kind, size: int, seed: int) -> _Round:
        window = mmap.mmap(-1, _WINDOW)
        ours, theirs = multiprocessing.Pipe(duplex=False)
        process = multiprocessing.get_context("fork").Process(
            target=_work, args=(kind, size, seed, (ours, theirs), window)
        )
        with warnings.catch_warnings():
            # Python 3.12 warns of forking beside threads: those of a test's worker, which the round does without.
            warnings.simplefilter("ignore", DeprecationWarning)
            process.start()
        theirs.close()
        return cls(process, ours, window, seed, moved=time.monotonic())

    def result(self) -> Tally | None:
        """The round's tally once there is one; of a process that died or stands still, what it was at."""
        if self.answers.poll():
            try:
                found: Tally = self.answers.recv()
            except EOFError:
                return self._lost("the process ended")
            self.process.join()
            return found
        number = _HEAD.unpack_from(self.window)[0]
        if number != self.seen:
            self.seen, self.moved = number, time.monotonic()
        elif time.monotonic() - self.moved > STILL_SECONDS:
            return self._lost(f"the process stood still for {STILL_SECONDS:g} s")
        return None

    def _lost(self, how: str) -> Tally:
        self.end()
        tally = Tally()
        tally.add(_shown(self.window), Outcome("outside", f"{how}, exit code {self.process.exitcode}"), self.seed)
        return tally

    def end(self) -> None:
        self.process.kill()
        self.process.join()


def _work(kind: Kind, size: int, seed: int, ends: tuple[Connection, Connection], window: mmap.mmap) -> None:
    """A round, in its process."""
    listener, answers = ends
    listener.close()  # so that where nobody listens any more, this process does not wait to be heard
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, hard))
    chosen = settings(
        max_examples=size,
        database=None,
        deadline=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    try:
        answers.send(examined(kind, chosen, seed, window))
    finally:
        remove_scratch()


def _show(window: mmap.mmap, number: int, example: Example) -> None:
    """Put an input where it can be read after the process has died."""
    packed = pickle.dumps(example)[: _WINDOW - _HEAD.size]
    window[_HEAD.size : _HEAD.size + len(packed)] = packed
    _HEAD.pack_into(window, 0, number + 1, len(packed))


def _shown(window: mmap.mmap) -> Example:
    length = _HEAD.unpack_from(window)[1]
    try:
        example: Example = pickle.loads(window[_HEAD.size : _HEAD.size + length])
    except (pickle.UnpicklingError, EOFError):
        return Example("an input that cannot be read any more", b"", ())
    return example
