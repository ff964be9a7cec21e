"""The .npz format: a zip archive of .npy files."""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, cast

from qsac.families.tokens.named import NamedFile
from qsac.families.tokens.npy import read_array
from qsac.files.numbers import Numbers

_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""What NumPy writes. The others may ask for gigabytes before the first byte is there."""
_DIRECTORY_BYTES = 4 * 2**20
"""Largest directory of members: Python keeps ten times its size in memory."""
_CHUNK = 2**20
_WANTED = "an archive saved by numpy.savez"


class _Bounded:
    """A file that refuses to read much at once, which zipfile does for an archive's directory only."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.seek, self.tell = stream.seek, stream.tell

    def read(self, count: int = -1) -> bytes:
        data = self._stream.read(_DIRECTORY_BYTES + 1 if count < 0 else min(count, _DIRECTORY_BYTES + 1))
        if len(data) > _DIRECTORY_BYTES:
            raise zipfile.BadZipFile("its directory is too large")
        return data

    def seekable(self) -> bool:
        return True


def read_npz(file: NamedFile) -> Numbers:
    """The array of a .npz archive, compressed or not, that is wanted: the only one, unless one is named."""
    with _archive(file) as archive:
        members = archive.infolist()
        member = members[file.chosen(_names(members))]
        if member.compress_type not in _METHODS:
            raise zipfile.BadZipFile("it is packed by a method that NumPy does not use")
        with archive.open(member) as stream:
            return read_array(stream, member.file_size, file)


def array_names(file: NamedFile) -> list[str]:
    """The names of the arrays in a .npz archive."""
    with _archive(file) as archive:
        return _names(archive.infolist())


def member_bytes(file: NamedFile, member: str, limit: int) -> bytes:
    """The content of one member of an archive of any kind, at most ``limit`` bytes. Its claimed size is checked first,
    and no more than that is unpacked."""
    with _archive(file) as archive:
        found = [one for one in archive.infolist() if one.filename == member]
        if len(found) != 1:
            raise zipfile.BadZipFile(f"it has {len(found) or 'no'} members of the name {member}")
        if found[0].file_size > limit or found[0].compress_type not in _METHODS:
            raise zipfile.BadZipFile(f"its member {member} is too large, or packed by another method")
        with archive.open(found[0]) as stream:
            parts, left = [], found[0].file_size
            while left and (part := stream.read(min(_CHUNK, left))):
                parts.append(part)
                left -= len(part)
            return b"".join(parts)


def _names(members: list[zipfile.ZipInfo]) -> list[str]:
    return [member.filename.removesuffix(".npy") for member in members]


@contextmanager
def _archive(file: NamedFile) -> Iterator[zipfile.ZipFile]:
    """The open archive; what is wrong with it is said of the file."""
    try:
        with zipfile.ZipFile(cast(BinaryIO, _Bounded(file.stream))) as archive:
            yield archive
    except zipfile.BadZipFile as error:
        raise file.damaged(f"it is no readable zip archive: {_reason(error)}", _WANTED) from None
    except (NotImplementedError, RuntimeError, EOFError, ValueError, OverflowError, struct.error, zlib.error):
        raise file.damaged("it is no readable zip archive", _WANTED) from None


def _reason(error: Exception) -> str:
    text = str(error).split("\n")[0].rstrip(".")
    return text[:1].lower() + text[1:]
