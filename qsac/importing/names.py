"""Which array is which part of a transformer: tables of names, the built-in ones and those of JSON files."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field, SkipValidation, ValidationError

from qsac.arguments import shown
from qsac.errors import InvalidInputError, QsacError
from qsac.files.diagnosis import Contract, refuse
from qsac.files.fields import ONE_COMPLAINT, Fields
from qsac.files.numbers import Numbers
from qsac.files.pointer import counted, describe, join, kind, nearest, quoted
from qsac.files.source import read_file
from qsac.files.strict_json import parse

BUILT_IN = ("gpt2", "torch", "qsac")
"""The tables that come with qsac, each a JSON file beside this module."""

_FILE_BYTES = 2**20
_MOST_ENTRIES = 10_000
_WHAT = "table of names"
_ABSENT: Any = None

_ATTENTION_ALONE = (
    'these are the arrays of attention alone, without the layer around it: a table of names with "like": "torch", '
    '"norms": "none" and these names takes them with a residual, x + attention(x)'
)

_OF_A_LAYER = (
    *(f"{part}{bias}" for part in ("query", "key", "value", "output") for bias in ("", "_bias")),
    *(f"{norm}.{part}" for norm in ("norm1", "norm2") for part in ("gain", "offset")),
    *(f"heads.{{h}}.{part}" for part in ("query", "key", "score", "value", "output")),
    *("residual", "feed_forward_residual"),
    *(f"feed_forward.{part}" for part in ("input", "input_bias", "bias", "output", "output_bias", "coefficients")),
    *(f"feed_forward.factors.{{c}}.{part}" for part in ("matrix", "bias")),
)
PARTS = (
    *("embedding", "position", "vocabulary", "vocabulary_bias", "norm.gain", "norm.offset"),
    *(f"layers.{{l}}.{part}" for part in _OF_A_LAYER),
)
"""Everything that a table may give an array for."""

_LAYER_FIELDS: tuple[str, ...] = ("layers.{l}.query", "layers.{l}.heads.{h}.query", "layers.{l}.heads.{h}.score")
_LAYER_FIELDS += ("layers.{l}.heads.{h}.value", "layers.{l}.heads.{h}.output")
"""A layer exists if one of these does."""


class NamesFile(Fields):
    """A table of names: the architecture, and for each part of it the array.

    ``like``: the built-in table that this one changes. ``amplitudes``: the arrays are those of a qsac model, to be
    taken as they are; otherwise of a transformer with softmax attention. ``prefixes``: what may stand before each name.
    """

    # None stands for an absent field: what the table says that this one changes, or the default.
    like: Literal["gpt2", "torch", "qsac"] = _ABSENT
    amplitudes: bool = _ABSENT
    norms: Literal["before", "after", "none"] = _ABSENT
    activation: Literal["gelu", "gelu-tanh", "relu", "tanh"] = _ABSENT
    mask: Literal["causal", "full"] = _ABSENT
    epsilon: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)] = _ABSENT
    prefixes: Annotated[list[str], Field(min_length=1), ONE_COMPLAINT] = _ABSENT
    arrays: SkipValidation[dict[str, Any]] = Field(default_factory=dict)


_CONTRACT = Contract(
    "the table of names",
    {(): NamesFile},
    {"arrays": '"arrays": {"layers.{l}.query": "blocks.{l}.q.weight"}', "prefixes": '"prefixes": ["model."]'},
    "qsac import --help",
)


@dataclass(frozen=True)
class Source:
    """One array: its name, with {l}, {h} and {c} for the numbers of layer, head and factor, and how it is read.

    ``transpose``: rows and columns change places. ``part`` (k, n): the k-th, from 0, of n equal parts of the rows.
    """

    array: str
    transpose: bool = False
    part: tuple[int, int] | None = None


@dataclass(frozen=True)
class Names:
    """A table of names, complete."""

    amplitudes: bool
    norms: Literal["before", "after", "none"]
    activation: str
    mask: Literal["causal", "full"]
    epsilon: float
    prefixes: tuple[str, ...]
    sources: Mapping[str, tuple[Source, ...]]


def names_of(given: object) -> Names:
    """The table that an argument names or holds: a built-in one, the path of a JSON file, or a mapping of its fields.

    Raises :class:`~qsac.errors.QsacError` with the place in the table.
    """
    if isinstance(given, Mapping):
        return _names(dict(given), "<names>")
    if isinstance(given, str) and given in BUILT_IN:
        return _built_in(given)
    if isinstance(given, os.PathLike) or (isinstance(given, str) and given.endswith(".json")):
        source = os.fsdecode(given)
        return _names(parse(read_file(given, _FILE_BYTES, _WHAT), source, _WHAT), source)
    guess = nearest(given, BUILT_IN) if isinstance(given, str) else None
    raise InvalidInputError(
        "the names of the arrays are not known",
        code="import.unknown-names",
        found=shown(given),
        wanted=f"one of {', '.join(BUILT_IN)}, or a table of names: a file that ends with .json, in Python a mapping",
        help=f'did you mean "{guess}"?' if guess else None,
    )


def _built_in(name: str) -> Names:
    path = Path(__file__).with_name(f"{name}.json")
    return _names(parse(path.read_bytes(), name, _WHAT), name)


def _names(document: object, source: str) -> Names:
    try:
        if not isinstance(document, dict):
            raise InvalidInputError(
                "the table of names is not a JSON object",
                code="json.not-an-object",
                found=kind(document),
                wanted='an object such as {"like": "gpt2", "arrays": {..}}',
            )
        try:
            fields = NamesFile.model_validate(document)
        except ValidationError as error:
            raise refuse(error, _CONTRACT) from None
        sources = _sources(document.get("arrays", {}))
    except QsacError as error:
        raise error.located(source) from None
    base = _built_in(fields.like) if "like" in fields.model_fields_set else None
    return Names(
        amplitudes=_first(fields.amplitudes, base and base.amplitudes, False),
        norms=_first(fields.norms, base and base.norms, "none"),
        activation=_first(fields.activation, base and base.activation, "gelu"),
        mask=_first(fields.mask, base and base.mask, "causal"),
        epsilon=_first(fields.epsilon, base and base.epsilon, 1e-5),
        prefixes=tuple(_first(fields.prefixes, base and base.prefixes, [""])),
        sources={**(base.sources if base else {}), **sources},
    )


def _first(*values: Any) -> Any:
    return next(value for value in values if value is not None)


def _sources(arrays: object) -> dict[str, tuple[Source, ...]]:
    if not isinstance(arrays, Mapping) or len(arrays) > _MOST_ENTRIES:
        raise InvalidInputError(
            '"arrays" is not an object of names',
            code="field.wrong-type",
            pointer="/arrays",
            found=describe(arrays),
            wanted=f"an object of at most {_MOST_ENTRIES:,} fields",
        )
    found = {}
    for name, given in arrays.items():
        place = join("/arrays", name)
        if not isinstance(name, str) or name not in PARTS:
            guess = nearest(name, PARTS) if isinstance(name, str) else None
            raise InvalidInputError(
                "a table of names has an entry for something that a transformer does not have",
                code="import.unknown-part",
                pointer=place,
                found=describe(name),
                wanted='a part such as "embedding", "layers.{l}.query" or "layers.{l}.norm1.gain"',
                help=f"did you mean {quoted(guess)}?" if guess else "docs/from-a-trained-layer.md lists the parts",
            )
        entries = given if isinstance(given, list) else [given]
        found[name] = tuple(
            _source(entry, join(place, index) if isinstance(given, list) else place)
            for index, entry in enumerate(entries)
        )
    return found


def _source(entry: object, pointer: str) -> Source:
    if isinstance(entry, str) and entry:
        return Source(entry)
    fields = entry if isinstance(entry, dict) else {}
    part = fields.get("part")
    numbers = isinstance(part, list | tuple) and len(part) == 2 and all(type(number) is int for number in part)
    valid = isinstance(fields.get("array"), str) and type(fields.get("transpose", False)) is bool
    if not valid or fields.keys() - {"array", "transpose", "part"} or (part is not None and not numbers):
        raise InvalidInputError(
            "an entry of the table of names does not say which array it is",
            code="import.invalid-entry",
            pointer=pointer,
            found=describe(entry),
            wanted='a name, or {"array": a name, "transpose": true or false, "part": [k, n]}',
        )
    if part is not None and not 0 <= part[0] < part[1]:
        raise InvalidInputError(
            "there is no such part of an array",
            code="import.invalid-entry",
            pointer=join(pointer, "part"),
            found=f"[{part[0]}, {part[1]}]",
            wanted="[k, n] with 0 <= k < n: the k-th of n equal parts, counted from 0",
        )
    return Source(str(fields["array"]), fields.get("transpose", False), None if part is None else (part[0], part[1]))


@dataclass(frozen=True, eq=False)
class NamedArrays:
    """The arrays of a model by the parts that they are. ``used`` collects the names of those that were read."""

    weights: Mapping[str, Numbers]
    names: Names
    prefix: str
    used: set[str] = field(default_factory=set)

    def has(self, part: str, **numbers: int) -> bool:
        """Whether there is an array for a part, of this layer, head and factor."""
        return self._found(part, numbers) is not None

    def get(self, part: str, **numbers: int) -> Numbers | None:
        """The array of a part, float64 or complex128; None where there is none."""
        found = self._found(part, numbers)
        if found is None:
            return None
        name, source = found
        self.used.add(name)
        values = self.weights[name]
        values = values.T if source.transpose else values
        return values if source.part is None else _part(values, source.part, name)

    def needed(self, part: str, **numbers: int) -> Numbers:
        """The array of a part that has to be there. Raises :class:`~qsac.errors.InvalidInputError`."""
        values = self.get(part, **numbers)
        if values is None:
            raise self.missing(part, numbers)
        return values

    def missing(self, part: str, numbers: Mapping[str, int]) -> InvalidInputError:
        """The diagnostic for a part that there is no array for."""
        asked = [name for name, _ in self._candidates(part, numbers)]
        guess = nearest(asked[0], self.weights) if asked else None
        alone = any("self_attn." in one and one.rpartition("self_attn.")[2] in self.weights for one in asked)
        return InvalidInputError(
            "an array of the model is missing",
            code="import.missing-array",
            pointer=join("/arrays", part),
            found=f"no {' or '.join(map(quoted, asked[:2]))} among {counted(len(self.weights), 'array')}"
            if asked
            else "no name for it in the table of names",
            wanted=f'the array of "{part.format(**{letter: numbers.get(letter, 0) for letter in "lhc"})}"',
            help=_ATTENTION_ALONE
            if alone
            else f"did you mean {quoted(guess)}? A table of names (--names FILE.json) says which array is which"
            if guess
            else "a table of names (--names FILE.json) says which array is which",
        )

    def layers(self) -> int:
        """How many layers there are, at least one."""
        count = 0
        while any(self.has(part, l=count, h=0) for part in _LAYER_FIELDS):
            count += 1
        if count == 0:
            given = next((part for part in _LAYER_FIELDS if part in self.names.sources), _LAYER_FIELDS[0])
            raise self.missing(given, {"l": 0, "h": 0})
        return count

    def shape_error(self, part: str, found: Numbers, wanted: str, **numbers: int) -> InvalidInputError:
        """The diagnostic for an array that does not fit the others."""
        name = next((name for name, _ in self._candidates(part, numbers) if name in self.weights), part)
        return InvalidInputError(
            "an array does not fit the model or the arrays around it",
            code="import.wrong-shape",
            pointer=join("/arrays", part),
            found=f"shape {found.shape} of {quoted(name)}",
            wanted=wanted,
            help='Conv1D layers, as in GPT-2, have transposed weights: a table of names says so by "transpose": true',
        )

    def _found(self, part: str, numbers: Mapping[str, int]) -> tuple[str, Source] | None:
        return next(((name, one) for name, one in self._candidates(part, numbers) if name in self.weights), None)

    def _candidates(self, part: str, numbers: Mapping[str, int]) -> Iterator[tuple[str, Source]]:
        """The names that a part may have. One without {l} is of the first layer alone, and so are {h} and {c}."""
        for source in self.names.sources.get(part, ()):
            name = source.array
            if any(f"{{{letter}}}" not in name and number for letter, number in numbers.items()):
                continue
            for letter, number in numbers.items():
                name = name.replace(f"{{{letter}}}", str(number))
            for prefix in dict.fromkeys((self.prefix, "")):
                yield prefix + name, source


def named_arrays(weights: Mapping[str, Numbers], names: Names) -> NamedArrays:
    """The arrays by a table, with the first prefix that finds a layer."""
    candidates = [NamedArrays(weights, names, prefix) for prefix in names.prefixes]
    with_layer = (one for one in candidates if any(one.has(part, l=0, h=0) for part in _LAYER_FIELDS))
    return next(with_layer, candidates[0])


def _part(values: Numbers, part: tuple[int, int], name: str) -> Numbers:
    place, parts = part
    rows = len(values)
    if rows % parts:
        raise InvalidInputError(
            "an array does not have as many rows as its parts take",
            code="import.wrong-shape",
            found=f"{counted(rows, 'row')} in {quoted(name)}",
            wanted=f"a multiple of {parts}",
        )
    return np.ascontiguousarray(values[place * (rows // parts) : (place + 1) * (rows // parts)])
