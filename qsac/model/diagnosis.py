"""Turning pydantic's complaints into the project's own diagnostics: one mistake, its place, what to do about it."""

from __future__ import annotations

import re
from typing import Any

from pydantic import BaseModel, ValidationError

from qsac.errors import InvalidInputError
from qsac.model import schema
from qsac.model.pointer import counted, describe, join, kind, listed, nearest, number_help, quoted

_Location = tuple[str | int, ...]

_CLASSES: dict[_Location, type[BaseModel]] = {
    (): schema.ModelFile,
    ("attention",): schema.Attention,
    ("readout",): schema.Readout,
    ("tokens", "inline"): schema.InlineTokens,
    ("tokens", "file"): schema.FileTokens,
    ("tokens", "tfim"): schema.TfimTokens,
    ("tokens", "hamiltonian"): schema.HamiltonianTokens,
    ("tokens", "hamiltonian", "terms"): schema.PauliTerm,
    ("tokens", "text"): schema.TextTokens,
    ("attention", "kernel", "monomial"): schema.MonomialKernel,
    ("attention", "kernel", "polynomial"): schema.PolynomialKernel,
    ("attention", "kernel", "softmax-taylor"): schema.SoftmaxTaylorKernel,
}
for _side in ("value", "score"):
    _CLASSES["attention", _side, "identity"] = schema.IdentityUnitary
    _CLASSES["attention", _side, "hardware-efficient"] = schema.HardwareEfficientUnitary
    _CLASSES["attention", _side, "matrix"] = schema.MatrixUnitary

_EXAMPLES = {
    "tokens": '"tokens": {"type": "inline", "values": [[1, 0], [0, 1]]}',
    "attention": '"attention": {"type": "overlap", "kernel": ..., "value": ..., "score": ...}',
    "kernel": '"kernel": {"type": "monomial", "degree": 1}',
    "value": '"value": {"type": "identity"}',
    "score": '"score": {"type": "identity"}',
    "readout": '"readout": {"type": "loss"}',
    "values": '"values": [[1, 0], [0, 1]]',
    "path": '"path": "tokens.npy"',
    "sites": '"sites": 4',
    "context": '"context": 8',
    "dt": '"dt": 0.35',
    "coupling": '"coupling": 1.0',
    "field": '"field": 0.8',
    "initial": '"initial": "haar"',
    "seed": '"seed": 0',
    "terms": '"terms": [{"paulis": "ZZ", "coefficient": -1.0}, {"paulis": "XI", "coefficient": -0.8}]',
    "paulis": '"paulis": "ZZ"',
    "coefficient": '"coefficient": -1.0',
    "degree": '"degree": 1',
    "coefficients": '"coefficients": [1, 1, 0.5]',
    "layers": '"layers": 2',
    "parameters": '"parameters": {"init": "normal", "scale": 1.0, "seed": 0}',
    "entries": '"entries": [[[1, 0], [0, 0]], [[0, 0], [1, 0]]]',
    "init": '"init": "normal"',
    "type": '"type": "..."',
}

_WORDS = {
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "finite_number": "a finite number",
    "string_type": "a text in double quotes",
    "list_type": "a list",
    "bool_type": "true or false",
}


def refuse(error: ValidationError, within: str = "") -> InvalidInputError:
    """The most telling mistake of a failed validation. ``within`` is the pointer of the part that was validated."""
    complaints = error.errors(include_url=False)
    for complaint in complaints:
        if complaint["type"] == "extra_forbidden" and _suggestion(complaint["loc"], within):
            return _translate(complaint, within)
    return _translate(complaints[0], within)


def _translate(complaint: Any, within: str) -> InvalidInputError:
    location: _Location = complaint["loc"]
    code: str = complaint["type"]
    context: dict[str, Any] = complaint.get("ctx", {})
    found = complaint["input"]
    pointer = join(within, *_without_tags(location))
    if code == "extra_forbidden":
        return _unknown_field(location, pointer, within)
    if code == "missing":
        return _missing(str(location[-1]), pointer.rpartition("/")[0], found)
    if code == "union_tag_not_found":
        return _missing("type", pointer, found, choices=_expected_tags(location))
    if code == "union_tag_invalid":
        return _unknown_choice(f"{pointer}/type", found["type"], re.findall(r"'([^']*)'", context["expected_tags"]))
    if code == "literal_error":
        return _unknown_choice(pointer, found, re.findall(r"'([^']*)'", context["expected"]))
    if code in ("model_type", "model_attributes_type", "dict_type"):
        example = _EXAMPLES.get(_name(pointer))
        return InvalidInputError(
            f"{_subject(pointer)} is not an object",
            pointer=pointer,
            found=kind(found),
            wanted="an object with fields, in braces",
            help=f"for example {example}" if example else None,
        )
    return _wrong_value(code, context, found, pointer)


def _without_tags(location: _Location) -> _Location:
    for length in (2, 3):
        if location[:length] in _CLASSES and length == (2 if location[0] == "tokens" else 3):
            return location[: length - 1] + location[length:]
    return location


def _fields(location: _Location, within: str) -> list[str]:
    place = tuple(part for part in location[:-1] if isinstance(part, str))
    owner = schema.NormalParameters if within else _CLASSES.get(place)
    return list(owner.model_fields) if owner else []


def _suggestion(location: _Location, within: str) -> str | None:
    return nearest(str(location[-1]), _fields(location, within))


