"""Writing files so that a reader sees the old content or the new one, whenever the writing process is killed.

The content goes into a file without a name (``O_TMPFILE``) where the system has such files; the kernel removes it with
its process. Once complete and on disk it is published in one step: linked to its place if nothing is there, otherwise
linked to the name ``.NAME.qsac-PID-RANDOM`` in the same folder and renamed over the old file. Where there are no files
without names, it is written under that second name from the start.

So a kill leaves the old content or the new one in place, and at most one file of that second name. Its process holds a
lock (``flock``) on it from before it has content until it is renamed, and the system releases the lock when the process
ends, in whatever way. :func:`remove_leftovers` therefore removes exactly those files of that name whose lock it gets,
and every write begins with it. A writer that finds its new file removed between creation and lock takes another name.
"""

from __future__ import annotations

import errno
import fcntl
import os
import re
import stat
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from secrets import token_hex

from qsac.errors import InvalidInputError
from qsac.files.locks import lock

LEFTOVER = re.compile(r"\..{1,255}\.qsac-\d{1,20}-[0-9a-f]{16}", re.DOTALL)
"""What files that are being written are called."""

_NAME_BYTES = 190
"""How much of the output's name the temporary one repeats: a name has at most 255 bytes on most file systems."""

_USUAL_NAME_BYTES = 255

_BLOCK = 1 << 20

Guard = Callable[[Path], None]
"""Called with the path of a file that is about to be replaced; raises where that must not happen."""


def write_whole(path: str | os.PathLike[str], parts: Iterable[str | bytes], *, guard: Guard | None = None) -> None:
    """Write a file, given in parts, so that readers see the old content or the new one, never a part. Texts become
    UTF-8.

    A link is followed, and an existing file keeps its permissions. What is no regular file (a pipe, a device) is
    written to as it is, never replaced. ``guard`` is called before an existing file is replaced or written to.

    Raises :class:`~qsac.errors.InvalidInputError` where the file cannot be written, and whatever ``guard`` raises.
    """
    place = Path(path)
    blocks = (part if isinstance(part, bytes) else part.encode("utf-8") for part in parts)
    try:
        _check_place(place)
        real = _real(place)
        if real is not None:
            write_file(real, blocks, guard=guard)
            return
        if guard is not None:
            guard(place)
        with place.open("wb") as stream:
            stream.writelines(blocks)
    except BrokenPipeError:
        raise
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise InvalidInputError(
            "the output cannot be written",
            code="output.unwritable",
            source=str(path),
            found=reason,
        ) from None


def write_file(
    place: Path, blocks: Iterable[bytes], *, private: bool = False, durable: bool = True, guard: Guard | None = None
) -> None:
    """Write a regular file whole, instead of another or anew. Raises ``OSError``, and whatever ``guard`` raises.

    ``private``: for the user alone (0600); otherwise an existing file keeps its permissions, and a new one is as public
    as any that the user creates. ``durable``: the content is on disk before it takes its place, so that it survives a
    loss of power as well. ``guard`` is called before an existing file is replaced.
    """
    remove_leftovers(place.parent)
    replaced = _status(place)
    if replaced is not None and guard is not None:
        guard(place)
    with _Unpublished(place, 0o600 if private or replaced is not None else 0o666) as new:
        with os.fdopen(new.handle, "wb", closefd=False) as stream:
            stream.writelines(blocks)
        if replaced is not None and not private:
            _take_after(new.handle, replaced)
        if durable:
            _sync(new.handle)
        new.publish(guard)
    if durable:
        _sync_folder(place.parent)


def check_name(place: Path) -> None:
    """Refuse a name of an output that the file system does not take, in any part of its path.

    Raises :class:`~qsac.errors.InvalidInputError`. Folders that do not exist, or cannot be looked into, are not judged.
    """
    for part in (place, *place.parents):
        size, most = len(os.fsencode(part.name)), _most_bytes(part.parent)
        if size > most:
            raise InvalidInputError(
                "the output's name is too long",
                code="output.name-too-long",
                source=str(place),
                found=f"{size} bytes",
                wanted=f"at most {most} bytes: more are not allowed there",
                help="name another one",
            )


def _most_bytes(folder: Path) -> int:
    """How many bytes a name in a folder may have."""
    try:
        return os.pathconf(folder, "PC_NAME_MAX")
    except (OSError, ValueError):  # no such folder, or no such limit
        return _USUAL_NAME_BYTES


def remove_leftovers(folder: Path, names: re.Pattern[str] = LEFTOVER) -> None:
    """Remove what writers that are gone have left in a folder: regular files whose ``names`` and locks show it.

    What cannot be read or removed stays.
    """
    try:
        with os.scandir(folder) as entries:
            named = [entry for entry in entries if ".qsac-" in entry.name and names.fullmatch(entry.name)]
            found = [entry.name for entry in named if entry.is_file(follow_symlinks=False)]
    except OSError:
        return
    for name in found:
        with suppress(OSError):
            _remove_abandoned(folder / name)


