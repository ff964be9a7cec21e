"""What is installed here, what is missing, and whether the cache and the journals are in order. Nothing is changed.

It uses the standard library alone until it looks into the cache, so that it can tell of an installation that is
damaged.
"""

from __future__ import annotations

import os
import platform
import re
import sqlite3
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Any, Literal

from qsac.errors import QsacError
from qsac.plugins import unreadable

State = Literal["in order", "missing", "too old", "unusable", "not there yet"]

PURPOSES = {
    "bench": "baselines of the benchmarks",
    "cirq": "circuits of Cirq, and the plug-in for it",
    "dask": "sweeps on a cluster",
    "dev": "tests and checks of qsac itself",
    "docs": "building the documentation",
    "nexus": "jobs on Quantinuum's machines",
    "pecos": "Quantinuum's own emulator (qsac run --emulator)",
    "pennylane": "circuits of PennyLane, and the plug-in for it",
    "qasm3": "reading OpenQASM 3 back into Qiskit",
    "qir": "QIR (qsac compile --emit qir)",
    "qiskit": "the plug-in for Qiskit",
    "qulacs": "the simulator Qulacs",
    "train": "training (qsac train), and plots",
}
"""What each extra is for."""

SETTINGS = ("QSAC_CACHE_DIR", "QSAC_CACHE_LIMIT", "QSAC_DATA_DIR", "QSAC_DEBUG", "NO_COLOR", "JAX_PLATFORMS")
"""Environment variables that change what qsac does."""

_GROUPS = ("qsac.families", "qsac.ops", "qsac.passes", "qsac.targets", "qsac.vendors")
_REQUIREMENT = re.compile(r"([A-Za-z0-9._-]+)\s*(?:\[([^\]]*)\])?\s*\(?([^;)]*)\)?\s*(?:;\s*(.*))?")
_EXTRA = re.compile(r"""extra\s*==\s*["']([^"']+)["']""")


@dataclass(frozen=True)
class Package:
    """A package that qsac needs: its version here, None where it is missing, and what is ``wanted``."""

    name: str
    found: str | None
    wanted: str
    state: State


@dataclass(frozen=True)
class Extra:
    """An extra of qsac: what it is for, and the packages of it that are missing or too old."""

    name: str
    purpose: str
    missing: tuple[str, ...]

    @property
    def state(self) -> State:
        return "missing" if self.missing else "in order"

    @property
    def command(self) -> str:
        """What installs it."""
        return f"pip install 'qsac[{self.name}]'"


@dataclass(frozen=True)
class Store:
    """A folder or file that qsac keeps for the user: where, its state, and what it holds or is wrong with it."""

    name: str
    path: str
    state: State
    said: str


@dataclass(frozen=True)
class Installation:
    """Everything that is known. ``foreign`` are the other packages that offer something to qsac, each with what."""

    version: str
    python: Package
    system: str
    packages: Sequence[Package]
    extras: Sequence[Extra]
    stores: Sequence[Store]
    foreign: dict[str, list[str]]
    damaged: Sequence[str]
    settings: dict[str, str]

    @property
    def usable(self) -> bool:
        """Whether qsac can do its work: Python and all packages that it needs are there. A cache or journal that is not
        in order does not keep it from compiling."""
        return all(package.state == "in order" for package in (self.python, *self.packages))

    def to_dict(self) -> dict[str, Any]:
        """The same, JSON-ready."""
        extras = [asdict(extra) | {"state": extra.state, "command": extra.command} for extra in self.extras]
        return asdict(self) | {"usable": self.usable, "extras": extras}


def installation(version: str) -> Installation:
    """What is installed, of qsac in this ``version``."""
    try:
        facts = metadata.metadata("qsac")
        wanted_python = str((facts.get_all("Requires-Python") or [">=3.11"])[0])
        requirements = metadata.requires("qsac") or []
        offered = [str(name) for name in facts.get_all("Provides-Extra") or []]
    except metadata.PackageNotFoundError:  # run from its sources, or its metadata are damaged
        wanted_python, requirements, offered = ">=3.11", [], []
    running = ".".join(map(str, sys.version_info[:3]))
    own = [package for extra, package in _packages(requirements) if extra is None]
    if not requirements:
        own = [Package("qsac", None, "its installed metadata", "missing")]
    return Installation(
        version=version,
        python=Package("Python", running, wanted_python, _state(running, wanted_python)),
        system=f"{platform.system()} {platform.machine()}",
        packages=own,
        extras=[Extra(name, PURPOSES.get(name, ""), tuple(_missing(requirements, name))) for name in sorted(offered)],
        stores=[_cache(), _journal("journal of jobs", "jobs.sqlite", "jobs"), _journal(*_TRAINING)],
        foreign=_foreign(),
        damaged=unreadable(),
        settings={name: os.environ[name] for name in SETTINGS if name in os.environ},
    )


