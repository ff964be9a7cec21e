"""The arrays of a trained model by name: those of a file, read one by one, or those that Python code has."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from qsac.arguments import file_path, shown
from qsac.errors import InvalidInputError
from qsac.families.tokens.npz import array_names, read_npz
from qsac.families.tokens.opening import opened
from qsac.families.tokens.safetensors import read_safetensors, tensor_names
from qsac.families.tokens.shape import WEIGHTS, check_shape
from qsac.files.numbers import Numbers
from qsac.files.pointer import quoted

_NOUN = "file of weights"
_FORMATS = {".npz": (array_names, read_npz), ".safetensors": (tensor_names, read_safetensors)}
_PICKLED = (".pt", ".pth", ".bin", ".pkl", ".pickle", ".ckpt")


class WeightFile(Mapping[str, Numbers]):
    """The arrays of a .npz or .safetensors file. Each is read when it is asked for; nothing in the file is executed.

    Raises :class:`~qsac.errors.InvalidInputError` for a file that is missing, of another kind or damaged, and
    :class:`~qsac.errors.DoesNotFitError` where it, or an array of it, is too large.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(file_path(path, "file of weights"))
        suffix = self.path.suffix.lower()
        if suffix not in _FORMATS:
            raise _unknown_kind(self.path, suffix)
        self._names_of, self._read = _FORMATS[suffix]
        names = self._open(None, self._names_of)
        self._names = dict.fromkeys(names)
        if len(self._names) < len(names):
            raise InvalidInputError(
                "the file of weights has two arrays of one name",
                code="tokens.repeated-array",
                source=str(self.path),
                found=quoted(next(name for name in names if names.count(name) > 1)),
                wanted="each name once",
            )

    def __getitem__(self, name: str) -> Numbers:
        if name not in self._names:
            raise KeyError(name)
        values: Numbers = self._open(name, self._read)
        return checked(values, name)

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def _open(self, array: str | None, read: Any) -> Any:
        return opened(self.path, read, noun=_NOUN, wanted="a .npz or .safetensors file", least=WEIGHTS, array=array)


class GivenWeights(Mapping[str, Numbers]):
    """Arrays that Python code has, by name: NumPy's, tensors as ``model.state_dict()`` has them, nested lists.

    What has ``detach`` is detached, brought to the CPU and converted as PyTorch's tensors are; no package is imported
    for it. ``given`` is not copied: an array is converted when it is asked for.
    """

    def __init__(self, given: Mapping[str, Any]) -> None:
        for name in given:
            if not isinstance(name, str):
                raise InvalidInputError(
                    "the name of an array is not a text",
                    code="field.invalid-name",
                    found=shown(name),
                    wanted="a mapping of texts to arrays, such as model.state_dict()",
                )
        self._given = given

    def __getitem__(self, name: str) -> Numbers:
        return checked(array_of(self._given[name], name), name)

    def __contains__(self, name: object) -> bool:
        return name in self._given

    def __iter__(self) -> Iterator[str]:
        return iter(self._given)

    def __len__(self) -> int:
        return len(self._given)


def weights_of(given: object) -> Mapping[str, Numbers]:
    """The arrays of a mapping, or of the file at a path."""
    if isinstance(given, WeightFile | GivenWeights):
        return given
    if isinstance(given, str | os.PathLike):
        return WeightFile(given)
    if isinstance(given, Mapping):
        return GivenWeights(given)
    raise InvalidInputError(
        "the weights must be arrays by name, or a file",
        code="option.wrong-type",
        found=shown(given),
        wanted="a mapping such as model.state_dict(), or the path of a .npz or .safetensors file",
    )


def array_of(value: Any, name: str) -> Numbers:
    """What NumPy, or a tensor's own methods, make of a value. Raises :class:`~qsac.errors.InvalidInputError`."""
    try:
        if hasattr(type(value), "detach"):
            value = value.detach().cpu()
            try:
                value = value.numpy()
            except TypeError:  # bfloat16 and 8-bit floats, which NumPy does not have
                value = value.float().numpy()
        return np.asarray(value)
    except Exception as error:  # whatever another package's object raises
        raise InvalidInputError(
            "an object cannot be read as an array",
            code="array.unreadable",
            found=f"{quoted(name)}: {type(error).__name__}: {str(error).split(chr(10))[0]}",
            wanted="numbers that NumPy can read",
        ) from None


def checked(values: Numbers, name: str) -> Numbers:
    """An array as float64 or complex128: a vector or matrix of finite numbers, of a size that may be held."""
    check_shape(values.shape, values.dtype.kind, quoted(name), "", WEIGHTS, _NOUN)
    with np.errstate(over="ignore"):
        wide = np.complex128 if values.dtype.kind == "c" else np.float64
        result: Numbers = np.array(values, dtype=wide, order="C")
    if result.ndim == 3:  # [re, im] pairs
        result = result.view(np.complex128)[..., 0]
    if not np.isfinite(result).all():
        first = np.unravel_index(int(np.argmin(np.isfinite(result))), result.shape)
        raise InvalidInputError(
            "an array of weights holds a number that is not finite",
            code="number.not-finite",
            found=f"{result[first]} in {quoted(name)}, entry {', '.join(map(str, first))} (counted from 0)",
            wanted="finite numbers in double precision",
        )
    return result


def _unknown_kind(path: Path, suffix: str) -> InvalidInputError:
    pickled = suffix in _PICKLED
    return InvalidInputError(
        "a pickle is not read: loading one runs whatever code it holds"
        if pickled
        else "the kind of the file of weights is not known",
        code="import.unknown-file-kind",
        source=str(path),
        found=quoted(path.name),
        wanted="a file name that ends with .safetensors or .npz",
        help="safetensors.torch.save_file(model.state_dict(), path) writes one; in Python, "
        "qsac.from_arrays takes model.state_dict() itself",
    )
