"""What other packages add: families, passes, targets, ops and vendors, found by their entry points.

Their code is nobody's but theirs. It is loaded when it is asked for, and it runs contained: whatever it raises becomes
an :class:`~qsac.errors.ExtensionError` that names the package, what it prints on stdout goes to stderr, and the global
state that results depend on is as before afterwards. An installed package whose entry points cannot even be read costs
itself and no other.
"""

from __future__ import annotations

import functools
import importlib
import os
import pkgutil
import random
import sys
import traceback
import warnings
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from importlib.metadata import Distribution, EntryPoint, distributions, entry_points
from pathlib import Path
from typing import Any, Literal

from qsac.errors import ExtensionError, InvalidInputError, QsacError, QsacWarning, printable
from qsac.near import perhaps

Group = Literal["qsac.families", "qsac.ops", "qsac.passes", "qsac.targets", "qsac.vendors"]

_KINDS: dict[Group, str] = {
    "qsac.families": "family",
    "qsac.ops": "op",
    "qsac.passes": "pass",
    "qsac.targets": "target",
    "qsac.vendors": "vendor",
}


_LONGEST = 160
"""Most characters of a text of foreign origin in a message."""


class ShadowedEntryPointWarning(QsacWarning):
    """Another package offers a pass, target or op under the name of a built-in one: the built-in one is used."""


class BrokenExtensionWarning(QsacWarning):
    """A pass or target of another package that cannot be used was not asked for: it is left out."""


@dataclass(frozen=True)
class Offer:
    """What other packages offer under one name: more than one entry where they contradict each other."""

    group: Group
    name: str
    entries: tuple[EntryPoint, ...]

    @property
    def package(self) -> str:
        """The packages with their versions, such as ``elsewhere 1.0``."""
        return " and ".join(dict.fromkeys(map(_package, self.entries)))

    @property
    def title(self) -> str:
        """What errors call it."""
        return f"the {_KINDS[self.group]} {self.name!r} of {self.package}"

    def load(self) -> Any:
        """The object that the entry point names. Raises :class:`~qsac.errors.ExtensionError`."""
        if len(self.entries) > 1:
            raise ExtensionError(
                f"more than one package offers the {_KINDS[self.group]} {self.name!r}",
                code="extension.ambiguous-name",
                package=self.package,
                found=" and ".join(f"{entry.value} of {_package(entry)}" for entry in self.entries),
                wanted="a name that only one package uses",
                help="uninstall one of them",
            )
        with contained(f"{self.title} cannot be loaded", self.package):
            return self.entries[0].load()

    def check(self, found: object, wants: Callable[[Any, str], str | None]) -> None:
        """Raise :class:`~qsac.errors.ExtensionError` if what was loaded is not what ``wants`` asks of it by its name:
        a description of what is wanted, None where nothing is missing."""
        with contained(f"{self.title} is not usable", self.package):
            wanted = wants(found, self.name)
        if wanted is not None:
            raise self.unusable(shown(found), wanted)

    def unusable(self, found: str, wanted: str) -> ExtensionError:
        """The error that says that what was loaded is something else than is wanted."""
        return ExtensionError(
            f"{self.title} is not usable",
            code="extension.unusable",
            package=self.package,
            found=found,
            wanted=wanted,
            help=blame(self.package),
        )


def blame(package: str) -> str:
    """The advice of every error about a package's own fault."""
    return f"this is a fault of {package}, not of qsac: report it to the authors of that package, or uninstall it"


def offers(group: Group, builtin: Iterable[str]) -> dict[str, Offer]:
    """What other packages offer in ``group``, by name, in the order of the names; what is built in is left out."""
    return _grouped(group, _entries(group), set(builtin))


def _grouped(group: Group, entries: Iterable[EntryPoint], taken: Container[str]) -> dict[str, Offer]:
    found: dict[str, list[EntryPoint]] = {}
    for entry in entries:
        if entry.name not in taken and entry.value not in [other.value for other in found.setdefault(entry.name, [])]:
            found[entry.name].append(entry)
    return {name: Offer(group, name, tuple(found[name])) for name in sorted(found)}


def offered(group: Group, name: str, builtin: Iterable[str], listing: str, *, code: str) -> Offer:
    """What other packages offer in ``group`` under a name. Raises as :func:`unknown` says if nothing is."""
    known = tuple(builtin)
    foreign = offers(group, known)
    if name not in foreign:
        raise unknown(_KINDS[group], name, (*known, *foreign), listing, code=code)
    return foreign[name]


