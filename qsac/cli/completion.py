"""`qsac completion`: what makes a shell complete commands, options, passes, targets and files."""

from __future__ import annotations

import click

from qsac.cli.messages import write

VARIABLE = "_QSAC_COMPLETE"
"""What shells ask by: `_QSAC_COMPLETE=bash_complete qsac`."""


@click.command("completion")
@click.argument("shell", type=click.Choice(("bash", "zsh", "fish")))
def command(shell: str) -> None:
    """Print what makes SHELL (bash, zsh or fish) complete commands, options, passes, targets and files.

    For bash: qsac completion bash > ~/.qsac-completion; then add `. ~/.qsac-completion` to ~/.bashrc. For zsh the same,
    with ~/.zshrc. For fish: qsac completion fish > ~/.config/fish/completions/qsac.fish.
    """
    from click.shell_completion import get_completion_class

    from qsac.cli.main import main

    kind = get_completion_class(shell)
    if kind is None:
        raise click.UsageError(f"this click knows no completion of {shell}")
    completer = kind(main, {}, "qsac", VARIABLE)
    # The text alone: `source` would start bash to ask for its version.
    write(completer.source_template % completer.source_vars())
