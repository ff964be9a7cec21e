"""From a plan's file, or the dictionary that it would hold, to a :class:`~qsac.sweeps.plan.Plan`."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from math import isfinite, prod
from pathlib import Path
from typing import Any, TypeAlias

from pydantic import ValidationError

from qsac.arguments import file_path, shown
from qsac.compiler.running import DEFAULT_TARGET as RUN_TARGET
from qsac.errors import DoesNotFitError, InvalidInputError, QsacError
from qsac.families.contract import Model
from qsac.files import strict_json
from qsac.files.diagnosis import refuse
from qsac.files.inside import inside
from qsac.files.limits import JSON_DEPTH, MODEL_FILE_BYTES, NAME_CHARACTERS
from qsac.files.pointer import describe, join, kind, nearest, quoted
from qsac.files.python_values import plain
from qsac.files.source import read_file
from qsac.machine.read import FILE_BYTES, is_path, parse_target
from qsac.machine.target import DEFAULT_TARGET
from qsac.sweeps import schema
from qsac.sweeps.models import BaseModel, check_place
from qsac.sweeps.plan import Axis, Listed, Plan, Tasks
from qsac.sweeps.tasks import target_of

DICT_SOURCE, TASK_SOURCE = "<dict>", "<tasks>"
DEFAULT_NAME = "sweep"
_TASK_FIELDS = ("action", "model", "target", "options")


Given: TypeAlias = str | os.PathLike[str] | Mapping[str, Any] | Sequence[Mapping[str, Any]] | Tasks
"""What :func:`read` takes."""


def read(plan: Given) -> Tasks:
    """The plan in a file or in the dictionary that the file would hold, or tasks that are given one by one; what has
    been read is returned as it is.

    Paths in a plan are relative to its file's folder, or to the working directory, and lie within it. Raises
    :class:`~qsac.errors.QsacError` with the place as a JSON pointer for whatever breaks the contract.
    """
    if isinstance(plan, Plan | Listed):
        return plan
    if isinstance(plan, str | os.PathLike):
        path = Path(file_path(plan, "plan"))
        data = read_file(path, MODEL_FILE_BYTES, "plan")
        return _located(str(path), lambda: _plan(strict_json.parse(data, str(path), "plan"), path.parent, path.stem))
    if isinstance(plan, Mapping):
        return _located(DICT_SOURCE, lambda: _plan(plain(dict(plan)), Path(), DEFAULT_NAME))
    if isinstance(plan, Sequence) and not isinstance(plan, bytes):
        return _located(TASK_SOURCE, lambda: _listed(plan))
    raise InvalidInputError(
        "the plan must be a path, a dictionary or a list of tasks",
        code="option.wrong-type",
        found=shown(plan),
        wanted="the path of a plan, the dictionary that it would hold, or a list of tasks",
    )


def _located(source: str, made: Callable[[], Tasks]) -> Tasks:
    try:
        return made()
    except QsacError as error:
        raise error.located(source) from None


def _plan(document: object, folder: Path, name: str) -> Plan:
    given = _check_version(document)
    _check_writable(given, None, "plan")
    try:
        fields = schema.PlanFile.model_validate(given)
    except ValidationError as error:
        raise refuse(error, schema.CONTRACT) from None
    _check_count(fields)
    options = fields.options.model_dump(exclude_none=True)
    _check_options(fields.action, options, "/options")
    base = BaseModel(*_model(given["model"], folder))
    axes = tuple(_axis(axis, place, fields.action, base.document) for place, axis in enumerate(fields.axes))
    _check_together(axes, options, fields)
    options.setdefault("target", RUN_TARGET if fields.action == "run" else DEFAULT_TARGET)
    targets = {}
    for value, pointer in _target_names(axes, options):
        targets[value] = _target(value, folder, pointer)
    return Plan(_name(fields.name, name), fields.action, axes, options, fields.repeat, base, targets, given)


_OTHER_FILES = {
    "qsac": "a model",
    "qsac_artifact": "an artifact",
    "qsac_template": "a template",
    "qsac_target": "a target",
    "qsac_train": "a training configuration",
}


def _check_version(document: object) -> dict[str, Any]:
    help = f"`{schema.SCHEMA}` prints the format"
    if not isinstance(document, dict):
        raise InvalidInputError(
            "the plan is not a JSON object",
            code="json.not-an-object",
            found=kind(document),
            wanted='an object that begins with {"qsac_sweep": 1',
            help=help,
        )
    if "qsac_sweep" not in document:
        what = next((name for key, name in _OTHER_FILES.items() if key in document), None)
        raise InvalidInputError(
            f"this is {what}, not a plan" if what else "the version of the plan's format is missing",
            code="sweep.other-document" if what else "sweep.no-version",
            wanted='"qsac_sweep": 1 among the fields of the plan',
            help=help,
        )
    version = document["qsac_sweep"]
    if type(version) is not int or version < 1:
        raise InvalidInputError(
            "the version of the plan's format is not known",
            code="sweep.unknown-version",
            pointer="/qsac_sweep",
            found=kind(version),
            wanted='"qsac_sweep": 1',
        )
    if version > schema.VERSION:
        raise InvalidInputError(
            "the plan is written in a newer format than this qsac knows",
            code="sweep.newer-version",
            pointer="/qsac_sweep",
            found=kind(version),
            wanted=f"version {schema.VERSION}",
            help="install a newer qsac",
        )
    return document


def _name(given: str | None, name: str) -> str:
    """What a sweep is called, which names a folder: as it is given, or like its file ``name`` where that can be."""
    if given is None:
        return name if _can_be_name(name) else DEFAULT_NAME
    if not _can_be_name(given):
        raise InvalidInputError(
            "the name of the plan cannot name a folder",
            code="sweep.invalid-name",
            pointer="/name",
            found=quoted(given),
            wanted="printable characters without / and \\, not beginning with a dot",
            help="the folder of results is called after it: NAME.sweep",
        )
    return given


def _can_be_name(name: str) -> bool:
    fits = bool(name.strip()) and len(name) <= NAME_CHARACTERS and name.isprintable()
    return fits and not set(name) & {"/", "\\"} and not name.startswith(".")


def _check_count(fields: schema.PlanFile) -> None:
    """How many tasks there are, before any of them is made."""
    for place, axis in enumerate(fields.axes):
        if not isinstance(axis.values, list) or not axis.values:
            raise InvalidInputError(
                "the values of an axis are not a list with at least one item",
                code="field.wrong-type",
                pointer=f"/axes/{place}/values",
                found=kind(axis.values),
                wanted='a list, for example "values": [4, 8]',
            )
    check_number(prod(len(axis.values) for axis in fields.axes) * fields.repeat)


def check_number(count: int) -> None:
    """Whether a sweep may have so many tasks. Raises :class:`~qsac.errors.DoesNotFitError`."""
    if count > schema.TASKS:
        raise DoesNotFitError(
            "the sweep has too many tasks",
            code="sweep.too-many-tasks",
            found=f"{count:,}" if count < 10**18 else "more than 10^18",
            wanted=f"at most {schema.TASKS:,}",
            help="make several plans of it",
        )


def _check_options(action: str, options: Mapping[str, Any], pointer: str) -> None:
    for name in options:
        if name not in schema.OPTIONS[action]:
            raise _not_an_option(name, action, f"{pointer}/{name}")


def _not_an_option(name: str, action: str, pointer: str) -> InvalidInputError:
    known = schema.OPTIONS[action]
    guess = nearest(name, known) if name not in schema.OptionFields.model_fields else None
    return InvalidInputError(
        f'the action "{action}" has no option {quoted(name)}',
        code="sweep.no-such-option",
        pointer=pointer,
        wanted="one of " + ", ".join(known) + ", or a place in the model, beginning with /",
        help=f'did you mean "{guess}"?' if guess else None,
    )


def _model(given: object, folder: Path) -> tuple[dict[str, Any], Path]:
    """The document of the model, and the folder that paths in it are relative to."""
    if isinstance(given, dict):
        return given, folder
    if not isinstance(given, str):
        raise InvalidInputError(
            "the model is neither a file nor an object",
            code="field.wrong-type",
            pointer="/model",
            found=kind(given),
            wanted="the path of a model file, or what it would hold",
        )
    path = inside(given, folder, "/model", "model file")
    document = strict_json.parse(read_file(path, MODEL_FILE_BYTES, "model file"), str(folder / given))
    if not isinstance(document, dict):
        raise InvalidInputError(
            "the model is not a JSON object",
            code="json.not-an-object",
            source=str(folder / given),
            found=kind(document),
            wanted='an object that begins with {"qsac": 1',
        )
    _check_writable(document, str(folder / given), "model file")
    return document, path.parent


def _check_writable(document: object, source: str | None, what: str) -> None:
    """Whether a document can be written into a task, and read again by workers."""
    for path, value in strict_json.walk(document):
        if len(path) > JSON_DEPTH:
            raise strict_json.too_deep(join("", *path), source, what)
        if isinstance(value, float) and not isfinite(value):
            raise InvalidInputError(
                f"a number in the {what} is too large",
                code="number.not-finite",
                source=source,
                pointer=join("", *path),
                wanted="a number that double precision holds (below 1.8e308)",
            )


def _axis(axis: schema.AxisFields, place: int, action: str, model: Mapping[str, Any]) -> Axis:
    pointer = f"/axes/{place}/field"
    values = tuple(axis.values)
    if axis.field.startswith("/"):
        path = tuple(part.replace("~1", "/").replace("~0", "~") for part in axis.field[1:].split("/"))
        check_place(model, path, pointer, axis.field)
        return Axis(axis.field, values, path)
    if axis.field not in schema.OPTIONS[action]:
        raise _not_an_option(axis.field, action, pointer)
    return Axis(axis.field, tuple(_option(axis.field, value, place, item) for item, value in enumerate(values)), None)


def _option(field: str, value: object, place: int, item: int) -> Any:
    try:
        return getattr(schema.OptionFields.model_validate({field: value}), field)
    except ValidationError as error:
        told = refuse(error, schema.CONTRACT)
        told.pointer = f"/axes/{place}/values/{item}"
        raise told from None


def _check_together(axes: Sequence[Axis], options: Mapping[str, Any], fields: schema.PlanFile) -> None:
    """Whether everything is said once."""
    for place, axis in enumerate(axes):
        others = [other for other in axes[:place] if _same_place(other, axis)]
        if others or axis.field in options:
            raise _twice(axis.field, f"/axes/{place}/field", "another axis" if others else '"options"')
    if fields.repeat > 1:
        if fields.action == "estimate":
            raise InvalidInputError(
                "an estimate is the same each time",
                code="sweep.no-such-option",
                pointer="/repeat",
                found=describe(fields.repeat),
                wanted='"repeat": 1',
            )
        if "seed" in options or any(axis.field == "seed" for axis in axes):
            raise _twice("seed", "/repeat", "the plan itself: each repetition takes a seed of its own")


def _same_place(one: Axis, other: Axis) -> bool:
    """Whether two axes set the same, or one sets a part of what the other sets."""
    if one.path is None or other.path is None:
        return one.field == other.field
    return all(a == b for a, b in zip(one.path, other.path, strict=False))


def _twice(field: str, pointer: str, by: str) -> InvalidInputError:
    return InvalidInputError(
        f"{quoted(field)} is set twice",
        code="sweep.set-twice",
        pointer=pointer,
        found=f"it is set by {by}",
        wanted="each setting once",
    )


def _target_names(axes: Sequence[Axis], options: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The names of targets in a plan, and where they stand."""
    yield str(options["target"]), "/options/target"
    for place, axis in enumerate(axes):
        if axis.field == "target":
            for item, name in enumerate(axis.values):
                yield str(name), f"/axes/{place}/values/{item}"


