"""Turning pydantic's complaints into the project's own diagnostics: one mistake, its place, what to do about it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from pydantic import BaseModel, ValidationError

from qsac.errors import InvalidInputError
from qsac.files.pointer import counted, describe, join, kind, listed, nearest, number_help, quoted

Location = tuple[str | int, ...]


@dataclass(frozen=True)
class Contract:
    """A file format as its diagnostics know it.

    ``whole`` is what the document is called; ``classes`` the class of each object by its place, where a choice of
    several is followed by its tag; ``examples`` shows for fields how they are written; ``schema`` prints the format.
    ``excluded`` says of fields and choices that are left out on purpose what to do instead.
    """

    whole: str
    classes: Mapping[Location, type[BaseModel]]
    examples: Mapping[str, str]
    schema: str
    excluded: Mapping[str, str] = field(default_factory=dict)

    def is_tagged(self, place: Location) -> bool:
        """Whether the last part of an object's place is the tag of a choice, and no field."""
        return place in self.classes and place != () and place[:-1] not in self.classes


_WORDS = {
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "finite_number": "a finite number",
    "string_type": "a text in double quotes",
    "list_type": "a list",
    "bool_type": "true or false",
}


def refuse(error: ValidationError, contract: Contract, within: str = "") -> InvalidInputError:
    """The most telling mistake of a failed validation. ``within`` is the pointer of the part that was validated."""
    complaints = error.errors(include_url=False)
    for complaint in complaints:
        if complaint["type"] == "extra_forbidden" and _suggestion(complaint["loc"], contract):
            return _translate(complaint, within, contract)
    return _translate(complaints[0], within, contract)


def _translate(complaint: Any, within: str, contract: Contract) -> InvalidInputError:
    location: Location = complaint["loc"]
    problem: str = complaint["type"]
    context: dict[str, Any] = complaint.get("ctx", {})
    found = complaint["input"]
    pointer = join(within, *_without_tags(location, contract))
    if problem == "extra_forbidden":
        return _unknown_field(location, pointer, contract)
    if problem == "missing":
        return _missing(str(location[-1]), pointer.rpartition("/")[0], found, contract)
    if problem == "union_tag_not_found":
        return _missing("type", pointer, found, contract, choices=_expected_tags(location, contract))
    if problem == "union_tag_invalid":
        return _unknown_choice(
            f"{pointer}/type", found["type"], re.findall(r"'([^']*)'", context["expected_tags"]), contract
        )
    if problem == "literal_error":
        choices = re.findall(r"'([^']*)'", context["expected"]) or [context["expected"]]
        return _unknown_choice(pointer, found, choices, contract)
    if problem == "too_many_fields":
        return InvalidInputError(
            f"{_subject(pointer, contract)} has too many fields",
            code="field.too-many",
            pointer=pointer,
            found=counted(len(found), "field"),
            wanted=f"see `{contract.schema}`",
        )
    if problem in ("model_type", "model_attributes_type", "dict_type"):
        example = contract.examples.get(_name(pointer))
        return InvalidInputError(
            f"{_subject(pointer, contract)} is not an object",
            code="field.wrong-type",
            pointer=pointer,
            found=kind(found),
            wanted="an object with fields, in braces",
            help=f"for example {example}" if example else None,
        )
    return _wrong_value(problem, context, found, pointer, contract)


def _without_tags(location: Location, contract: Contract) -> Location:
    ends = range(1, len(location) + 1)
    return tuple(
        location[end - 1]
        for end in ends
        if not (isinstance(location[end - 1], str) and contract.is_tagged(_named(location[:end])))
    )


def _named(location: Location) -> Location:
    """A place without the numbers of items in lists, as a contract knows it."""
    return tuple(part for part in location if isinstance(part, str))


def _fields(location: Location, contract: Contract) -> list[str]:
    owner = contract.classes.get(_named(location[:-1]))
    return [field.alias or name for name, field in owner.model_fields.items()] if owner else []