def _expected_tags(location: _Location) -> list[str]:
    return [str(key[-1]) for key in _CLASSES if len(key) == len(location) + 1 and key[:-1] == location]


def _name(pointer: str) -> str:
    """The innermost field's name on the way to a place."""
    return next((part for part in reversed(pointer.split("/")) if part and not part.isdigit()), "")


def _subject(pointer: str) -> str:
    """What a diagnostic calls the place: a field, an item of a list, or the model itself."""
    name, last = _name(pointer), pointer.rpartition("/")[2]
    if not name:
        return "the model"
    return f'an item of "{name}"' if last.isdigit() else f'"{name}"'


def _owner(location: _Location) -> str:
    names = [part for part in location if isinstance(part, str)]
    if not names:
        return "the model"
    if names[0] == "tokens" and len(names) > 1:
        return f"{names[1]} tokens" if len(names) == 2 else f"an item of {names[2]}"
    if len(names) > 2:
        noun = {"kernel": "kernel", "value": "value unitary", "score": "score unitary"}[names[1]]
        return f"the {names[2]} {noun}"
    return f'"{names[-1]}"'


def _unknown_field(location: _Location, pointer: str, within: str) -> InvalidInputError:
    known = _fields(location, within)
    name = str(location[-1])
    guess = _suggestion(location, within)
    home = next((place for place in ((), ("attention",)) if name in _CLASSES[place].model_fields), None)
    owner = '"parameters"' if within else _owner(location[:-1])
    return InvalidInputError(
        f"unknown field {quoted(name)} in {owner}",
        pointer=pointer,
        wanted=f"only the fields {listed(known)}" if len(known) > 1 else f"only the field {listed(known)}",
        help=_unknown_field_help(name, guess, home),
    )


def _unknown_field_help(name: str, guess: str | None, home: _Location | None) -> str:
    if guess:
        return f'did you mean "{guess}"?'
    if home is not None:
        return f'move "{name}" ' + ('into "attention"' if home else "out, to the model itself")
    return "remove it: qsac refuses what it would have to ignore"


def _missing(name: str, pointer: str, found: object, choices: list[str] | None = None) -> InvalidInputError:
    if choices:
        return InvalidInputError(
            f'the field "type" is missing in {_subject(pointer)}',
            pointer=pointer,
            found=describe(found),
            wanted='"type": ' + _alternatives(choices),
        )
    return InvalidInputError(
        f'the field "{name}" is missing in {_subject(pointer)}',
        pointer=pointer,
        found=describe(found),
        help=f"add it, for example {_EXAMPLES[name]}" if name in _EXAMPLES else "add it",
    )


def _alternatives(choices: list[str]) -> str:
    texts = [f'"{choice}"' for choice in choices]
    return texts[0] if len(texts) == 1 else ", ".join(texts[:-1]) + " or " + texts[-1]


def _unknown_choice(pointer: str, found: object, choices: list[str]) -> InvalidInputError:
    guess = nearest(found, choices) if isinstance(found, str) and len(choices) > 1 else None
    name = _subject(pointer)
    if name == '"type"':
        name = f'the type of "{_name(pointer.rpartition("/")[0])}"'
    return InvalidInputError(
        f"{name} cannot be {describe(found)}",
        pointer=pointer,
        wanted=_alternatives(choices),
        help=f'did you mean "{guess}"?' if guess and guess != found else None,
    )


def _wrong_value(code: str, context: dict[str, Any], found: object, pointer: str) -> InvalidInputError:
    subject = _subject(pointer)
    help: str | None = None
    if code in _WORDS:
        title, wanted = f"{subject} is not {_WORDS[code]}", _WORDS[code]
        if code == "int_type" and isinstance(found, float) and found.is_integer():
            help = f"write it without a decimal point: {int(found)}"
        elif code in ("int_type", "float_type") and isinstance(found, str):
            help = number_help(found)
        elif code == "float_type" and isinstance(found, list) and len(found) == 2:
            help = "only real numbers are meant here, not [re, im] pairs"
        elif code in ("int_type", "float_type") and isinstance(found, int) and not isinstance(found, bool):
            title, wanted = f"{subject} is too large", "a number that double precision holds (below 1.8e308)"
    elif code == "greater_than_equal":
        title, wanted = f"{subject} is too small", f"{_number(context['ge'])} or more"
    elif code == "greater_than":
        title, wanted = f"{subject} is too small", f"more than {_number(context['gt'])}"
    elif code == "less_than_equal":
        title, wanted = f"{subject} is too large", f"at most {_number(context['le'])}"
    elif code in ("too_short", "string_too_short"):
        noun = "character" if code.startswith("string") else "item"
        title, wanted = f"{subject} is empty", f"at least {counted(context.get('min_length', 1), noun)}"
    elif code == "string_too_long":
        length = len(found) if isinstance(found, str) else 0
        title, wanted = f"{subject} is too long", f"at most {counted(context['max_length'], 'character')}"
        return InvalidInputError(title, pointer=pointer, found=counted(length, "character"), wanted=wanted)
    else:
        title, wanted = f"{subject} is not what the contract asks for", "see `qsac schema`"
    if help is None and "type" in code and _name(pointer) in _EXAMPLES and not pointer.rpartition("/")[2].isdigit():
        help = f"for example {_EXAMPLES[_name(pointer)]}"
    return InvalidInputError(title, pointer=pointer, found=kind(found), wanted=wanted, help=help)


def _number(value: float) -> str:
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:g}"
