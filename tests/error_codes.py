"""The places in the sources that make errors, with their codes: read as text, so that none needs to be reached."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from qsac import errors

ROOT = Path(__file__).parent.parent
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Made:
    """A call that makes an error: where, the exit code of its class, and the codes that it can have.

    ``codes`` is None where they are not written in the sources. It is empty where the code is passed on: that of
    another error, or what the caller of a function gives.
    """

    place: str
    exit_code: int
    codes: tuple[str, ...] | None


@cache
def made() -> tuple[Made, ...]:
    """All errors that qsac, its passes and its targets make."""
    files = sorted(file for folder in ("qsac", "passes", "targets") for file in (ROOT / folder).rglob("*.py"))
    return made_in({file.relative_to(ROOT).as_posix(): ast.parse(file.read_text("utf-8")) for file in files})


def made_in(sources: dict[str, ast.Module]) -> tuple[Made, ...]:
    """The errors that these sources make."""
    makers = _classes(sources)
    calls = [(name, call, within) for name, tree in sources.items() for call, within in _calls(tree, None)]
    while True:  # a function that passes its `code` on makes errors too, and so do those that call it so
        more = {
            within.name: makers[_called(call)]
            for _, call, within in calls
            if within is not None and _called(call) in makers and _passes_on(_code(call), within)
        }
        if more.keys() <= makers.keys():
            break
        makers |= more
    return tuple(
        Made(f"{name}:{call.lineno}", makers[_called(call)], _codes(_code(call), within))
        for name, call, within in calls
        if _called(call) in makers
    )


def general_codes() -> dict[str, int]:
    """The codes of errors that are made without one, with the exit codes of their classes."""
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.QsacError)]
    return {kind.general_code: kind.exit_code for kind in kinds}


def _classes(sources: dict[str, ast.Module]) -> dict[str, int]:
    """The classes of errors with their exit codes; those outside of qsac.errors have that of their base."""
    found = {
        name: kind.exit_code
        for name, kind in vars(errors).items()
        if isinstance(kind, type) and issubclass(kind, errors.QsacError)
    }
    for tree in sources.values():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                known = [base.id for base in node.bases if isinstance(base, ast.Name) and base.id in found]
                if known:
                    found.setdefault(node.name, found[known[0]])
    return found


def _calls(node: ast.AST, within: Function | None) -> Iterator[tuple[ast.Call, Function | None]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Call):
            yield child, within
        yield from _calls(child, child if isinstance(child, Function) else within)


def _called(call: ast.Call) -> str:
    if isinstance(call.func, ast.Name):
        return call.func.id
    return call.func.attr if isinstance(call.func, ast.Attribute) else ""


def _code(call: ast.Call) -> ast.expr | None:
    return next((keyword.value for keyword in call.keywords if keyword.arg == "code"), None)


def _passes_on(code: ast.expr | None, within: Function) -> bool:
    parameters = {argument.arg for argument in (*within.args.args, *within.args.kwonlyargs)}
    return isinstance(code, ast.Name) and code.id == "code" and "code" in parameters and within.name != "__init__"


def _codes(code: ast.expr | None, within: Function | None) -> tuple[str, ...] | None:
    if isinstance(code, ast.Constant) and isinstance(code.value, str):
        return (code.value,)
    if isinstance(code, ast.IfExp):
        one, other = _codes(code.body, within), _codes(code.orelse, within)
        return None if one is None or other is None else one + other
    if isinstance(code, ast.Attribute) and code.attr == "code":
        return ()
    if isinstance(code, ast.Name) and within is not None:
        return () if _passes_on(code, within) else _assigned(code.id, within)
    return None


def _assigned(name: str, within: Function) -> tuple[str, ...] | None:
    """The codes that a variable of a function is given."""
    values = [
        _codes(node.value, None)
        for node in ast.walk(within)
        if isinstance(node, ast.Assign) and any(isinstance(one, ast.Name) and one.id == name for one in node.targets)
    ]
    if not values or None in values:
        return None
    return tuple(code for codes in values if codes is not None for code in codes)
