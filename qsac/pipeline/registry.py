"""Where passes are found: the modules of ``passes/``, and entry points.

Nothing is listed by hand and nothing is imported until it is asked for. A pass lives in a module of
``qsac.passes.attention``, ``.synthesis`` or ``.circuit`` whose file name in kebab case is the pass's name. Another
package adds its own through the entry point group ``qsac.passes`` (name -> pass class). What is built in wins over an
entry point of the same name, with a warning. What another package breaks is reported where it is asked for by name, and
left out elsewhere (:mod:`qsac.plugins`).
"""

from __future__ import annotations

import dataclasses
import functools
import importlib
import re
import types
import typing
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Literal, cast

from qsac.errors import InvalidInputError
from qsac.pipeline.contract import CircuitPass, Pass
from qsac.pipeline.ordering import DEFAULT, LEVELS, Draft, ordered
from qsac.pipeline.ordering import AnyPass as AnyPass
from qsac.plugins import ShadowedEntryPointWarning as ShadowedEntryPointWarning
from qsac.plugins import (
    contained,
    is_foreign,
    listed,
    modules_of,
    offered,
    package_of,
    unknown,
)

ROUTING = "route"
"""The pass that targets with a coupling graph need, in every pipeline."""

PASS_PACKAGES = ("qsac.passes.attention", "qsac.passes.synthesis", "qsac.passes.circuit")


# Passes


def pass_names() -> tuple[str, ...]:
    """The names of all passes: those of qsac in the order of their levels, then those of other packages."""
    builtin = _pass_modules()
    return (*builtin, *listed("qsac.passes", builtin))


def pass_class(name: str) -> type[AnyPass]:
    """The class of the pass called ``name``. Raises :class:`~qsac.errors.InvalidInputError` for an unknown name,
    :class:`~qsac.errors.ExtensionError` for what another package offers and cannot be used."""
    builtin = _pass_modules()
    if name in builtin:
        return _only_pass_of(builtin[name], name)
    offer = offered("qsac.passes", name, builtin, "qsac passes", code="pass.unknown")
    from qsac.pipeline.promises import pass_wants

    found = offer.load()
    offer.check(found, pass_wants)
    return cast("type[AnyPass]", found)


def default_pipeline(optimisation: int) -> list[AnyPass]:
    """The passes of an optimisation level: by level, in the registry's order as far as ``after`` allows.

    Passes of other packages are never among them: what is installed does not change what a level does. Nor is routing,
    which is no matter of the level: a target that needs it has it (:func:`qsac.layout.choice.circuit_steps`).
    """
    kinds = [kind for kind in map(pass_class, _pass_modules()) if kind.name != ROUTING]
    asked = [kind() for kind in kinds if kind.optimisation <= optimisation]
    return [step for level in LEVELS for step in ordered([one for one in asked if one.level == level])]


@functools.lru_cache(maxsize=1)
def _pass_modules() -> dict[str, str]:
    """Pass name -> module. Modules with a leading underscore are no passes."""
    found: dict[str, str] = {}
    for package in PASS_PACKAGES:
        for module in modules_of(package):
            name = module.replace("_", "-")
            if name in found:
                raise TypeError(f"{package}.{module} and {found[name]} are both called {name!r}")
            found[name] = f"{package}.{module}"
    return found


def _only_pass_of(module_name: str, name: str) -> type[AnyPass]:
    module = importlib.import_module(module_name)
    classes = [
        value
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, (Pass, CircuitPass)) and value.__module__ == module.__name__
    ]
    if len(classes) != 1 or classes[0].name != name:
        raise TypeError(f"{module_name} must define exactly one pass, called {name!r}")
    return classes[0]


# Pipelines as text: name{option=value,option=value},name,... or default,-name,+name{option=value},...

_SIGN = re.compile(r"\s*([+-]?)")
_NAME = re.compile(r"\s*([A-Za-z0-9][A-Za-z0-9_.-]*)\s*")
_OPTION = re.compile(r'\s*([A-Za-z_][A-Za-z0-9_-]*)\s*=\s*("(?:[^"\\]|\\.)*"|[^\s,{}"=]+)\s*')
_BARE = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
_NOT_WORDS = ("none", "true", "false", "nan", "inf", "infinity")


