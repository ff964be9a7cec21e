"""What is killed: a command or a write that is repeated until then, and what must hold then and after one more run."""

import hashlib
import io
import json
import os
import sqlite3
import sys
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, redirect_stdout
from pathlib import Path
from typing import Any

import numpy as np

import qsac
from qsac.artifact.cache import Cache
from qsac.cli.main import run
from qsac.files import database, writing
from qsac.submission import journal as journal_module
from qsac.submission import schema, submit
from qsac.submission.entries import Part
from qsac.submission.journal import Journal
from qsac.sweeps import journal as records_module
from qsac.templates import journal as run_journal_module
from tests.cli.conftest import SMALL
from tests.families.conftest import leave_package
from tests.strategies import random_model
from tests.submission.conftest import PAIR
from tests.submission.fake import CountingVendor
from tests.templates.two_layers import SHOTS, two_layers

TRACED = tuple(
    str(module.__file__)
    for module in (writing, database, journal_module, schema, submit, records_module, run_journal_module)
)
"""Where a process that is killed at a line is killed: the modules that write."""


class WrongError(Exception):
    """Something was lost, doubled, left or changed."""


class Kind(ABC):
    """``folder`` is the working directory, a new one; ``once`` does once what is killed, ``again`` is the one more run.

    The ``turn`` counts how often it was done.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.prepare()
        self.once(0)
        self.again(0)
        self.names = self._listed()

    @abstractmethod
    def prepare(self) -> None: ...

    @abstractmethod
    def once(self, turn: int) -> None: ...

    @abstractmethod
    def check(self) -> None:
        """What holds at any time."""

    def again(self, turn: int) -> None:
        self.once(turn)

    def left(self) -> int:
        """How many things a killed process has left."""
        return len(self._listed() - self.names)

    def check_all(self) -> None:
        """What holds after one more run."""
        self.check()
        left = self._listed() - self.names
        if left:
            raise WrongError(f"left: {', '.join(sorted(left))}")

    def _listed(self) -> set[str]:
        """The files there are, entries of the cache aside."""
        every = (path for path in self.folder.rglob("*") if not path.is_dir() and path.suffix != ".entry")
        return {str(path.relative_to(self.folder)) for path in every}

    def _check_entries(self) -> None:
        for path in Cache().folder.glob("??/*.entry"):
            head, _, body = path.read_bytes().partition(b"\n")
            if hashlib.sha256(body).hexdigest().encode() != head.split()[-1]:
                raise WrongError(f"half an entry: {path.name}")


def _done(*arguments: str, code: int = 0) -> None:
    found = run(arguments)
    if found != code:
        raise WrongError(f"qsac {' '.join(arguments)}: exit code {found}")


class Compile(Kind):
    """`qsac compile`, by turns at two levels, into an output of the name that qsac chooses."""

    def prepare(self) -> None:
        (self.folder / "small.json").write_text(json.dumps(SMALL))
        self.texts = [qsac.compile(SMALL, "h2", optimisation=level).to_json() for level in (0, 2)]
        self.output = self.folder / "small.qsac.json"

    def once(self, turn: int) -> None:
        _done("compile", "small.json", "--target", "h2", "-q", "-O", "02"[turn % 2])
        if turn % 5 == 4:
            Cache().clear()

    def again(self, turn: int) -> None:
        self.once(turn)
        if self.output.read_text() != self.texts[turn % 2]:
            raise WrongError("another artifact")

    def check(self) -> None:
        if self.output.exists() and self.output.read_text() not in self.texts:
            raise WrongError("half an artifact")
        self._check_entries()


class Bind(Compile):
    """`qsac bind` of two sets of tokens by turns."""

    def prepare(self) -> None:
        made = qsac.template(SMALL, "h2")
        made.save(self.folder / "small.qsac-template.json")
        tokens = [np.array(SMALL["tokens"]["values"]) * scale for scale in ([1.0, 1.0], [1.0, 2.0])]
        for place, values in enumerate(tokens):
            np.save(self.folder / f"tokens-{place}.npy", values)
        self.texts = [made.bind(values).to_json() for values in tokens]
        self.output = self.folder / "small.qsac.json"

    def once(self, turn: int) -> None:
        _done("bind", "small.qsac-template.json", "--tokens", f"tokens-{turn % 2}.npy", "-q")


class Run(Kind):
    """`qsac run` of models, which are kept in the cache."""

    def prepare(self) -> None:
        for seed in range(3):
            (self.folder / f"model-{seed}.json").write_text(json.dumps(random_model(seed + 1)))

    def once(self, turn: int) -> None:
        _done("run", f"model-{turn % 3}.json", "--json")
        if turn % 4 == 3:
            Cache().clear()

    def check(self) -> None:
        self._check_entries()


class CacheWrites(Kind):
    """Entries that are kept, read and dropped: there is room for about half of them."""

    def prepare(self) -> None:
        self.programs = [qsac.compile(random_model(seed), "h2", verify=False) for seed in range(6)]
        self.texts = [compiled.to_json() for compiled in self.programs]
        self.keys = [f"{place:x}" * 64 for place in range(len(self.programs))]
        everything = Cache(self.folder / "measured")
        for key, compiled in zip(self.keys, self.programs, strict=True):
            everything.put(key, compiled)
        self.limit = everything.usage().bytes // 2

    def once(self, turn: int) -> None:
        cache = Cache(limit=self.limit, warn=_unexpected)
        for place in range(turn, turn + len(self.keys)):
            self.use(cache, place * 5 % len(self.keys))

    def use(self, cache: Cache, place: int) -> None:
        compiled = self.programs[place]
        found = cache.get(self.keys[place], compiled.model, compiled.target, compiled.options)
        if found is None:
            cache.put(self.keys[place], compiled)
        elif found.to_json() != self.texts[place]:
            raise WrongError("another program")

    def check(self) -> None:
        self._check_entries()


def _unexpected(message: str) -> None:
    raise WrongError(message)


class Outputs(Kind):
    """Outputs alone: one that is replaced, one that comes and goes."""

    def prepare(self) -> None:
        self.texts = ["old" * 30_000, "new" * 40_000]
        self.paths = [self.folder / "kept", self.folder / "fresh"]

    def once(self, turn: int) -> None:
        self.paths[1].unlink(missing_ok=True)
        for path in self.paths:
            text = self.texts[turn % 2]
            writing.write_whole(path, (text[start : start + 9_000] for start in range(0, len(text), 9_000)))

    def check(self) -> None:
        if not self.paths[0].exists():
            raise WrongError("the old file is lost")
        if any(path.exists() and path.read_text() not in self.texts for path in self.paths):
            raise WrongError("half an output")


class Jobs(Kind):
    """`qsac run --submit` and `qsac results` of a vendor whose jobs are done at once: jobs of one circuit and of two by
    turns."""

    def prepare(self) -> None:
        # The vendor's own files are none of qsac's: they lie elsewhere, and half of a job there is none.
        self.vendor = CountingVendor(self.folder.parent / f"{self.folder.name}-vendor")
        self.vendor.folder.mkdir()
        submit.client = lambda _vendor, _machine: self.vendor
        submit.LISTING_SECONDS = 0.0  # it lists what it was handed at once
        packages = self.folder.parent / f"{self.folder.name}-packages"
        packages.mkdir()
        leave_package(packages)
        sys.path.insert(0, str(packages))
        for place, model in enumerate((SMALL, PAIR)):
            qsac.compile(model, "h2", verify=False).save(self.folder / f"{place}.qsac.json")

    def once(self, turn: int) -> None:
        # Never the very same job twice: that is refused as long as it is not known what became of the first.
        shots = str(1 + turn % 10_000)
        _done("run", f"{turn % 2}.qsac.json", "--submit", "--shots", shots, "--max-cost", "10000", "--yes")
        _done("results", str(max(job.id for job in Journal().jobs())))

    def again(self, turn: int) -> None:
        """What a user does who does not know what became of a job: nothing is submitted before he says so."""
        handed = self.vendor.handed()
        for job in Journal().jobs():
            if not job.is_done:
                reached = all(part.tag in handed for part in job.parts)
                _done("results", str(job.id), code=0 if reached else 4)
        if self.vendor.handed() != handed:
            raise WrongError("something was submitted by asking for results")
        for job in Journal().jobs():
            if not job.is_done:
                _done("results", str(job.id), "--resume", "--yes")

    def check(self) -> None:
        handed, entered = self.vendor.handed(), Counter(part.tag for part in self._parts())
        if lost := set(handed) - set(entered):
            raise WrongError(f"jobs that no journal knows: {lost}")
        if doubled := {tag for tag, times in (handed | entered).items() if times > 1}:
            raise WrongError(f"jobs submitted twice: {doubled}")

    def check_all(self) -> None:
        super().check_all()
        handed = self.vendor.handed()
        for job in Journal().jobs():
            for part in job.parts:
                if (part.state, part.handle is None, part.tag in handed) != ("done", False, True):
                    raise WrongError(f"{part.called} is {part.state}, and the vendor's are {part.tag in handed}")
                if part.counts is None or [*part.counts.values()] != [job.shots]:
                    raise WrongError(f"{part.called} has other counts")
        with closing(sqlite3.connect(Journal().path)) as connection, connection:
            if connection.execute("PRAGMA integrity_check").fetchone() != ("ok",):
                raise WrongError("the journal is damaged")
        connection.close()

    def left(self) -> int:
        handed = self.vendor.handed()
        return super().left() + sum(part.counts is None for part in self._parts() if part.tag in handed)

    def _parts(self) -> list[Part]:
        return [part for job in Journal().jobs() for part in job.parts]


class Programs(Kind):
    """`qsac run` of a program with a journal, by two seeds in turn: circuits of its second layer load what those of the
    first one have measured."""

    def prepare(self) -> None:
        (self.folder / "program.json").write_text(json.dumps(two_layers()))
        self.texts = [qsac.run(two_layers(), shots=SHOTS, seed=seed).to_dict() for seed in range(2)]

    def once(self, turn: int) -> None:
        seed = turn % 2
        for name in ("journal.sqlite", "lock"):  # the run before is over
            (self.folder / f"journal-{seed}" / name).unlink(missing_ok=True)
        self._run(seed)

    def again(self, turn: int) -> None:
        """Both go on where they were."""
        for seed in range(2):
            self._run(seed)

    def _run(self, seed: int) -> None:
        options = ("--shots", str(SHOTS), "--seed", str(seed), "--journal", f"journal-{seed}", "--json")
        printed = io.StringIO()
        with redirect_stdout(printed):
            _done("run", "program.json", *options)
        if json.loads(printed.getvalue()) != json.loads(json.dumps(self.texts[seed])):
            raise WrongError("other numbers")

    def check(self) -> None:
        for journal in self.folder.glob("journal-?/journal.sqlite"):
            if not journal.stat().st_size:
                continue
            with closing(sqlite3.connect(journal)) as connection, connection:
                if connection.execute("PRAGMA integrity_check").fetchone() != ("ok",):
                    raise WrongError("the journal is damaged")
            connection.close()


KINDS: dict[str, type[Kind]] = {
    "compile": Compile,
    "run": Run,
    "bind": Bind,
    "cache": CacheWrites,
    "outputs": Outputs,
    "program": Programs,
    "journal": Jobs,
}


def turns(start: int) -> Iterator[int]:
    """Turn after turn."""
    while True:
        yield start
        start += 1


def enter(folder: Path) -> dict[str, Any]:
    """Make ``folder`` the working directory, with a cache and a journal of its own."""
    folder.mkdir(parents=True)
    os.chdir(folder)
    own = {"QSAC_CACHE_DIR": str(folder / "cache"), "QSAC_DATA_DIR": str(folder / "data")}
    os.environ |= own
    return own
