"""`qsac generate`: continues a prompt, each word drawn from the result of a circuit."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from qsac.cli.arguments import load_argument, open_cache
from qsac.cli.messages import note, say, warn, write
from qsac.cli.progress import progress_bar
from qsac.files.pointer import counted

if TYPE_CHECKING:
    from qsac.compiler.generation import Generated


@click.command("generate")
@click.argument("model")
@click.option("--prompt", required=True, metavar="WORDS", help="What to continue: labels or numbers of words.")
@click.option("--steps", type=int, required=True, metavar="N", help="How many words to generate.")
@click.option("--target", help="Where to run: a simulator (default: statevector), or a machine.")
@click.option(
    "--shots", type=int, help="Number of shots for each word; without it the run is exact where the target allows."
)
@click.option("--noise", is_flag=True, help="Simulate the target's errors from its published rates.")
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of the words and the shots.")
@click.option("--greedy", is_flag=True, help="Take the most probable word each time, instead of drawing one.")
@click.option("--no-cache", is_flag=True, help="Neither read nor write the cache.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(
    model: str,
    prompt: str,
    steps: int,
    target: str | None,
    shots: int | None,
    noise: bool,
    seed: int,
    greedy: bool,
    no_cache: bool,
    as_json: bool,
) -> None:
    """Continue a prompt by MODEL, a model file with words and the readout next-token; `-` for standard input.

    For each word the model with all words so far is compiled and run, and the word is drawn with the probabilities that
    come out. The model's own sequence is not used.
    """
    from qsac.compiler.generation import generate

    with progress_bar() as progress:
        found = generate(
            load_argument(model),
            prompt,
            steps,
            target,
            shots=shots,
            noise=noise,
            seed=seed,
            greedy=greedy,
            cache=open_cache(no_cache),
            progress=progress,
            announce=note,
        )
    if as_json:
        write(json.dumps(found.to_dict(), indent=2, allow_nan=False))
    else:
        _show(found)
    for step, one in enumerate(found.steps, 1):
        for message in one.result.warnings:
            warn(f"step {step}: {message}")


def _show(found: Generated) -> None:
    """A row for each word, then the sentence."""
    from qsac.cli.tables import Table

    how = "exactly" if found.shots is None else f"{counted(found.shots, 'shot')} a word"
    drawn = "the most probable words" if found.greedy else "drawn words"
    say(f"{found.name} on {found.target}, {how}{', with noise' * found.noise}, {drawn}, seed {found.seed}")
    numbers = ("step", "probability", "success probability", "two-qubit gates", "qubits")
    table = Table("step", "word", *numbers[1:], numbers=numbers)
    digits = 6 if found.shots is None else 4
    for step, one in enumerate(found.steps, 1):
        success = one.result.success_probability
        table.add(
            str(step),
            one.label,
            f"{one.probability:.{digits}f}",
            "null" if success is None else f"{success:.{digits}f}",
            f"{one.two_qubit_gates:,}",
            str(one.qubits),
        )
    table.show()
    say(found.sentence)