class _Unpublished:
    """A new, locked file in the folder of ``place``, without a name where the system has such files.

    As a context manager it is closed in the end, and whatever name it has beside its place is removed.
    """

    def __init__(self, place: Path, mode: int) -> None:
        self.place = place
        self.name: Path | None = None
        handle = _without_name(place.parent, mode)
        if handle is None:
            handle, self.name = _named(place, mode)
        self.handle = handle

    def __enter__(self) -> _Unpublished:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self.handle)
        if self.name is not None:
            self.name.unlink(missing_ok=True)

    def publish(self, guard: Guard | None) -> None:
        """Put the complete file in its place, in one step. ``guard`` sees what came there meanwhile."""
        if self.name is None:
            if self._linked(self.place):
                return
            self._take_name()
        if guard is not None:
            if self._linked(self.place):
                return
            guard(self.place)
        if self.name is not None:
            self.name.replace(self.place)
            self.name = None

    def _linked(self, place: Path) -> bool:
        """Give the file a further name, unless something has it or the file system links no such files."""
        try:
            if self.name is not None:
                os.link(self.name, place)
            else:
                # With a folder's handle, of which absolute paths make no use, Python has the link in /proc followed.
                os.link(f"/proc/self/fd/{self.handle}", place.absolute(), src_dir_fd=self.handle, follow_symlinks=True)
        except OSError:
            return False
        return True

    def _take_name(self) -> None:
        """Give a file without a name the one of a file that is being written."""
        name = _temporary(self.place)
        if self._linked(name):
            self.name = name
            return
        original = self.handle
        self.handle, self.name = _named(self.place, 0o600)
        try:
            start = 0
            while block := os.pread(original, _BLOCK, start):
                start += len(block)
                while block:
                    block = block[os.write(self.handle, block) :]
            _take_after(self.handle, os.fstat(original))
            _sync(self.handle)
        finally:
            os.close(original)


def _check_place(place: Path) -> None:
    if "\0" in str(place):
        raise InvalidInputError(
            "the output's path has a null character",
            code="output.invalid-path",
            source=str(place),
            wanted="a path",
        )
    check_name(place)
    if not place.parent.is_dir():
        raise InvalidInputError(
            "the output folder does not exist",
            code="output.no-folder",
            source=str(place),
            help=f"make the folder {place.parent}, or choose another",
        )
    if place.is_dir():
        raise InvalidInputError(
            "the output is a folder",
            code="output.is-a-folder",
            source=str(place),
            wanted="the path of a file",
        )


def _real(place: Path) -> Path | None:
    """The regular file that a path names, or may name once it is written, links followed; None for anything else."""
    real = Path(os.path.realpath(place))
    if real.is_symlink():
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
    if not place.exists():
        return real
    # What only a handle leads to, as /dev/stdout to a deleted file, has no path of its own.
    return real if place.is_file() and real.exists() and real.samefile(place) else None


def _status(place: Path) -> os.stat_result | None:
    """Of the file itself, not of what a link names; None where nothing is there."""
    try:
        return place.lstat()
    except FileNotFoundError:
        return None


def _without_name(folder: Path, mode: int) -> int | None:
    """A locked file without a name, or None where the system has none."""
    if sys.platform != "linux":
        return None
    try:
        handle = os.open(folder, os.O_TMPFILE | os.O_RDWR | os.O_CLOEXEC, mode)
    except OSError:
        return None  # where the folder is at fault, the attempt with a name says how
    lock(handle)
    return handle


def _named(place: Path, mode: int) -> tuple[int, Path]:
    """A locked file beside ``place``, and its name."""
    while True:
        name = _temporary(place)
        handle = os.open(name, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
        # Another process may have taken it for abandoned before it was locked.
        if lock(handle) and os.fstat(handle).st_nlink:
            return handle, name
        os.close(handle)
        name.unlink(missing_ok=True)


def _temporary(place: Path) -> Path:
    short = os.fsencode(place.name)[:_NAME_BYTES].decode("utf-8", "ignore") or "output"
    return place.with_name(f".{short}.qsac-{os.getpid()}-{token_hex(8)}")


def _take_after(handle: int, replaced: os.stat_result) -> None:
    """Give a new file the owner and group, as far as that is allowed, and the permissions of the one it replaces."""
    for owner, group in ((-1, replaced.st_gid), (replaced.st_uid, -1)):
        with suppress(OSError):
            os.fchown(handle, owner, group)
    mode = stat.S_IMODE(replaced.st_mode)
    if os.fstat(handle).st_gid != replaced.st_gid:
        mode = mode & ~0o070 | (mode & 0o007) << 3  # another group may do no more than everybody
    with suppress(OSError):  # a file system without permissions has none to keep
        os.fchmod(handle, mode)


def _sync(handle: int) -> None:
    """Have a file's content on disk, on file systems that can say when it is."""
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP, errno.ENOSYS):
            raise


def _sync_folder(folder: Path) -> None:
    """Have a folder's entries on disk, where it can be opened for that."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _remove_abandoned(path: Path) -> None:
    """Remove a regular file that no process has locked."""
    flags = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        handle = os.open(path, os.O_RDWR | flags)  # file systems of a network lock only what may be written
    except PermissionError:
        handle = os.open(path, os.O_RDONLY | flags)
    try:
        opened = os.fstat(handle)
        if not stat.S_ISREG(opened.st_mode):
            return
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # Its writer may have renamed it before the lock was free: then the name is gone, or another file's.
        named = path.lstat()
        if (named.st_dev, named.st_ino) == (opened.st_dev, opened.st_ino):
            path.unlink()
    finally:
        os.close(handle)
