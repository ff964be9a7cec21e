"""From texts to vectors: encoded, split, projected, and written with all that encodes new texts in the same way."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, ValidationError, field_validator

from qsac.arguments import file_path, real_number, shown, whole_number
from qsac.errors import InvalidInputError, QsacError
from qsac.files import limits
from qsac.files.fields import Fields
from qsac.files.pointer import counted, listed, quoted
from qsac.files.strict_json import parse
from qsac.files.writing import write_whole
from qsac.text.encoders.contract import Encoder, Reals
from qsac.text.encoders.finding import kind_of
from qsac.text.keeping import digest_of, vectors_of
from qsac.text.projection import Projection, principal_components
from qsac.text.samples import NOUN, LabelledSamples, damaged, read_arrays, samples_of
from qsac.text.sources import Texts, given_texts, read_texts
from qsac.text.splitting import PARTS, Part, split

if TYPE_CHECKING:
    from qsac.artifact.cache import Cache

DIMENSION = 16
"""Principal components that are kept unless told otherwise."""

_RECORD = "record"
_MEAN, _MATRIX = "projection.mean", "projection.matrix"
_ENCODER = "encoder."
_RECORD_BYTES = 1 << 20


class FitFields(Fields):
    """What was fitted to: so many texts, and their digest."""

    texts: Annotated[int, Field(ge=1)]
    sha256: Annotated[str, Field(max_length=64)]


class SplitFields(Fields):
    """How texts were split: shares, and the seed."""

    test: float
    validation: float
    seed: int


class RecordFields(Fields):
    """What a file of features says of its making, as JSON in an array of bytes."""

    qsac_features: Literal[1]
    qsac: Annotated[str, Field(max_length=limits.NAME_CHARACTERS)]
    encoder: dict[str, Annotated[str, Field(max_length=limits.NAME_CHARACTERS)] | int]
    dimension: int | None
    fit: FitFields
    split: SplitFields | None
    classes: list[Annotated[str, Field(max_length=limits.NAME_CHARACTERS)]]

    @field_validator("encoder")
    @classmethod
    def _named(cls, value: dict[str, str | int]) -> dict[str, str | int]:
        if not isinstance(value.get("name"), str):
            raise ValueError("the encoder has no name")
        return value


@dataclass(frozen=True, eq=False)
class Features:
    """Vectors of texts, with their classes and parts, and what they were made with.

    ``samples`` has the vectors, (N, F), the numbers of their classes and their parts. ``record``, JSON-ready, says
    which encoder of which version and which fit they come from. ``arrays`` are the numbers that the encoder was fitted
    with, ``projection`` leads from its vectors to these, None where they are its own.
    """

    samples: LabelledSamples
    record: Mapping[str, Any]
    arrays: Mapping[str, NDArray[Any]]
    projection: Projection | None

    @property
    def features(self) -> Reals:
        """The vectors, (N, F), in the order of the texts."""
        return self.samples.features

    @property
    def labels(self) -> NDArray[np.int64] | None:
        """The number of each text's class, (N,), or None where texts have no labels."""
        return self.samples.labels

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the classes, in alphabetical order."""
        return self.samples.classes

    def part(self, name: Literal["train", "validation", "test"]) -> tuple[Reals, NDArray[np.int64]]:
        """Vectors, (n, F), and labels, (n,), of one part. Raises :class:`~qsac.errors.InvalidInputError` where there
        are none."""
        if name not in PARTS:
            raise InvalidInputError(
                "there is no such part",
                code="option.unknown-choice",
                found=shown(name),
                wanted=" or ".join(PARTS),
            )
        return self.samples.of(name)

    def encode(self, texts: Sequence[str], *, cache: Cache | str | os.PathLike[str] | None = None) -> Reals:
        """Vectors of other texts, (n, F), by the same encoder and projection: nothing is fitted.

        Raises :class:`~qsac.errors.InvalidInputError` where the encoder's package is missing or of another version.
        """
        return self.vectors(given_texts(texts, None).texts, _opened(cache))

    @cached_property
    def encoder(self) -> Encoder:
        """The encoder, restored from what is kept of it."""
        own = self.record["encoder"]
        found = kind_of(own["name"]).restored(own, self.arrays)
        width = self.features.shape[-1] if self.projection is None else len(self.projection.mean)
        if found.dimension != width:
            raise damaged(f"an encoder of {found.dimension:,} numbers", None, f"{width:,}, as the vectors are of")
        return found

    def vectors(self, texts: Sequence[str], cache: Cache | None = None) -> Reals:
        """Vectors of texts that were checked, (n, F)."""
        with np.errstate(over="ignore", invalid="ignore"):
            found = vectors_of(self.encoder, texts, cache)
            found = found if self.projection is None else self.projection(found)
        if not np.isfinite(found).all():
            raise damaged("numbers that give vectors beyond double precision", None, "what qsac features has written")
        return found

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write a .npz file, which is the same for the same features. Raises
        :class:`~qsac.errors.InvalidInputError` where it cannot be written."""
        write_whole(file_path(path, NOUN), [self.to_bytes()])

    def to_bytes(self) -> bytes:
        """The content of the file: an archive that is not compressed, as numpy.savez writes it."""
        text = json.dumps(self.record, sort_keys=True, separators=(",", ":"), allow_nan=False)
        arrays: dict[str, NDArray[Any]] = {"inputs": self.samples.features}
        if self.samples.labels is not None:
            arrays["targets"] = self.samples.labels
        if self.samples.parts is not None:
            arrays["split"] = self.samples.parts
        arrays[_RECORD] = np.frombuffer(text.encode("ascii"), dtype=np.uint8)
        if self.projection is not None:
            arrays |= {_MEAN: self.projection.mean, _MATRIX: self.projection.matrix}
        arrays |= {_ENCODER + name: values for name, values in self.arrays.items()}
        buffer = io.BytesIO()
        np.savez(buffer, **arrays)  # type: ignore[arg-type]  # its named arguments are arrays, of whatever name
        return buffer.getvalue()

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Features:
        """The features that a file holds. Raises :class:`~qsac.errors.InvalidInputError` for any other file, and
        :class:`~qsac.errors.DoesNotFitError` where it is too large."""
        place = Path(file_path(path, NOUN))
        arrays = read_arrays(place)
        try:
            record = _record(arrays.pop(_RECORD, None), str(place))
            samples = samples_of(arrays, str(place), tuple(record["classes"]))
        except QsacError as error:
            error.pointer = None
            raise error.located(str(place)) from None
        own = {name.removeprefix(_ENCODER): one for name, one in arrays.items() if name.startswith(_ENCODER)}
        for name, values in (*own.items(), (_MEAN, arrays.get(_MEAN)), (_MATRIX, arrays.get(_MATRIX))):
            if values is not None and (values.dtype.kind not in "iuf" or not np.isfinite(values).all()):
                raise damaged(f"{name}: numbers of the type {values.dtype}", str(place), "finite real numbers")
        return cls(samples, record, own, _projection(arrays, record, samples, str(place)))