def listed(group: Group, builtin: Iterable[str]) -> tuple[str, ...]:
    """The names of :func:`offers`, with a :class:`ShadowedEntryPointWarning` for each that is left out."""
    taken, entries = set(builtin), _entries(group)
    for entry in entries:
        if entry.name in taken:
            warnings.warn(
                f"{_package(entry)} offers {entry.name!r} under {group}, which is qsac's own: ignored",
                ShadowedEntryPointWarning,
                stacklevel=3,
            )
    return tuple(_grouped(group, entries, taken))


def is_foreign(kind: type) -> bool:
    """Whether a class of passes or ops is another package's."""
    return not kind.__module__.startswith("qsac.")


def package_of(kind: type[Any], group: Group = "qsac.passes") -> str:
    """The package of a foreign class of passes, or of ops, with its version; the module where no entry point names
    it."""
    offer = offers(group, ()).get(str(getattr(kind, "name", "")))
    return kind.__module__ if offer is None else offer.package


def unreadable() -> list[str]:
    """The installed packages whose entry points cannot be read, so that nothing is known of what they offer."""
    found = []
    for distribution in distributions():
        try:
            tuple(distribution.entry_points)
        except Exception:  # whatever the reason, its file is damaged
            found.append(_distribution(distribution))
    return sorted(set(found))


def leave_out(error: ExtensionError) -> None:
    """Warn that something that was not asked for cannot be used."""
    warnings.warn(f"{error.reason}; it is left out", BrokenExtensionWarning, stacklevel=3)


def _entries(group: Group) -> list[EntryPoint]:
    """The entry points of a group, of all packages whose entry points can be read."""
    with suppress(Exception):
        return list(_all_entries(_installed())[group])
    # One damaged file stops importlib.metadata for all: ask each package by itself, the first of a name being the one
    # that Python imports from.
    found: list[EntryPoint] = []
    seen: set[str] = set()
    for distribution in distributions():
        with suppress(Exception):
            name = distribution.name.lower().replace("_", "-")
            if name not in seen:
                seen.add(name)
                found += distribution.entry_points.select(group=group)
    return found


@functools.lru_cache(maxsize=4)
def _all_entries(installed: object) -> dict[Group, tuple[EntryPoint, ...]]:
    """The entry points of every group, read once for what is ``installed``: it takes a file of each package, 16 ms for
    200 of them, and each model that is read asks for them."""
    found = entry_points()
    return {group: tuple(found.select(group=group)) for group in _KINDS}


def _installed() -> object:
    """What changes with the packages that Python finds: its folders, and when something was put there or taken away.
    Packages are installed and removed by whole folders; importlib.metadata itself looks no closer."""
    return (
        tuple(map(id, sys.meta_path)),
        tuple((folder, _changed(folder)) for folder in (path or str(Path.cwd()) for path in sys.path)),
    )


def _changed(folder: str) -> int | None:
    """When a folder was last changed, in nanoseconds."""
    with suppress(OSError):
        return Path(folder).stat().st_mtime_ns
    return None


def _package(entry: EntryPoint) -> str:
    return entry.value if entry.dist is None else _distribution(entry.dist)


def _distribution(distribution: Distribution) -> str:
    """Name and version of a package, as far as they can be read."""
    with suppress(Exception):
        if distribution.name and distribution.version:
            return printable(f"{distribution.name} {distribution.version}")
    path = getattr(distribution, "_path", None)  # no public attribute says where damaged metadata lie
    return "a package of damaged metadata" if path is None else printable(str(getattr(path, "name", path)))


def shown(found: object) -> str:
    """What was found instead of what is wanted, in a line. How it is written is foreign code too."""
    with suppress(Exception):
        text = printable(repr(found))
        if len(text) <= _LONGEST:
            return text
    return f"an object of type {type(found).__name__}"


# Containment


