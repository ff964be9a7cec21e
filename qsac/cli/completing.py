"""What shells complete: names of passes, targets and whatever `qsac explain` knows.

Names are looked up when a shell asks for them. A fault of another package completes to nothing, never to a message.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Mapping
from typing import TypeAlias

import click
from click.shell_completion import CompletionItem

Completer: TypeAlias = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]


def _completed(known: Callable[[], Iterable[str]]) -> Completer:
    """Completes the beginning of a name; what cannot be listed is not completed."""

    def complete(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return [CompletionItem(name) for name in known() if name.startswith(incomplete)]
        except Exception:  # a shell in the middle of a line has no place for it
            return []

    return complete


def _targets() -> Iterable[str]:
    from qsac.machine.registry import target_names

    return target_names()


def _passes() -> Iterable[str]:
    from qsac.pipeline.registry import pass_names

    return pass_names()


def _explained() -> Iterable[str]:
    from qsac.views.explanations import names

    return [name for listed in names().values() for name in listed]


explained_names = _completed(_explained)
target_names = _completed(_targets)
pass_names = _completed(_passes)


def files(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Files, which the shell finds itself."""
    return [CompletionItem(incomplete, type="file")]


def target_or_file(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Names of targets; files for what is none."""
    return target_names(context, parameter, incomplete) or files(context, parameter, incomplete)


def pipeline(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The last pass of a pipeline's text: ``default,-fold`` becomes ``default,-fold-unitaries``."""
    before, comma, last = incomplete.rpartition(",")
    sign = last[:1] if last[:1] in ("+", "-") else ""
    found = pass_names(context, parameter, last[len(sign) :])
    return [CompletionItem(f"{before}{comma}{sign}{one.value}") for one in found]


OPTIONS: Mapping[str, Completer] = {
    "target": target_or_file,
    "passes": pipeline,
    "print_after": pass_names,
    **dict.fromkeys(
        ("output", "tokens", "parameters", "plots", "data", "ir_dir", "fitted", "inputs", "model", "counts"), files
    ),
}
"""How options are completed, by the names of their parameters. Arguments are files unless a command says otherwise."""


def complete_names(command: click.Command) -> None:
    """Make a command complete what :data:`OPTIONS` says, and files for its arguments."""
    for parameter in command.params:
        if parameter._custom_shell_complete is not None or isinstance(parameter.type, click.Choice):
            continue
        if isinstance(parameter, click.Argument):
            named = target_or_file if command.name == "targets" else files
            parameter._custom_shell_complete = named
        elif parameter.name in OPTIONS:
            parameter._custom_shell_complete = OPTIONS[parameter.name]