def features(
    texts: str | os.PathLike[str] | Sequence[str],
    labels: Sequence[str | int] | None = None,
    *,
    encoder: str = "tf-idf",
    dimension: int | Literal["all"] = DIMENSION,
    test: float = 0.2,
    validation: float = 0.1,
    seed: int = 0,
    fitted: Features | str | os.PathLike[str] | None = None,
    cache: Cache | str | os.PathLike[str] | None = None,
    format: str | None = None,
    text_column: str | None = None,
    label_column: str | None = None,
) -> Features:
    """Vectors of texts by an encoder that is installed: ``minilm``, ``wordllama``, or ``tf-idf``, which is fitted.

    ``texts``: the path of a file with a text in each line (.txt), or with texts and labels (.csv, .jsonl; ``format``
    where its name does not say it, ``text_column`` and ``label_column`` where they have other names); or a list of
    texts, with ``labels``. ``test`` and ``validation`` are the shares that the ``seed`` draws; the rest trains. The
    encoder and the projection onto ``dimension`` principal components are fitted to the part that trains alone;
    ``"all"`` keeps the encoder's own vectors. ``fitted``: other features, or their file, whose encoder, projection and
    classes are taken: nothing is fitted, and all texts are for testing. Vectors that take long are kept in ``cache``.

    Raises :class:`~qsac.errors.InvalidInputError` for texts that cannot be read, a package that is missing and too few
    texts; :class:`~qsac.errors.DoesNotFitError` for what is too large.
    """
    kept = _opened(cache)
    found = _texts(texts, labels, format, text_column, label_column)
    if fitted is not None:
        return _as_fitted(found, fitted if isinstance(fitted, Features) else Features.load(fitted), kept)
    kind = kind_of(encoder)
    wanted = None if dimension == "all" else whole_number(dimension, "dimension", 1, limits.DIMENSION)
    drawn = {"test": _share(test, "test"), "validation": _share(validation, "validation")}
    if sum(drawn.values()) >= 1:
        raise InvalidInputError(
            "no texts are left to train with",
            code="option.out-of-range",
            found=f"{drawn['test']:g} to test and {drawn['validation']:g} to validate with",
            wanted="shares that add up to less than 1",
        )
    number = whole_number(seed, "seed", 0, 2**63 - 1)
    classes = tuple(sorted(set(found.labels or ())))
    numbers = None if found.labels is None else _numbers(found, classes)
    try:
        parts = split(found.texts, numbers, classes, drawn["test"], drawn["validation"], number)
        train = [text for text, one in zip(found.texts, parts, strict=True) if one == Part.TRAIN]
        limits.check_features(len(found.texts), wanted or 1)
        ready = kind.fitted(train)
        limits.check_features(len(found.texts), ready.dimension)
        vectors = vectors_of(ready, found.texts, kept)
        projection = None if wanted is None else principal_components(vectors[parts == Part.TRAIN], wanted)
    except QsacError as error:
        raise error.located(found.source) from None
    record = {
        "qsac_features": 1,
        "qsac": _version(),
        "encoder": dict(ready.record),
        "dimension": wanted,
        "fit": {"texts": len(train), "sha256": digest_of(train)},
        "split": {**drawn, "seed": number},
        "classes": list(classes),
    }
    return Features(
        LabelledSamples(vectors if projection is None else projection(vectors), numbers, classes, parts),
        record,
        ready.arrays,
        projection,
    )


