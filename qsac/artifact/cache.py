"""Compiled programs on disk, by what they were compiled from.

An entry's name is a hash over everything that its bytes depend on: the canonical model, the target's data, the options,
qsac's own code and the libraries below it; its content names that key and is hashed too. Entries are
published whole (:mod:`qsac.files.writing`), so that readers see none or a whole one, whoever else reads, writes, evicts
or is killed.

The folder holds the file ``.qsac-cache``, which says whose it is, and folders of two hexadecimal digits with entries.
Nothing else in it is ever read, changed or removed, and a folder with other things and without that file is refused.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import stat
import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qsac.arguments import callback, file_path, whole_number
from qsac.artifact.cache_entry import decoded, encoded
from qsac.artifact.compiled import Compiled
from qsac.errors import InvalidInputError
from qsac.families.contract import Model
from qsac.files.folders import make_folder, named_folder
from qsac.files.writing import remove_leftovers, write_file

if TYPE_CHECKING:
    from qsac.native.statistics import CompilationOptions

FOLDER_VARIABLE, LIMIT_VARIABLE = "QSAC_CACHE_DIR", "QSAC_CACHE_LIMIT"
LIMIT = 512 << 20
"""Bytes that the entries may take together, unless QSAC_CACHE_LIMIT (MiB) says otherwise."""

MARKER = ".qsac-cache"
"""The file that shows that a folder is a cache of qsac's."""

SUFFIX = ".entry"
_REMEDY = f"name a folder of its own in {FOLDER_VARIABLE}, or take the other files out of this one"

_FOLDER = re.compile(r"[0-9a-f]{2}")
_ENTRY = re.compile(r"[0-9a-f]{64}\.entry")
_LEFTOVER = re.compile(r"\.[0-9a-f]{64}\.entry\.qsac-\d{1,20}-[0-9a-f]{16}")


class CacheWarning(UserWarning):
    """The cache is damaged or cannot be used; results are not affected."""


def _warn(message: str) -> None:
    warnings.warn(message, CacheWarning, stacklevel=4)


@dataclass(frozen=True)
class Usage:
    """How many entries a cache has, and the bytes that they take."""

    entries: int
    bytes: int