def _target(name: str, folder: Path, pointer: str) -> str | Mapping[str, Any]:
    """What a task says of a target: its name, or what its file holds."""
    try:
        if not is_path(name):
            target_of(name)
            return name
        data = read_file(inside(name, folder, pointer, "target file"), FILE_BYTES, "target file")
        parse_target(data, name)
    except QsacError as error:
        if error.source is None and not error.pointer:
            error.pointer = pointer
        raise
    described: Mapping[str, Any] = json.loads(data.decode("utf-8-sig"))
    return described


def _listed(given: Sequence[Any]) -> Listed:
    check_number(len(given))
    return Listed(DEFAULT_NAME, tuple(_given(task, place) for place, task in enumerate(given)))


def _given(task: object, place: int) -> dict[str, Any]:
    """A task that was given by itself."""
    if not isinstance(task, Mapping) or not {"action", "model"} <= set(task) <= set(_TASK_FIELDS):
        raise InvalidInputError(
            "a task is no object with the fields of a task",
            code="sweep.invalid-task",
            pointer=f"/{place}",
            found=shown(task) if not isinstance(task, Mapping) else describe(dict(task)),
            wanted='"action" and "model", and perhaps "target" and "options"',
        )
    model = task["model"]
    own: dict[str, Any] = {"qsac_sweep": 1, "action": task["action"], "options": task.get("options", {})}
    if "target" in task and isinstance(own["options"], Mapping):
        own["options"] = {**own["options"], "target": task["target"]}
    try:
        if isinstance(model, Model):
            document: object = model.canonical
        elif isinstance(model, Mapping):
            document = dict(model)
        else:
            path = Path(file_path(model, "model"))
            own["model"] = path.name
            return _plan(own, path.parent, DEFAULT_NAME).task(0)
        own["model"] = document
        return _plan(plain(own), Path(), DEFAULT_NAME).task(0)
    except QsacError as error:
        error.pointer = f"/{place}{error.pointer or ''}"
        raise