def _texts(
    texts: str | os.PathLike[str] | Sequence[str],
    labels: Sequence[str | int] | None,
    form: str | None,
    text_column: str | None,
    label_column: str | None,
) -> Texts:
    if not isinstance(texts, str | os.PathLike):
        if not isinstance(texts, Sequence):
            raise InvalidInputError(
                "the texts are neither a file nor a list",
                code="option.wrong-type",
                found=shown(texts),
                wanted="the path of a file, or a list of texts",
            )
        return given_texts(texts, labels)
    if labels is not None:
        raise InvalidInputError(
            "labels are given beside a file of texts",
            code="option.wrong-type",
            found=shown(labels),
            wanted="labels in the file, or a list of texts",
        )
    return read_texts(file_path(texts, "file of texts"), form=form, text_column=text_column, label_column=label_column)


def _as_fitted(found: Texts, base: Features, cache: Cache | None) -> Features:
    """Vectors of other texts, by what was fitted before."""
    try:
        numbers = None if found.labels is None else _numbers(found, base.classes)
        limits.check_features(len(found.texts), base.encoder.dimension)
        vectors = base.vectors(found.texts, cache)
    except QsacError as error:
        raise error.located(found.source) from None
    parts = np.full(len(found.texts), Part.TEST, dtype=np.int8)
    record = {**base.record, "split": None}
    return Features(LabelledSamples(vectors, numbers, base.classes, parts), record, base.arrays, base.projection)