def parse_pipeline(text: str, default: Callable[[], Sequence[AnyPass]] | None = None) -> list[AnyPass]:
    """The passes written in ``text``, such as ``"fold-unitaries,merge-rotations{window=64}"``, from left to right:
    ``name`` is added at the end, ``+name`` where its level and ``after`` want it, ``-name`` is left out, and
    ``default`` stands for the passes that ``default`` returns.

    Options are the fields of the pass: true, false, none, numbers, words or ``"quoted text"``. Empty text is the empty
    pipeline. Unknown names and options, wrong values, edits of what is not there, and an order that breaks a pass's
    ``after`` raise :class:`InvalidInputError`.
    """
    draft = Draft()
    position = 0
    while text.strip():
        (sign, name), options, position = _read_entry(text, position)
        if name == DEFAULT and not sign:
            draft.append(*_default(draft, text, default))
        elif sign == "-":
            if name not in draft.names and name not in pass_names():
                raise unknown(
                    "pass",
                    name,
                    pass_names(),
                    "qsac passes",
                    code="pass.unknown",
                )
            draft.leave_out(name)
        elif sign == "+":
            draft.add(_made(pass_class(name), options))
        else:
            draft.append(_made(pass_class(name), options))
        if position == len(text):
            break
        if text[position] != ",":
            raise _syntax(text, position, "a comma, or options in braces")
        position += 1
    return draft.pipeline(tuple(_pass_modules()))


def _read_entry(text: str, position: int) -> tuple[tuple[str, str], dict[str, Any], int]:
    """Sign, name and options of an entry of a pipeline, and the position after it."""
    sign, position = _expect(_SIGN, text, position, "a pass name")
    name, position = _expect(_NAME, text, position, "a pass name")
    options: dict[str, Any] = {}
    if text[position : position + 1] == "{":
        if sign[1] == "-" or (name[1] == DEFAULT and not sign[1]):
            raise _syntax(text, position, f"no options of {sign[1]}{name[1]}")
        position = _read_options(text, position + 1, pass_class(name[1]), options)
    return (sign[1], name[1]), options, position


def _default(draft: Draft, text: str, default: Callable[[], Sequence[AnyPass]] | None) -> Sequence[AnyPass]:
    wanted = "default first, and what is changed behind it" if draft.names else "passes by their names"
    if default is None or draft.names:
        raise InvalidInputError(
            "the word default has no meaning here",
            code="pipeline.no-default",
            found=text,
            wanted=wanted,
        )
    return default()


def print_pipeline(passes: Iterable[AnyPass]) -> str:
    """The text that :func:`parse_pipeline` reads back to equal passes; options at their defaults are left out."""
    return ",".join(_printed(step) for step in passes)


def _expect(pattern: re.Pattern[str], text: str, position: int, wanted: str) -> tuple[re.Match[str], int]:
    match = pattern.match(text, position)
    if match is None:
        raise _syntax(text, position, wanted)
    return match, match.end()


def _read_options(text: str, position: int, cls: type[AnyPass], options: dict[str, Any]) -> int:
    """Reads ``key=value,...}`` from ``position`` into ``options``; the position after the brace and blanks."""
    types_of = _option_types(cls)
    while text[position : position + 1] != "}":
        match, position = _expect(_OPTION, text, position, "an option as key=value")
        key = match[1].replace("-", "_")
        if key not in types_of:
            raise unknown(
                f"option of {cls.name}",
                match[1],
                tuple(types_of),
                "qsac passes",
                code="pass.unknown-option",
            )
        if key in options:
            raise _syntax(text, match.start(1), f"the option {key} once")
        options[key] = _value(match[2], types_of[key], f"{cls.name}{{{match[1]}}}")
        if text[position : position + 1] == ",":
            position += 1
        elif text[position : position + 1] != "}":
            raise _syntax(text, position, "a comma or a closing brace")
    position += 1
    while text[position : position + 1].isspace():
        position += 1
    return position


