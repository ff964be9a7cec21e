"""The command `qsac`: finds subcommands by name, and turns every failure into a message and an exit code.

Only click is imported here, so that `qsac --help` answers at once.
"""

from __future__ import annotations

import errno
import keyword
import os
import re
import sys
import warnings
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from typing import Any

import click

from qsac.cli.messages import report, say, warn, write
from qsac.cli.streams import discard_output, open_streams
from qsac.collecting import rarely_collecting
from qsac.errors import (
    EXIT_BUG,
    EXIT_DONE,
    EXIT_INTERRUPTED,
    DoesNotFitError,
    InvalidInputError,
    QsacError,
    QsacWarning,
    printable,
)
from qsac.near import near

COMMANDS = {
    "compile": "Compile a model for a target.",
    "opt": "Run passes on a program given as IR text.",
    "estimate": "Count the gates of a model of any size, without compiling it.",
    "bind": "Fill tokens and parameters into a compiled template.",
    "features": "Turn texts into vectors to learn from.",
    "train": "Train a model, and write a model file of what was learned.",
    "evaluate": "Measure, compare and plot what was trained.",
    "roll-out": "Continue a trajectory step by step by a model that was trained.",
    "sweep": "Do one action at every point of a grid, in several processes.",
    "run": "Run an artifact or a model, exactly or by shots.",
    "generate": "Continue a prompt by words that circuits give.",
    "verify": "Check that an artifact or a template is what it claims to be.",
    "view": "Write a page that shows what the compiler did.",
    "diff": "Say what differs between two programs.",
    "plot": "Draw passes, scaling, results or training as PNG and SVG.",
    "check": "Validate a model file; print its closed-form metrics.",
    "import": "Make a model file of a trained model's weights.",
    "jobs": "List the jobs that were submitted to vendors.",
    "results": "Fetch the results of a submitted job.",
    "interpret": "Compute the metrics from your own counts.",
    "schema": "Print the JSON Schema of model files.",
    "targets": "List the targets, or describe one.",
    "cache": "Show or clear the cache of compiled programs.",
    "passes": "List the passes that a pipeline can be made of.",
    "explain": "Say what a pass, op, metric, target or error code is.",
    "init": "Make a model file from arrays or answers.",
    "doctor": "Say what is installed, and what is missing.",
    "completion": "Print what makes a shell complete commands.",
}
"""Each command NAME is the click command `command` in the module :func:`module_of` NAME."""

EXIT_BROKEN_PIPE = 141
"""What a shell reports for a program whose reader went away (128 + SIGPIPE)."""


def module_of(command: str) -> str:
    """The module of a command: it has its name, with underscores for dashes, and one behind what is a word of Python's
    (`import`)."""
    return f"qsac.cli.{command.replace('-', '_')}{'_' * keyword.iskeyword(command)}"


class UnknownCommand(click.UsageError):
    """A command that does not exist."""

    def __init__(self, name: str, ctx: click.Context) -> None:
        super().__init__(f"no command {name!r}", ctx)
        self.name = name


class LazyGroup(click.Group):
    """A group that knows its commands' names and help, and imports a command's module when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        from qsac.cli.examples import epilog

        command: click.Command = import_module(module_of(cmd_name)).command
        command.epilog = epilog(cmd_name)
        if ctx.resilient_parsing:
            from qsac.cli.completing import complete_names

            complete_names(command)
        return command

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[Any]:
        """Commands by their names, none of which is imported, and options."""
        from click.shell_completion import CompletionItem

        named = [CompletionItem(name, help=text) for name, text in COMMANDS.items() if name.startswith(incomplete)]
        return [*named, *click.Command.shell_complete(self, ctx, incomplete)]

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            raise UnknownCommand(args[0], ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


def _print_version(ctx: click.Context, _parameter: click.Parameter, wanted: bool) -> None:
    if wanted and not ctx.resilient_parsing:
        say(f"qsac {version()}")
        ctx.exit()


@click.group(cls=LazyGroup, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version", is_flag=True, expose_value=False, is_eager=True, callback=_print_version, help="Print the version."
)
@click.pass_context
def main(ctx: click.Context) -> None:
    """A compiler for quantum attention: from a model file to native gates."""
    if ctx.invoked_subcommand is None:
        write(ctx.get_help())


def version() -> str:
    """The version of qsac."""
    import qsac

    return qsac.__version__


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code. No traceback reaches the user unless QSAC_DEBUG is set."""
    open_streams()
    # Pydantic plugins must not affect model files, and the search for them fails if any package is damaged.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    with rarely_collecting(), warnings.catch_warnings():
        warnings.simplefilter("always", QsacWarning)
        warnings.showwarning = _show_warning
        return _run(arguments)


def _run(arguments: Sequence[str] | None) -> int:
    asked = os.environ.get("_QSAC_COMPLETE")
    if asked is not None:
        from click.shell_completion import shell_complete

        with suppress(click.UsageError):  # what cannot be parsed has nothing to be completed with
            return shell_complete(main, {}, "qsac", "_QSAC_COMPLETE", asked)
        return 0
    try:
        code = main.main(None if arguments is None else list(arguments), prog_name="qsac", standalone_mode=False)
        sys.stdout.flush()
    except QsacError as error:
        return _refused(error)
    except click.exceptions.Abort:
        return _interrupted()
    except click.ClickException as error:
        return _misused(error)
    except KeyboardInterrupt:
        return _interrupted()
    except (BrokenPipeError, SystemExit):  # click itself exits when the reader of its output has gone
        discard_output()
        return EXIT_BROKEN_PIPE
    except MemoryError:
        return _refused(
            DoesNotFitError(
                "there is not enough memory on this machine",
                code="capacity.out-of-memory",
            )
        )
    except OSError as error:
        return _failed_system_call(error)
    except Exception as error:
        return _interrupted() if _hides_interruption(error) else _bug(error)
    return code if isinstance(code, int) else EXIT_DONE