@contextmanager
def contained(title: str, package: str, *, seed: int = 0, diagnoses: bool = False) -> Iterator[None]:
    """Run foreign code in the body: what it raises becomes an :class:`~qsac.errors.ExtensionError` called ``title``,
    even an exit; only an interruption by the user stays one. With ``diagnoses`` its own :class:`~qsac.errors.QsacError`
    stays too: it is meant for the user.

    What it prints on stdout goes to stderr, as results alone go to stdout. The working directory, the filters of
    warnings, NumPy's handling of errors and the global generators of random numbers are afterwards as before; within,
    these generators start from ``seed``.
    """
    with _kept_state(seed), _stdout_on_stderr():
        try:
            yield
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            if diagnoses and isinstance(error, QsacError):
                raise
            raise ExtensionError(
                title,
                code="extension.failed",
                package=package,
                source=_place(error),
                found=_told(error),
                help=blame(package),
            ) from error


@contextmanager
def attributed(title: str, package: Callable[[], str]) -> Iterator[None]:
    """Run a small piece of foreign code in the body, many times over: what it raises becomes an
    :class:`~qsac.errors.ExtensionError` called ``title``. Unlike :func:`contained`, nothing else is looked after."""
    try:
        yield
    except (QsacError, MemoryError, OSError):
        raise
    except Exception as error:
        name = package()
        raise ExtensionError(
            title,
            code="extension.failed",
            package=name,
            source=_place(error),
            found=_told(error),
            help=blame(name),
        ) from error


def _told(error: BaseException) -> str:
    """An exception in one line. Its text is made by foreign code too."""
    if isinstance(error, QsacError):
        return "; ".join(
            part for part in (error.title, error.found, error.wanted and f"wanted: {error.wanted}") if part
        )
    try:
        lines = str(error).strip().splitlines()
    except Exception:
        lines = []
    name = type(error).__name__
    return printable(f"{name}: {lines[0][:_LONGEST]}" if lines else name)


def _place(error: BaseException) -> str | None:
    """The file and line of foreign code where an exception comes from."""
    own = str(Path(__file__).parent)
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if not frame.filename.startswith((own, "<frozen")) and "importlib" not in Path(frame.filename).parts
    ]
    return printable(f"{frames[-1].filename}:{frames[-1].lineno}") if frames else None


@contextmanager
def _kept_state(seed: int) -> Iterator[None]:
    """Global state on which what qsac computes and writes depends is as before afterwards."""
    folder = None
    with suppress(OSError):
        folder = Path.cwd()
    numpy = sys.modules.get("numpy")
    drawn, numpy_drawn = random.getstate(), None if numpy is None else numpy.random.get_state()
    random.seed(seed)
    if numpy is not None:
        numpy.random.seed(seed % (1 << 32))
    try:
        with warnings.catch_warnings(), nullcontext() if numpy is None else numpy.errstate():
            yield
    finally:
        random.setstate(drawn)
        if numpy is not None:
            numpy.random.set_state(numpy_drawn)
        if folder is not None:
            with suppress(OSError):
                os.chdir(folder)


@contextmanager
def _stdout_on_stderr() -> Iterator[None]:
    """What is written to stdout goes to stderr, also below Python, as by compiled code and child processes."""
    out, err = sys.stdout, sys.stderr
    _flush(out)
    kept = None
    with suppress(OSError):
        kept = os.dup(1)
        os.dup2(2, 1)
    sys.stdout = sys.stderr
    try:
        yield
    finally:
        _flush(sys.__stdout__)
        if kept is not None:
            os.dup2(kept, 1)
            os.close(kept)
        sys.stdout, sys.stderr = out, err


def _flush(stream: Any) -> None:
    """Write out what waits in a stream, if it is one that can be written to."""
    with suppress(OSError, ValueError, AttributeError):
        stream.flush()


def modules_of(package: str) -> list[str]:
    """The modules of a package, in alphabetical order, but those with a leading underscore."""
    path = importlib.import_module(package).__path__
    return sorted(module.name for module in pkgutil.iter_modules(path) if not module.name.startswith("_"))


def unknown(what: str, name: str, known: Sequence[str], listing: str, *, code: str) -> InvalidInputError:
    """The error for a name that is not ``known``; ``listing`` is the command that lists those that are."""
    wanted = perhaps(name, known, ", ".join(known) if 0 < len(known) <= 8 else None)
    damaged = unreadable()
    unread = f"; what these packages offer cannot be read: {', '.join(damaged)}" if damaged else ""
    return InvalidInputError(
        f"unknown {what}: {name}",
        code=code,
        wanted=wanted,
        help=f"{listing} lists what there is{unread}",
    )