def _numbers(found: Texts, classes: Sequence[str]) -> NDArray[np.int64]:
    """The numbers of the texts' classes."""
    known = {name: number for number, name in enumerate(classes)}
    unknown = next((label for label in found.labels or () if label not in known), None)
    if unknown is not None:
        raise InvalidInputError(
            "a label is none of the classes that were learned",
            code="features.unknown-class",
            found=quoted(unknown),
            wanted=f"one of {listed(map(quoted, classes)) or 'no classes: the fitted texts had no labels'}",
        )
    return np.array([known[label] for label in found.labels or ()], dtype=np.int64)


def _share(value: object, name: str) -> float:
    wanted = "a share from 0 on and below 1"
    share = real_number(value, f"share {name}", wanted)
    if not 0 <= share < 1:
        raise InvalidInputError(
            f"the share {name} is out of range",
            code="option.out-of-range",
            found=f"{share:g}",
            wanted=wanted,
        )
    return share


def _opened(cache: Cache | str | os.PathLike[str] | None) -> Cache | None:
    if cache is None:
        return None
    from qsac.artifact.cache import opened

    return opened(cache)


def _version() -> str:
    from qsac.artifact.fingerprint import version

    return version()


def _record(written: NDArray[Any] | None, source: str) -> dict[str, Any]:
    """What a file says of its making."""
    if written is None or written.dtype != np.uint8 or written.ndim != 1 or len(written) > _RECORD_BYTES:
        raise damaged("no array record", source, "a file that qsac features has written")
    document = parse(written.tobytes(), source, "record")
    try:
        record = RecordFields.model_validate(document)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        place = "/".join(map(str, first["loc"]))
        raise damaged(
            f"the record: {place}: {first['msg'].lower()}", source, "what qsac features has written"
        ) from None
    limits.check_classes(len(record.classes))
    return record.model_dump()


def _projection(
    arrays: Mapping[str, NDArray[Any]], record: Mapping[str, Any], samples: LabelledSamples, source: str
) -> Projection | None:
    mean, matrix = arrays.get(_MEAN), arrays.get(_MATRIX)
    if mean is None and matrix is None:
        return None
    if mean is None or matrix is None or matrix.shape != (samples.features.shape[-1], *mean.shape) or mean.ndim != 1:
        raise damaged("a projection of another shape", source, "mean (F,) and matrix (k, F)")
    return Projection(mean.astype(np.float64), matrix.astype(np.float64))


def summary(found: Features) -> list[tuple[str, str]]:
    """What to say of features: texts, classes, encoder, fit, vectors."""
    own, fit, labels = found.record["encoder"], found.record["fit"], found.labels
    facts = [("parts", _parts(found.samples))]
    if labels is not None:
        counts = np.bincount(labels, minlength=len(found.classes))
        named = (f"{name} ({count:,})" for name, count in zip(found.classes, counts, strict=True))
        facts.append(("classes", listed(named)))
    version = own.get("version") or found.record["qsac"]
    facts.append(("encoder", f"{own['name']} ({own.get('package')} {version}): {own.get('dimension')} numbers"))
    facts.append(("fitted to", f"{counted(fit['texts'], 'text')}, SHA-256 {fit['sha256'][:12]}"))
    entries = found.features.shape[1]
    how = "the encoder's own" if found.projection is None else "principal components of the training part"
    return [*facts, ("vectors", f"{counted(entries, 'number')} each: {how}")]


def _parts(samples: LabelledSamples) -> str:
    return ", ".join(f"{len(samples.places(name)):,} {name}" for name in PARTS if len(samples.places(name)))
