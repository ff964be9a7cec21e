"""From a configuration file, or the dictionary that it would hold, to a :class:`Config`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, TypeVar, cast

from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from qsac.arguments import file_path, shown
from qsac.errors import InvalidInputError, QsacError
from qsac.families.contract import Model
from qsac.families.learning import Learns
from qsac.families.reading import load as load_model
from qsac.families.registry import family, sections
from qsac.files import strict_json
from qsac.files.diagnosis import Contract, refuse
from qsac.files.inside import inside
from qsac.files.limits import MODEL_FILE_BYTES, NAME_CHARACTERS
from qsac.files.pointer import kind, listed, nearest, quoted
from qsac.files.python_values import plain
from qsac.files.source import read_file
from qsac.training import diagnosis, schema
from qsac.training.configuration import Config, learns
from qsac.training.data.making import kinds as kinds_of_data
from qsac.training.optimisers.contract import OptimiserFields
from qsac.training.optimisers.making import kinds as kinds_of_optimisers

DICT_SOURCE = "<dict>"
FILE = "configuration"
DEFAULT_NAME = "trained"

_F = TypeVar("_F", bound=BaseModel)


def load(
    config: str | os.PathLike[str] | Mapping[str, Any] | Config, changes: Mapping[str, Any] | None = None
) -> Config:
    """The configuration in a file, or given as the dictionary that the file would hold; with some fields of the whole
    changed, as a command's options do.

    Paths in it are relative to its file's folder, or to the working directory for a dictionary, and lie within it.
    Raises :class:`~qsac.errors.QsacError` with the place as a JSON pointer for whatever breaks the contract.
    """
    if isinstance(config, Config):
        return of_document(dict(config.document), config.folder, changes) if changes else config
    if isinstance(config, Mapping):
        try:
            return of_document(plain(dict(config)), Path(), changes)
        except QsacError as error:
            raise error.located(DICT_SOURCE) from None
    if not isinstance(config, str | os.PathLike):
        raise InvalidInputError(
            "the configuration must be a path or a dictionary",
            code="option.wrong-type",
            found=shown(config),
            wanted="the path of a configuration, or a dictionary of the fields that it would hold",
        )
    path = Path(file_path(config, FILE))
    data = read_file(path, MODEL_FILE_BYTES, f"{FILE} file")
    try:
        return of_document(strict_json.parse(data, str(path), FILE), path.parent, changes, path.stem)
    except QsacError as error:
        raise error.located(str(path)) from None


def of_document(
    document: object, folder: Path, changes: Mapping[str, Any] | None = None, name: str = DEFAULT_NAME
) -> Config:
    """The configuration in a JSON document. ``name`` is what it is called where it has no name."""
    given = {**_check_version(document), **(changes or {})}
    fields = _validated(schema.TrainingFile, given, diagnosis.CONTRACT, "")
    found_family, sketch, model = _model(given["model"], folder)
    config = Config(
        fields=fields,
        document={},
        folder=folder,
        name=_checked_name(fields.name or _usable(name)),
        family=found_family,
        sketch=sketch,
        model=model,
        data_fields=_data(given["data"]),
        objective=_objective(given.get("objective")),
        optimiser=_optimiser(given.get("optimiser", {"type": "adam"})),
        gradient=_gradient(given.get("gradient", "exact")),
        seeds=_seeds(given.get("seeds", 1)),
    )
    _check_together(config)
    _check_compared(fields.compare)
    config.document.update(_canonical(config, given))  # type: ignore[attr-defined]  # empty so far, and only here
    return config


def _check_version(document: object) -> dict[str, Any]:
    if not isinstance(document, dict):
        raise InvalidInputError(
            "the configuration is not a JSON object",
            code="json.not-an-object",
            found=kind(document),
            wanted='an object that begins with {"qsac_train": 1',
            help=f"`{diagnosis.SCHEMA}` prints the format",
        )
    if "qsac_train" not in document:
        what = next((name for key, name in _OTHER_FILES.items() if key in document), None)
        raise InvalidInputError(
            f"this is {what}, not a training configuration"
            if what
            else "the version of the configuration's format is missing",
            code="train.other-document" if what else "train.no-version",
            wanted='"qsac_train": 1 among the fields of the configuration',
            help=f"`{diagnosis.SCHEMA}` prints the format",
        )
    version = document["qsac_train"]
    if type(version) is not int or version < 1:
        raise InvalidInputError(
            "the version of the configuration's format is not known",
            code="train.unknown-version",
            pointer="/qsac_train",
            found=kind(version),
            wanted='"qsac_train": 1',
        )
    if version > schema.VERSION:
        raise InvalidInputError(
            "the configuration is written in a newer format than this qsac knows",
            code="train.newer-version",
            pointer="/qsac_train",
            found=kind(version),
            wanted=f"version {schema.VERSION}",
            help="install a newer qsac",
        )
    return document


_OTHER_FILES = {
    "qsac": "a model",
    "qsac_artifact": "an artifact",
    "qsac_template": "a template",
    "qsac_target": "a target",
}


def _validated(fields: type[_F], given: object, contract: Contract, within: str) -> _F:
    try:
        return fields.model_validate(given)
    except ValidationError as error:
        raise refuse(error, contract, within) from None


def _model(given: object, folder: Path) -> tuple[Learns, BaseModel | None, Model | None]:
    """The family of what learns, and its sketch or its model file."""
    if isinstance(given, str):
        path = inside(given, folder, "/model", "model file")
        try:
            model = load_model(path)
        except QsacError as error:
            if error.source == str(path):
                error.source = str(folder / given)
            raise
        return learns(family(model.section), model.section, "/model"), None, model
    known = sections()
    if not isinstance(given, dict):
        raise InvalidInputError(
            "the model is neither a file nor a sketch",
            code="field.wrong-type",
            pointer="/model",
            found=kind(given),
            wanted="the path of a model file, or an object with the section of a family: " + " or ".join(known),
        )
    found = [section for section in known if section in given]
    if len(found) != 1:
        guess = next((near for name in given if (near := nearest(name, known))), None)
        raise InvalidInputError(
            "the model has the sections of several families" if found else "the model has no family's section",
            code="train.not-one-family",
            pointer="/model",
            found=kind(given),
            wanted="one of " + ", ".join(f'"{section}"' for section in known),
            help=f'did you mean "{guess}"?' if guess and not found else None,
        )
    chosen = learns(family(found[0]), found[0], f"/model/{found[0]}")
    return chosen, _validated(chosen.sketch, given, chosen.sketch_contract, "/model"), None


def _data(given: object) -> BaseModel:
    return _one_of([one.fields for one in kinds_of_data().values()], given, diagnosis.data(), "/data")


def _optimiser(given: object) -> OptimiserFields:
    found = [one.fields for one in kinds_of_optimisers().values()]
    return cast(OptimiserFields, _one_of(found, given, diagnosis.optimiser(), "/optimiser"))


def _one_of(classes: list[Any], given: object, contract: Contract, within: str) -> BaseModel:
    """An object of one of several classes, by its type."""
    union = classes[0]
    for one in classes[1:]:
        union = union | one
    adapter: TypeAdapter[BaseModel] = TypeAdapter(Annotated[union, Field(discriminator="type")])  # type: ignore[arg-type]
    try:
        return adapter.validate_python(given)
    except ValidationError as error:
        raise refuse(error, contract, within) from None


def _objective(given: object) -> schema.ObjectiveFields | None:
    if given is None:
        return None
    if isinstance(given, str):
        given = {"type": given}
    if isinstance(given, dict):
        return _validated(schema.ObjectiveFields, given, diagnosis.OBJECTIVE, "/objective")
    raise InvalidInputError(
        '"objective" is neither a metric nor an object',
        code="field.wrong-type",
        pointer="/objective",
        found=kind(given),
        wanted='a name such as "loss", or an object with a "type"',
    )


def _gradient(given: object) -> schema.GradientFields | None:
    if given == "exact" and isinstance(given, str):
        return None
    if isinstance(given, dict):
        contract = diagnosis.part("gradient", schema.GradientFields)
        return _validated(schema.GradientFields, given, contract, "/gradient")
    raise InvalidInputError(
        '"gradient" is neither "exact" nor an object',
        code="field.wrong-type",
        pointer="/gradient",
        found=kind(given),
        wanted='"exact", or an object with the "type" parameter-shift or spsa',
        help='did you mean "exact"?' if isinstance(given, str) and nearest(given, ["exact"]) else None,
    )


def _seeds(given: object) -> tuple[int, ...]:
    if not isinstance(given, list):
        number = _validated(schema.SeedNumber, {"seeds": given}, diagnosis.part("seeds", schema.SeedNumber), "")
        return tuple(range(number.seeds))
    seeds = _validated(schema.SeedList, {"seeds": given}, diagnosis.SEEDS, "").seeds
    twice = next((place for place, seed in enumerate(seeds) if seed in seeds[:place]), None)
    if twice is not None:
        raise InvalidInputError(
            "a seed is given twice",
            code="train.repeated-seed",
            pointer=f"/seeds/{twice}",
            found=kind(seeds[twice]),
            wanted="each seed once",
        )
    return tuple(seeds)


def _check_together(config: Config) -> None:
    """Whether the parts of a configuration go together."""
    fields, optimiser = config.fields, config.optimiser
    if optimiser.continuation >= fields.epochs:
        raise InvalidInputError(
            "no epoch is left after the continuation",
            code="train.no-epoch-left",
            pointer="/optimiser/continuation",
            found=f"{optimiser.continuation:,} of {fields.epochs:,} epochs",
            wanted="fewer than there are epochs",
        )
    if config.gradient is None:
        return
    if config.gradient.noise and config.gradient.shots is None:
        raise InvalidInputError(
            "noise is simulated by shots, and none are given",
            code="train.noise-without-shots",
            pointer="/gradient/noise",
            wanted='"shots" as well, for example "shots": 1000',
        )
    if config.objective is not None and config.objective.roll_out is not None:
        raise InvalidInputError(
            "predictions are not fed back by gradients from circuits",
            code="train.roll-out-needs-closed-form",
            pointer="/objective/roll_out",
            wanted='no roll_out, or "gradient": "exact"',
        )
    if optimiser.continuation:
        raise InvalidInputError(
            "there is no continuation by gradients from circuits",
            code="train.optimiser-needs-closed-form",
            pointer="/optimiser/continuation",
            wanted='0, or "gradient": "exact"',
        )


def _check_compared(names: list[str]) -> None:
    if not names:
        return
    from qsac.training.comparisons.making import kinds

    known = tuple(kinds())
    for place, name in enumerate(names):
        if name in known and name not in names[:place]:
            continue
        guess = nearest(name, known)
        raise InvalidInputError(
            "a model to compare with is named twice"
            if name in known
            else f"there is no {quoted(name)} to compare with",
            code="train.repeated-comparison" if name in known else "train.unknown-comparison",
            pointer=f"/compare/{place}",
            found=quoted(name),
            wanted=listed(known),
            help=f'did you mean "{guess}"?' if guess and guess != name else None,
        )


def _canonical(config: Config, given: Mapping[str, Any]) -> dict[str, Any]:
    """The document with every default of the configuration's own; the sketch of a model is as it was given."""
    fields = config.fields
    found: dict[str, Any] = {
        "qsac_train": schema.VERSION,
        "name": config.name,
        "model": given["model"],
        "data": _dumped(config.data_fields),
        "optimiser": _dumped(config.optimiser),
        "gradient": "exact" if config.gradient is None else _dumped(config.gradient),
        "epochs": fields.epochs,
        "batch": fields.batch,
        "seeds": list(config.seeds),
        "checkpoint": _dumped(fields.checkpoint),
        "precision": fields.precision,
        "compare": fields.compare,
    }
    if config.objective is not None:
        found["objective"] = _dumped(config.objective)
    if fields.validation is not None:
        found["validation"] = _dumped(fields.validation)
    return found


def _dumped(fields: BaseModel) -> dict[str, Any]:
    """Fields with their defaults, as JSON has them; without those that are absent."""
    return fields.model_dump(mode="json", exclude_none=True, warnings=False)


def _usable(name: str) -> str:
    """The stem of a file's name as a name, where it can be one."""
    short = name[:NAME_CHARACTERS]
    return short if short.isprintable() and short.strip() and not short.startswith(".") else DEFAULT_NAME


def _checked_name(name: str) -> str:
    if name.isprintable() and not set(name) & {"/", "\\"} and name.strip() and not name.startswith("."):
        return name
    raise InvalidInputError(
        "the name cannot name a folder",
        code="train.invalid-name",
        pointer="/name",
        found=quoted(name),
        wanted="printable characters without / and \\, not beginning with a dot",
        help="the folder of the run is called after it: NAME.train",
    )