def _suggestion(location: Location, contract: Contract) -> str | None:
    return nearest(str(location[-1]), _fields(location, contract))


def _expected_tags(location: Location, contract: Contract) -> list[str]:
    place = _named(location)
    return [str(key[-1]) for key in contract.classes if len(key) == len(place) + 1 and key[:-1] == place]


def _name(pointer: str) -> str:
    """The innermost field's name on the way to a place."""
    return next((part for part in reversed(pointer.split("/")) if part and not part.isdigit()), "")


def _subject(pointer: str, contract: Contract) -> str:
    """What a diagnostic calls the place: a field, an item of a list, or the document itself."""
    name, last = _name(pointer), pointer.rpartition("/")[2]
    if not name:
        return contract.whole
    return f'an item of "{name}"' if last.isdigit() else f'"{name}"'


def _owner(location: Location, contract: Contract) -> str:
    names = [part for part in location if isinstance(part, str)]
    if not names:
        return contract.whole
    if names[0] == "coupling" and len(names) > 1:
        return f"{names[1]} coupling"
    if names[0] == "readout" and len(names) > 1:
        return f"the readout {names[1]}"
    if names[0] == "tokens" and len(names) > 1:
        return f"{names[1]} tokens" if len(names) == 2 else f"an item of {names[2]}"
    if len(names) > 2 and contract.is_tagged(tuple(names)):
        noun = {"value": "value unitary", "score": "score unitary"}.get(names[-2], names[-2].replace("_", "-"))
        return f"the {names[-1]} {noun}"
    return f'"{names[-1]}"' if isinstance(location[-1], str) else f'an item of "{names[-1]}"'


def _unknown_field(location: Location, pointer: str, contract: Contract) -> InvalidInputError:
    known = _fields(location, contract)
    name = str(location[-1])
    guess = _suggestion(location, contract)
    homes = (place for place in contract.classes if len(place) < 2 and not contract.is_tagged(place))
    home = next((place for place in homes if name in contract.classes[place].model_fields), None)
    owner = _owner(location[:-1], contract)
    return InvalidInputError(
        f"unknown field {quoted(name)} in {owner}",
        code="field.unknown",
        pointer=pointer,
        wanted=f"only the fields {listed(known)}" if len(known) > 1 else f"only the field {listed(known)}",
        help=_unknown_field_help(name, guess, home, contract),
    )


def _unknown_field_help(name: str, guess: str | None, home: Location | None, contract: Contract) -> str:
    if name in contract.excluded:
        return contract.excluded[name]
    if home is None and guess:
        return f'did you mean "{guess}"?'
    if home is not None:
        return f'move "{name}" ' + (f'into "{home[0]}"' if home else f"out, to {contract.whole} itself")
    return "remove it: qsac refuses what it would have to ignore"


def missing(name: str, pointer: str, found: object, contract: Contract) -> InvalidInputError:
    """A field is missing in the object at ``pointer``, which is needed because of what else is there."""
    return _missing(name, pointer, found, contract)


def _missing(
    name: str, pointer: str, found: object, contract: Contract, choices: list[str] | None = None
) -> InvalidInputError:
    if choices:
        return InvalidInputError(
            f'the field "type" is missing in {_subject(pointer, contract)}',
            code="field.missing",
            pointer=pointer,
            found=describe(found),
            wanted='"type": ' + _alternatives(choices),
        )
    return InvalidInputError(
        f'the field "{name}" is missing in {_subject(pointer, contract)}',
        code="field.missing",
        pointer=pointer,
        found=describe(found),
        help=f"add it, for example {contract.examples[name]}" if name in contract.examples else "add it",
    )


def _alternatives(choices: list[str]) -> str:
    texts = [f'"{choice}"' for choice in choices]
    return texts[0] if len(texts) == 1 else ", ".join(texts[:-1]) + " or " + texts[-1]