_OF_THE_SYSTEM = {
    errno.EACCES,
    errno.EBADF,
    errno.EDQUOT,
    errno.EFBIG,
    errno.EIO,
    errno.ELOOP,
    errno.EMFILE,
    errno.ENAMETOOLONG,
    errno.ENFILE,
    errno.ENOSPC,
    errno.ENOTDIR,
    errno.EPERM,
    errno.EROFS,
    errno.ETXTBSY,
}
"""Failures of system calls that the user can act on, wherever they come from."""


def _failed_system_call(error: OSError) -> int:
    """A failed system call: on a file that the user named, or on the output."""
    if error.errno not in _OF_THE_SYSTEM:
        return _bug(error)
    if error.filename is not None:
        place = f"{printable(os.fsdecode(error.filename))}: "
    else:
        place = "writing the output: "
        discard_output()
    reason = "standard output is closed" if error.errno == errno.EBADF else (error.strerror or str(error)).lower()
    return _refused(
        InvalidInputError(
            place + reason,
            code="file.refused-by-system",
        )
    )


_show_python_warning = warnings.showwarning


def _show_warning(message: Warning | str, category: type[Warning], *place: Any, **more: Any) -> None:
    """Print a warning of qsac like all messages of commands, not like one about Python code."""
    if issubclass(category, QsacWarning):
        warn(str(message))
    else:
        _show_python_warning(message, category, *place, **more)


def _refused(error: QsacError) -> int:
    if os.environ.get("QSAC_DEBUG"):
        _print_traceback()
    report("error", "red", str(error))
    return error.exit_code


def _misused(error: click.ClickException) -> int:
    """A usage error in the form of all others: click's messages begin with a capital letter, and some end with a full
    stop."""
    message = error.format_message().strip().removesuffix(".")
    context = error.ctx if isinstance(error, click.UsageError) else None
    asked = f"{context.command_path} --help" if context is not None else "qsac --help"
    guesses = _guesses(error)
    code = "usage.unknown-command" if isinstance(error, UnknownCommand) else "usage.invalid"
    if isinstance(error, click.NoSuchOption):
        code = "usage.unknown-option"
        message = f"no such option: {error.option_name}"
    help = f"did you mean {' or '.join(guesses)}?" if guesses else f"{asked} explains the options"
    report("error", "red", str(InvalidInputError(message[:1].lower() + message[1:], code=code, help=help)))
    return error.exit_code


def _guesses(error: click.ClickException) -> list[str]:
    """What may have been meant: similar commands, options or choices of an option."""
    if isinstance(error, UnknownCommand):
        return near(error.name, COMMANDS)
    if isinstance(error, click.NoSuchOption) and error.ctx is not None:
        options = [name for one in error.ctx.command.get_params(error.ctx) for name in (*one.opts, *one.secondary_opts)]
        return near(error.option_name, [name for name in options if name.startswith("--")])
    if isinstance(error, click.BadParameter) and error.param is not None and isinstance(error.param.type, click.Choice):
        given = re.match(r"'(.*)' is not one of", error.message)
        return near(given[1], [str(choice) for choice in error.param.type.choices]) if given else []
    return []


def _hides_interruption(error: BaseException) -> bool:
    """Whether an error stands for Ctrl-C: modules in C that are interrupted while they import others say that the
    import failed, and why that was."""
    causes: list[BaseException] = [error]
    while (cause := causes[-1].__cause__ or causes[-1].__context__) is not None and cause not in causes:
        causes.append(cause)
    return any(isinstance(cause, KeyboardInterrupt) for cause in causes)


def _interrupted() -> int:
    say("interrupted", err=True)
    return EXIT_INTERRUPTED


def _bug(error: BaseException) -> int:
    if os.environ.get("QSAC_DEBUG"):
        _print_traceback()
    first_line = str(error).split("\n")[0][:200]
    report(
        "error",
        "red",
        f"this is a bug of qsac: {type(error).__name__}: {first_line}\n"
        f"  help:   please report it at {_issues_page()} with the command, the model file, and what the command "
        f"prints when the environment variable QSAC_DEBUG is 1; this is qsac {version()}",
    )
    return EXIT_BUG


def _print_traceback() -> None:
    import traceback

    say(*traceback.format_exc().splitlines(), err=True)


def _issues_page() -> str:
    """The address in the installed package's metadata, if it has one."""
    from importlib import metadata

    try:
        urls = metadata.metadata("qsac").get_all("Project-URL") or []
    except metadata.PackageNotFoundError:
        urls = []
    for url in urls:
        label, _, address = str(url).partition(", ")
        if label.lower() in ("issues", "bug tracker", "tracker"):
            return address
    return "the project's issues page"


if __name__ == "__main__":
    from qsac.cli.process import start

    sys.exit(start())