# Packages


def _packages(requirements: Sequence[str]) -> Iterator[tuple[str | None, Package]]:
    """The packages that requirements name, each with the extra that it belongs to. Other markers are taken to hold."""
    for text in requirements:
        match = _REQUIREMENT.fullmatch(text.strip())
        if match is not None:
            extra = _EXTRA.search(match[4] or "")
            found = _version(match[1])
            package = Package(match[1], found, match[3].strip() or "any", _state(found, match[3]))
            yield (None if extra is None else extra[1]), package


def _missing(requirements: Sequence[str], extra: str, depth: int = 2) -> Iterator[str]:
    """The packages of an extra that are not there as wanted; those that an extra of a package brings are asked too."""
    for text in requirements:
        match = _REQUIREMENT.fullmatch(text.strip())
        named = _EXTRA.search((match[4] if match else "") or "")
        if match is None or named is None or named[1] != extra:
            continue
        if _state(_version(match[1]), match[3]) != "in order":
            yield match[1]
        elif depth and match[2]:
            for inner in match[2].split(","):
                yield from _missing(_requires(match[1]), inner.strip(), depth - 1)


def _requires(name: str) -> list[str]:
    try:
        return metadata.requires(name) or []
    except metadata.PackageNotFoundError:
        return []


def _version(name: str) -> str | None:
    try:
        return str(metadata.version(name))
    except Exception:  # not installed, or its metadata are damaged
        return None


def _state(found: str | None, wanted: str) -> State:
    """Whether a version is at least what is wanted. Other bounds than the lowest are the installer's affair."""
    if found is None:
        return "missing"
    least = re.search(r">=\s*([0-9][0-9.]*)", wanted)
    return "in order" if least is None or _numbers(found) >= _numbers(least[1]) else "too old"


def _numbers(version: str) -> tuple[int, ...]:
    leading = re.match(r"[0-9]+(?:\.[0-9]+)*", version)
    numbers = [int(part) for part in leading[0].split(".")] if leading else [0]
    while len(numbers) > 1 and not numbers[-1]:
        numbers.pop()
    return tuple(numbers)


def _foreign() -> dict[str, list[str]]:
    """What other packages offer to qsac, as ``pass NAME``."""
    found: dict[str, list[str]] = {}
    for distribution in metadata.distributions():
        try:
            entries, name = list(distribution.entry_points), f"{distribution.name} {distribution.version}"
        except Exception:  # named among the damaged ones
            continue
        offered = [f"{entry.group.removeprefix('qsac.')}: {entry.name}" for entry in entries if entry.group in _GROUPS]
        if offered:
            found[name] = sorted(offered)
    return dict(sorted(found.items()))


# What qsac keeps


def _cache() -> Store:
    name = "cache"
    try:
        from qsac.artifact.cache import Cache, default_folder

        folder = default_folder()
        if not folder.exists():
            return Store(name, str(folder), "not there yet", "made when something is compiled")
        said: list[str] = []
        cache = Cache(warn=said.append)
        held = cache.usage()
    except QsacError as error:
        return Store(name, str(error.source or ""), "unusable", error.title)
    except (ImportError, OSError) as error:
        return Store(name, "", "unusable", str(error))
    if not os.access(folder, os.W_OK):
        said.append("it cannot be written to")
    counts = f"{held.entries:,} programs, {held.bytes:,} of at most {cache.limit:,} bytes"
    return Store(name, str(folder), "unusable" if said else "in order", "; ".join([counts, *said]))


_TRAINING = ("journal of training", "training.sqlite", "runs")


def _journal(name: str, file: str, table: str) -> Store:
    """A journal, read as it lies: no lock is taken and no file made beside it."""
    try:
        from qsac.files.database import data_path

        path = data_path(file)
        if not path.exists():
            return Store(name, str(path), "not there yet", "made when something is entered")
        said = _looked_through(path, table)
    except QsacError as error:
        return Store(name, file, "unusable", error.title)
    except (ImportError, OSError, sqlite3.Error) as error:
        return Store(name, str(path), "unusable", str(error))
    return Store(name, str(path), *said)


def _looked_through(path: Path, table: str) -> tuple[State, str]:
    with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)) as connection:
        (found,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        if found != "ok":
            return "unusable", str(found)
        (number,) = connection.execute(f"SELECT COUNT(*) FROM {table}").fetchone()
    waiting = path.with_name(f"{path.name}-wal")
    unread = ", beside what a process is writing" if waiting.exists() and waiting.stat().st_size else ""
    return "in order", f"{number:,} {table}{unread}"