def _unknown_choice(pointer: str, found: object, choices: list[str], contract: Contract) -> InvalidInputError:
    guess = nearest(found, choices) if isinstance(found, str) and len(choices) > 1 else None
    name = _subject(pointer, contract)
    if name == '"type"':
        name = f'the type of "{_name(pointer.rpartition("/")[0])}"'
    return InvalidInputError(
        f"{name} cannot be {describe(found)}",
        code="field.unknown-choice",
        pointer=pointer,
        wanted=_alternatives(choices),
        help=contract.excluded.get(str(found)) or (f'did you mean "{guess}"?' if guess and guess != found else None),
    )


def _wrong_value(
    problem: str, context: dict[str, Any], found: object, pointer: str, contract: Contract
) -> InvalidInputError:
    subject = _subject(pointer, contract)
    help: str | None = None
    shown = kind(found)
    if problem in ("int_type", "float_type") and type(found) is int:
        code = "number.not-finite"
        title, wanted = f"{subject} is too large", "a number that double precision holds (below 1.8e308)"
    elif problem in _WORDS:
        code = "number.not-finite" if problem == "finite_number" else "field.wrong-type"
        title, wanted = f"{subject} is not {_WORDS[problem]}", _WORDS[problem]
        help = _number_help(problem, found)
    elif problem in _LIMITS:
        limit = _LIMITS[problem]
        code = "field.wrong-length" if limit.noun else "field.out-of-range"
        title, wanted = f"{subject} is {limit.complaint}", limit.wanted(context)
        if limit.complaint == "too short" and not found:
            title = f"{subject} is empty"
        elif problem == "string_too_long":
            shown = counted(len(found) if isinstance(found, str) else 0, "character")
    else:
        code = "field.invalid"
        title, wanted = f"{subject} is not what the contract asks for", f"see `{contract.schema}`"
    if help is None and "type" in problem:
        help = _example(pointer, contract)
    return InvalidInputError(title, code=code, pointer=pointer, found=shown, wanted=wanted, help=help)


class _Limit(NamedTuple):
    """What is wrong with a value beyond a limit, and how the limit is said: ``text`` with the value of ``field`` of
    pydantic's context, which counts a ``noun`` or is a number."""

    complaint: str
    text: str
    field: str
    noun: str = ""

    def wanted(self, context: dict[str, Any]) -> str:
        value = context[self.field]
        return self.text.format(counted(value, self.noun) if self.noun else _number(value))


_LIMITS = {
    "greater_than_equal": _Limit("too small", "{} or more", "ge"),
    "greater_than": _Limit("too small", "more than {}", "gt"),
    "less_than_equal": _Limit("too large", "at most {}", "le"),
    "less_than": _Limit("too large", "less than {}", "lt"),
    "too_short": _Limit("too short", "at least {}", "min_length", "item"),
    "string_too_short": _Limit("too short", "at least {}", "min_length", "character"),
    "too_long": _Limit("too long", "at most {}", "max_length", "item"),
    "string_too_long": _Limit("too long", "at most {}", "max_length", "character"),
}


def _number_help(problem: str, found: object) -> str | None:
    """What may have been meant by what is no number, or not the one that is wanted."""
    if problem == "int_type" and isinstance(found, float) and found.is_integer():
        return f"write it without a decimal point: {int(found)}"
    if problem in ("int_type", "float_type") and isinstance(found, str):
        return number_help(found)
    if problem == "float_type" and isinstance(found, list) and len(found) == 2:
        return "only real numbers are meant here, not [re, im] pairs"
    return None


def _example(pointer: str, contract: Contract) -> str | None:
    name = _name(pointer)
    return (
        f"for example {contract.examples[name]}"
        if name in contract.examples and not pointer.rpartition("/")[2].isdigit()
        else None
    )


def _number(value: float) -> str:
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:g}"