class Cache:
    """A folder of compiled programs, at most ``limit`` bytes of them; the least recently used are dropped first.

    ``folder`` is that of the environment variable QSAC_CACHE_DIR, or the user's cache folder, unless given. ``warn`` is
    told what is wrong with the cache: nothing of it is an error.
    """

    def __init__(
        self,
        folder: str | os.PathLike[str] | None = None,
        *,
        limit: int | None = None,
        warn: Callable[[str], None] = _warn,
    ) -> None:
        self.folder = default_folder() if folder is None else Path(file_path(folder, "folder of the cache"))
        self.limit = default_limit() if limit is None else whole_number(limit, "limit of the cache", 0)
        callback(warn, "warn")
        self.warn = warn
        self._seen = False

    def get(self, key: str, model: Model, target: dict[str, Any], options: CompilationOptions) -> Compiled | None:
        """The compiled program under ``key``, with the model, target and options that the key was made of."""
        data = self.read(key)
        if data is None:
            return None
        found = decoded(data, key, model, target, options)
        if found is None:
            self.drop(key)
            return None
        return found

    def read(self, key: str) -> bytes | None:
        """The bytes under ``key``, whatever they are, or None. They count as used."""
        path = self._path(key)
        try:
            data = self._read(path) if self._usable() else None
        except FileNotFoundError:
            return None
        except OSError as error:
            self.warn(f"the cache cannot be read: {path}: {_reason(error)}")
            return None
        with suppress(OSError):
            os.utime(path, follow_symlinks=False)
        return data

    def drop(self, key: str) -> None:
        """Remove an entry that is not what it should be, with a warning."""
        path = self._path(key)
        self.warn(f"the cache entry {path} is damaged, and is made anew")
        _removed(path)

    def put(self, key: str, compiled: Compiled) -> None:
        """Keep a compiled program under ``key``, and drop others where the limit wants it."""
        self.write(key, lambda: encoded(key, compiled))

    def write(self, key: str, made: Callable[[], bytes | None]) -> None:
        """Keep the bytes that ``made`` gives, if any, under ``key``, and drop others where the limit wants it."""
        path = self._path(key)
        try:
            if not self._usable():
                return
            data = made()
            if data is not None and len(data) <= self.limit:
                self._make()
                make_folder(path.parent)
                if _mode(path.parent) == stat.S_IFDIR and _mode(path) in (0, stat.S_IFREG):
                    write_file(path, (data,), private=True, durable=False)
        except OSError as error:
            self.warn(f"the cache cannot be written: {path.parent}: {_reason(error)}")
            return
        self._evict()

    def usage(self) -> Usage:
        """What the cache holds now. Raises :class:`~qsac.errors.InvalidInputError` for a folder that is refused."""
        self._check()
        sizes = [size for _, size, _ in self._entries()]
        return Usage(len(sizes), sum(sizes))

    def clear(self) -> Usage:
        """Remove every entry, and say what there was. Raises :class:`~qsac.errors.InvalidInputError` for a folder that
        is refused."""
        self._check()
        for folder in self._folders():
            remove_leftovers(folder, _LEFTOVER)
        removed = [size for path, size, _ in self._entries() if _removed(path)]
        return Usage(len(removed), sum(removed))

    def _path(self, key: str) -> Path:
        return self.folder / key[:2] / (key + SUFFIX)

    def _refused(self) -> str | None:
        """Why the folder cannot be a cache, or None."""
        try:
            # Marked by another process while it was looked through, it is a cache all the same.
            if self._marked() or self._has_entries_only() or self._marked():
                return None
        except FileNotFoundError:
            return None
        return f"the cache folder {self.folder} holds other files, and no file {MARKER}"

    def _marked(self) -> bool:
        return _mode(self.folder / MARKER) == stat.S_IFREG

    def _has_entries_only(self) -> bool:
        """Whether the folder holds nothing but entries, if anything."""
        with os.scandir(self.folder) as listed:
            for folder in listed:
                if not _FOLDER.fullmatch(folder.name) or not folder.is_dir(follow_symlinks=False):
                    return False
                with os.scandir(folder) as files:
                    if not all(_ENTRY.fullmatch(file.name) or _LEFTOVER.fullmatch(file.name) for file in files):
                        return False
        return True

    def _usable(self) -> bool:
        """Whether the folder may be used; where it may not, that is said once. What killed processes have left there
        is removed first, once too."""
        refused = self._refused()
        first, self._seen = not self._seen, True
        if first and refused is not None:
            self.warn(f"{refused}; it is not used: {_REMEDY}")
        elif first:
            for folder in self._folders():
                remove_leftovers(folder, _LEFTOVER)
        return refused is None

    def _check(self) -> None:
        """Raise where the folder may not be used."""
        try:
            refused = self._refused()
        except OSError as error:
            raise InvalidInputError(
                "the cache folder cannot be read",
                code="cache.unreadable",
                source=str(self.folder),
                found=_reason(error),
                help=_REMEDY,
            ) from None
        if refused is not None:
            raise InvalidInputError(
                refused,
                code="cache.not-a-cache",
                help=_REMEDY,
            )

    def _make(self) -> None:
        """Make the folder, and mark it before anything is put there."""
        make_folder(self.folder)
        with suppress(FileExistsError):
            os.close(os.open(self.folder / MARKER, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))

    def _read(self, path: Path) -> bytes | None:
        """The bytes of an entry; None, with a warning, where something else has its place.

        Raises ``OSError`` where the file cannot be read, ``FileNotFoundError`` where there is none.
        """
        kind = stat.S_IFMT(path.lstat().st_mode)  # looked at once: another process may remove the entry at any time
        if kind != stat.S_IFREG or _mode(path.parent) not in (0, stat.S_IFDIR):
            self.warn(f"the cache entry {path} is not a regular file, and is passed over")
            return None
        # It may have become something else since: a link is then an error, and nothing waits for a pipe's writer.
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(handle, "rb") as file:
            status = os.fstat(handle)
            if not stat.S_ISREG(status.st_mode):
                return None
            if status.st_size > self.limit:
                self.warn(f"the cache entry {path} is larger than the whole cache may be, and is passed over")
                return None
            return file.read(status.st_size + 1)

    def _folders(self) -> Iterator[Path]:
        """The folders that entries are in."""
        with suppress(OSError), os.scandir(self.folder) as listed:
            for entry in sorted(listed, key=lambda entry: entry.name):
                if _FOLDER.fullmatch(entry.name) and entry.is_dir(follow_symlinks=False):
                    yield self.folder / entry.name

    def _entries(self) -> Iterator[tuple[Path, int, float]]:
        """Path, bytes and time of last use of each entry; what another process removes meanwhile is skipped."""
        for folder in self._folders():
            with suppress(OSError), os.scandir(folder) as listed:
                for entry in listed:
                    if _ENTRY.fullmatch(entry.name) and entry.name.startswith(folder.name):
                        with suppress(OSError):
                            status = entry.stat(follow_symlinks=False)
                            if stat.S_ISREG(status.st_mode):
                                yield folder / entry.name, status.st_size, status.st_mtime

    def _evict(self) -> None:
        entries = sorted(self._entries(), key=lambda entry: entry[2])
        total = sum(size for _, size, _ in entries)
        for path, size, _ in entries:
            if total <= self.limit:
                break
            _removed(path)
            total -= size


def opened(cache: Cache | str | os.PathLike[str]) -> Cache:
    """The cache itself, or the one in a folder. Raises :class:`~qsac.errors.InvalidInputError` for anything else."""
    return cache if isinstance(cache, Cache) else Cache(cache)


def default_folder() -> Path:
    """Where entries are kept unless told otherwise."""
    named = named_folder(FOLDER_VARIABLE)
    if named is not None:
        return named
    from platformdirs import user_cache_path

    return user_cache_path("qsac", appauthor=False) / "compiled"


def default_limit() -> int:
    """Bytes that the entries may take together unless told otherwise."""
    text = os.environ.get(LIMIT_VARIABLE)
    if not text:
        return LIMIT
    if not text.isascii() or not text.isdigit():
        raise InvalidInputError(
            f"the environment variable {LIMIT_VARIABLE} is not a size",
            code="cache.invalid-limit",
            found=text[:40],
            wanted="a whole number of MiB, for example 512",
        )
    return int(text) << 20


def key_of(**parts: Any) -> str:
    """The key of what ``parts``, JSON-ready, say: SHA-256 in hexadecimal."""
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def _removed(path: Path) -> bool:
    try:
        path.unlink()
    except OSError:
        return False
    return True


def _mode(path: Path) -> int:
    """What kind of file is at a path, as ``stat.S_IFMT`` has it, links not followed; 0 where nothing is."""
    try:
        return stat.S_IFMT(path.lstat().st_mode)
    except FileNotFoundError:
        return 0


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()