def _option_types(cls: type[AnyPass]) -> dict[str, Any]:
    if is_foreign(cls):
        with contained(f"the options of the pass {cls.name!r} cannot be read", package_of(cls)):
            return _fields_with_types(cls)
    return _fields_with_types(cls)


def _fields_with_types(cls: type[AnyPass]) -> dict[str, Any]:
    hints = typing.get_type_hints(cls)
    return {field.name: hints[field.name] for field in dataclasses.fields(cls) if field.init}


def _made(cls: type[AnyPass], options: dict[str, Any]) -> AnyPass:
    if is_foreign(cls):
        return _made_by_another_package(cls, options)
    try:
        return cls(**options)
    except (TypeError, ValueError) as error:
        raise InvalidInputError(
            f"the options of the pass {cls.name} do not fit",
            code="pass.invalid-options",
            found=str(error),
        ) from error


def _made_by_another_package(cls: type[AnyPass], options: dict[str, Any]) -> AnyPass:
    """As for a pass of qsac's: a TypeError or ValueError speaks of options, if there are any."""
    package = package_of(cls)
    with contained(f"the pass {cls.name!r} of {package} cannot be made", package, diagnoses=True):
        try:
            return cls(**options)
        except (TypeError, ValueError) as error:
            if not options:
                raise
            raise InvalidInputError(
                f"the options of the pass {cls.name} of {package} do not fit",
                code="pass.invalid-options",
                found=str(error),
            ) from error


def _value(word: str, wanted: Any, place: str) -> Any:
    """What ``word`` stands for as a ``wanted``: bool, int, float, str, None, a Literal or a union of these."""
    for choice in sorted(_choices(wanted), key=lambda choice: choice is str):  # any word is a str: try that last
        try:
            return _as(word, choice)
        except ValueError:
            continue
    words = {bool: "true or false", int: "a whole number", float: "a number", str: "a text", types.NoneType: "none"}
    wanted_text = " or ".join(dict.fromkeys(words.get(choice, str(choice)) for choice in _choices(wanted)))
    raise InvalidInputError(
        "a pass option has the wrong type",
        code="pass.option-wrong-type",
        pointer=place,
        found=word,
        wanted=wanted_text,
    )


def _choices(wanted: Any) -> list[Any]:
    """The types and literal values that a field's annotation allows."""
    if typing.get_origin(wanted) is Literal:
        return list(typing.get_args(wanted))
    if typing.get_origin(wanted) in (typing.Union, types.UnionType):
        return [choice for part in typing.get_args(wanted) for choice in _choices(part)]
    return [wanted]


def _as(word: str, choice: Any) -> Any:
    quoted = word.startswith('"')
    if choice is str:
        return re.sub(r"\\(.)", r"\1", word[1:-1]) if quoted else word
    if not isinstance(choice, type):
        if word == _word(choice):
            return choice
    elif not quoted:
        if choice is bool and word in ("true", "false"):
            return word == "true"
        if choice is types.NoneType and word == "none":
            return None
        if choice is int:
            return int(word)
        if choice is float:
            return float(word)
    raise ValueError(word)


def _printed(step: AnyPass) -> str:
    options = []
    for field in dataclasses.fields(step):
        value = getattr(step, field.name)
        if field.init and not (field.default is not dataclasses.MISSING and value == field.default):
            options.append(f"{field.name}={_word(value)}")
    return f"{step.name}{{{','.join(options)}}}" if options else step.name


def _word(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, str):
        plain = _BARE.fullmatch(value) and value.lower() not in _NOT_WORDS
        return value if plain else '"' + re.sub(r'(["\\])', r"\\\1", value) + '"'
    raise TypeError(f"a pass option cannot be a {type(value).__name__}")


def _syntax(text: str, position: int, wanted: str) -> InvalidInputError:
    found = repr(text[position : position + 20]) if position < len(text) else "the end"
    return InvalidInputError(
        "the pipeline cannot be read",
        code="pipeline.syntax",
        pointer=f"character {position}",
        found=found,
        wanted=wanted,
    )


# Targets
