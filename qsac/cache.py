"""Compiled programs on disk, by what they were compiled from.

An entry's name is a hash over everything that its bytes depend on: the canonical model, the target's data, the options,
what was verified, qsac's own code and the libraries below it. Entries are written beside their place and moved there,
so that readers see none or a whole one, whoever else reads, writes or evicts; each holds a hash of its content.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from qsac.arguments import callback, file_path, whole_number
from qsac.artifact import Compiled
from qsac.errors import InvalidInputError
from qsac.ir.native import BitReadout, Group, NativeCircuit, Profile

FOLDER_VARIABLE, LIMIT_VARIABLE = "QSAC_CACHE_DIR", "QSAC_CACHE_LIMIT"
LIMIT = 512 << 20
"""Bytes that the entries may take together, unless QSAC_CACHE_LIMIT (MiB) says otherwise."""

MAGIC = b"qsac-cache 1 "
SUFFIX = ".entry"
LEFTOVER_SECONDS = 3600
"""Age from which a file that was being written is taken for abandoned."""

_COLUMNS = {"kind": "<i1", "first": "<i4", "second": "<i4", "angles": "<f8"}


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

    def get(self, key: str, model: Any, target: dict[str, Any], options: dict[str, Any]) -> Compiled | None:
        """The compiled program under ``key``, with the model, target and options that the key was made of."""
        path = self._path(key)
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            self.warn(f"the cache cannot be read: {path}: {(error.strerror or str(error)).lower()}")
            return None
        found = _decoded(data)
        if found is None:
            self.warn(f"the cache entry {path} is damaged, and is made anew")
            with suppress(OSError):
                path.unlink()
            return None
        with suppress(OSError):
            os.utime(path)
        header, circuits = found
        return Compiled(model, target, options, header["ir"], circuits, header["stats"], {}, header["verified"])

    def put(self, key: str, compiled: Compiled) -> None:
        """Keep a compiled program under ``key``, and drop others where the limit wants it."""
        data = _encoded(compiled)
        if len(data) > self.limit:
            return
        path = self._path(key)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=path.parent, prefix=".")
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(data)
                Path(name).replace(path)
            except BaseException:
                Path(name).unlink(missing_ok=True)
                raise
        except OSError as error:
            self.warn(f"the cache cannot be written: {path.parent}: {(error.strerror or str(error)).lower()}")
            return
        self._evict()

    def usage(self) -> Usage:
        """What the cache holds now."""
        sizes = [size for _, size, _ in self._entries()]
        return Usage(len(sizes), sum(sizes))

    def clear(self) -> Usage:
        """Remove every entry, and say what there was."""
        removed = [size for path, size, _ in self._entries() if _removed(path)]
        return Usage(len(removed), sum(removed))

    def _path(self, key: str) -> Path:
        return self.folder / key[:2] / (key + SUFFIX)

    def _entries(self) -> Iterator[tuple[Path, int, float]]:
        """Path, bytes and time of last use of each entry; what another process removes meanwhile is passed over."""
        for path in sorted(self.folder.glob(f"??/*{SUFFIX}")):
            with suppress(OSError):
                status = path.stat()
                yield path, status.st_size, status.st_mtime

    def _evict(self) -> None:
        for leftover in self.folder.glob("??/.*"):
            with suppress(OSError):
                if leftover.stat().st_mtime < time.time() - LEFTOVER_SECONDS:
                    leftover.unlink()
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
    named = os.environ.get(FOLDER_VARIABLE)
    if named:
        return Path(named)
    from platformdirs import user_cache_path

    return user_cache_path("qsac", appauthor=False) / "compiled"


def default_limit() -> int:
    """Bytes that the entries may take together unless told otherwise."""
    text = os.environ.get(LIMIT_VARIABLE)
    if not text:
        return LIMIT
    if not text.isascii() or not text.isdigit():
        raise InvalidInputError(
            f"the environment variable {LIMIT_VARIABLE} is no size",
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


def _encoded(compiled: Compiled) -> bytes:
    """Magic, hash of the rest, a line of JSON, then the columns of each circuit as they lie in memory."""
    circuits = [
        {
            "gates": len(circuit),
            **{field.name: getattr(circuit, field.name) for field in fields(circuit) if field.name not in _COLUMNS},
        }
        for circuit in compiled.circuits
    ]
    header = {"ir": compiled.ir, "stats": compiled.stats, "verified": compiled.verified, "circuits": circuits}
    columns = [
        getattr(circuit, name).astype(kind).tobytes()
        for circuit in compiled.circuits
        for name, kind in _COLUMNS.items()
    ]
    body = b"".join([json.dumps(header, separators=(",", ":"), allow_nan=False).encode("ascii"), b"\n", *columns])
    return MAGIC + hashlib.sha256(body).hexdigest().encode("ascii") + b"\n" + body


def _decoded(data: bytes) -> tuple[dict[str, Any], tuple[NativeCircuit, ...]] | None:
    """What :func:`_encoded` wrote, or None for anything else."""
    first, _, body = data.partition(b"\n")
    if first != MAGIC + hashlib.sha256(body).hexdigest().encode("ascii"):
        return None
    line, _, columns = body.partition(b"\n")
    header: dict[str, Any] = json.loads(line)
    circuits, start = [], 0
    for parts in header["circuits"]:
        gates = parts.pop("gates")
        arrays: dict[str, Any] = {}
        for name, kind in _COLUMNS.items():
            count = gates * (2 if name == "angles" else 1)
            arrays[name] = np.frombuffer(columns, kind, count, start).astype(kind[1:])
            start += arrays[name].nbytes
        arrays["angles"] = arrays["angles"].reshape(gates, 2)
        circuits.append(NativeCircuit(**{name: _read(name, value) for name, value in parts.items()}, **arrays))
    return header, tuple(circuits)


def _read(name: str, value: Any) -> Any:
    """A field of a circuit, lists as the tuples that they were."""
    if isinstance(value, list):
        kind = {"readouts": BitReadout, "groups": Group}.get(name)
        entries = (_read("", entry) for entry in value)
        return Profile(*entries) if name == "profile" else tuple(kind(*entry) if kind else entry for entry in entries)
    return value
