"""`qsac compile`: compiles a model to an artifact, or to the circuit in another form."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from qsac.cli.arguments import level_option, load_argument, open_cache, prefer_option, qubits_option, seed_option
from qsac.cli.messages import note, warn, write
from qsac.cli.output import check_own, check_sources_stay
from qsac.cli.progress import progress_bar
from qsac.cli.stages import StagePrinter, prints_stages
from qsac.cli.summary import facts_of, print_summary, print_timing
from qsac.machine.target import DEFAULT_TARGET

if TYPE_CHECKING:
    from qsac.artifact.compiled import Compiled
    from qsac.pipeline.contract import Preference


FORMS = ("artifact", "ir", "tket", "qasm2", "qasm3", "qir", "hugr")


def _budget(context: click.Context, parameter: click.Parameter, value: Any) -> float | Literal["auto"]:
    """The number that was given, or the word ``auto``."""
    if value == "auto":
        return "auto"
    number: float = click.FLOAT.convert(value, parameter, context)
    return number


@click.command("compile")
@click.argument("model")
@click.option(
    "--target",
    default=DEFAULT_TARGET,
    show_default=True,
    help="The machine or simulator to compile for, or a file that describes a machine.",
)
@click.option("-o", "--output", help="File to write, or - for standard output.")
@click.option("--emit", type=click.Choice(FORMS), default="artifact", show_default=True, help="What to write.")
@click.option("--early-exit", is_flag=True, help="With --emit qir: end a shot as soon as a bit rejects it.")
@click.option(
    "--circuit", metavar="NAME", help="With an --emit other than artifact: which of several circuits to write."
)
@level_option
@click.option(
    "--error-budget",
    metavar="X|auto",
    default="0",
    show_default=True,
    callback=_budget,
    help="Infidelity that -O3 may spend.",
)
@qubits_option
@prefer_option
@click.option(
    "--passes", help="Passes instead of the level's: NAME,NAME{option=value}; or changes to them: default,-NAME,+NAME."
)
@click.option("--template", is_flag=True, help="Compile the model's shape, for `qsac bind`.")
@click.option("--no-fold", is_flag=True, help="With --template: keep V and W as gates, outside the tables.")
@click.option("--no-cache", is_flag=True, help="Neither read nor write the cache.")
@prints_stages
@click.option("--timing", is_flag=True, help="Print the time of each stage, on stderr.")
@seed_option
@click.option(
    "--verify/--no-verify", default=None, help="Simulate and compare with the closed form (default: up to 15 qubits)."
)
@click.option("--verify-each", is_flag=True, help="Compare each stage's result with the stage before.")
@click.option("--json", "as_json", is_flag=True, help="Print statistics and times as JSON.")
@click.option("-q", "--quiet", is_flag=True, help="Print errors only.")
@click.option("-v", "--verbose", is_flag=True, help="Also print registers, every pass, and the gates op by op.")
def command(
    model: str,
    target: str,
    output: str | None,
    emit: str,
    early_exit: bool,
    circuit: str | None,
    optimisation: int,
    error_budget: float | Literal["auto"],
    qubits: int | None,
    prefer: Preference,
    passes: str | None,
    template: bool,
    no_fold: bool,
    no_cache: bool,
    stages: StagePrinter,
    timing: bool,
    seed: int,
    verify: bool | None,
    verify_each: bool,
    as_json: bool,
    quiet: bool,
    verbose: bool,
) -> None:
    """Compile MODEL, a model file, or `-` for standard input.

    Writes NAME.qsac.json in the working directory unless -o says otherwise; other forms go to standard output.
    """
    check_form(emit, early_exit, circuit, stages)
    if template and (emit != "artifact" or error_budget):
        raise click.UsageError("--template takes neither --emit nor --error-budget: qsac bind makes the circuits")
    if no_fold and not template:
        raise click.UsageError("--no-fold is for --template: elsewhere --passes leaves fold-unitaries out")
    loaded = load_argument(model)
    ending = "qsac-template.json" if template else "qsac.json"
    default = f"{_file_stem(model, loaded.name)}.{ending}" if emit == "artifact" else "-"
    place = output_place(output, default, {"model file": model}, as_json=as_json)
    with progress_bar(quiet) as progress:
        if template:
            from qsac.machine.read import is_path
            from qsac.templates.file import parts as template_parts
            from qsac.templates.template import template as compile_template

            if is_path(target):
                raise click.UsageError("--template takes no target file: name a target that `qsac targets` lists")
            made = compile_template(
                loaded,
                target,
                optimisation=optimisation,
                passes=passes,
                seed=seed,
                qubits=qubits,
                prefer=prefer,
                fold=not no_fold,
                verify_each=verify_each,
                after=stages.after,
                progress=progress,
            )
            compiled, what = made.bind(verify=verify, verify_each=verify_each, progress=progress), "template"
            parts: Iterable[str] = template_parts(made)
        else:
            from qsac.compiler.compilation import compile as compile_model

            compiled = compile_model(
                loaded,
                target,
                optimisation=optimisation,
                passes=passes,
                seed=seed,
                error_budget=error_budget,
                qubits=qubits,
                prefer=prefer,
                verify=verify,
                verify_each=verify_each,
                cache=open_cache(no_cache),
                after=stages.after,
                progress=progress,
                announce=None if quiet else note,
            )
            parts, what = written(compiled, emit, early_exit, circuit, stages), emit
    deliver(
        compiled,
        parts,
        place,
        what,
        named=output is not None,
        verify=verify,
        timing=timing,
        as_json=as_json,
        quiet=quiet,
        verbose=verbose,
    )
    if verify_each and not quiet:
        note("every stage that could be compared preserves the meaning of the one before")
    if error_budget and not any(stats["error_budget"]["spent"] for stats in compiled.parts_stats) and not quiet:
        untouched = "the error budget is unused: no approximating pass changed anything, the circuit is exact"
        note(_why_exact(compiled) if error_budget == "auto" else untouched)


def output_place(
    output: str | None,
    default: str,
    sources: Mapping[str, str],
    *,
    as_json: bool,
    own: Callable[[Path], None] = check_own,
) -> str:
    """Where the output goes: to ``-o``, or to ``default``, which may only replace files that qsac wrote, as ``own``
    says; never over one of the ``sources``, which are named by kind."""
    place = default if output is None else output
    if not place:
        raise click.UsageError("-o has no file name")
    check_sources_stay(place, sources)
    if place == "-" and as_json:
        raise click.UsageError("--json and the output would both go to standard output: name a file with -o")
    if place != "-":
        from qsac.files.writing import check_name

        check_name(Path(place))
        if output is None:
            own(Path(place))
    return place


def deliver(
    compiled: Compiled,
    parts: Iterable[str],
    place: str,
    what: str,
    *,
    named: bool,
    verify: bool | None,
    timing: bool,
    as_json: bool,
    quiet: bool,
    verbose: bool,
) -> None:
    """Write the output, and print the summary of a compiled program.

    ``what`` names what is written; ``named``: the user chose the name, so an existing file is replaced.
    """
    from qsac.cli.places import show_losses
    from qsac.files.writing import write_whole

    if place == "-":
        for part in parts:
            write(part, end="")
    else:
        write_whole(place, parts, guard=None if named else check_own)
    if timing:
        print_timing(compiled)
    said = _advice(compiled) if as_json or not quiet else None
    if as_json:
        write(json.dumps(facts_of(compiled, place) | {"advice": said}, indent=2, allow_nan=False))
    elif not quiet:
        print_summary(compiled, place, what, verify, verbose)
        show_losses(compiled.stats["forecast"])
        for work in _beyond(compiled):
            warn(f"{work} were worked out classically, by a pass that was named: these circuits do not compute them")
        if said is not None:
            warn(said)
    if not quiet and compiled.target["notice"]:
        note(compiled.target["notice"])


def _beyond(compiled: Compiled) -> list[str]:
    """What passes that were named worked out in place of the circuits."""
    from qsac.pipeline.registry import parse_pipeline
    from qsac.report.classical_work import beyond

    return beyond(parse_pipeline(compiled.options["passes"]))


def _advice(compiled: Compiled) -> str | None:
    """What to do if the result would be noise."""
    from qsac.compiler.advice import advice

    stats = compiled.stats
    return advice(compiled.model, compiled.target["name"], stats, stats["forecast"], compiled.options)


def _why_exact(compiled: Compiled) -> str:
    """Why an automatic error budget is 0."""
    tried = max((stats["error_budget"]["tried"] for stats in compiled.parts_stats), key=len)
    if not tried:
        return f"the error budget is 0: {compiled.target['name']} is error-free, so fewer gates gain nothing"
    if len(tried) == 1:
        return "the error budget is 0: no approximation within 0.1 saves a gate"
    return "the error budget is 0: approximating would add more error than the saved gates would remove"


_STEM_BYTES = 200
"""Longest name of a file that is made from a model's: file systems allow 255 bytes, endings included."""


def _file_stem(argument: str, name: str) -> str:
    """The model file's name without its ending; for standard input the model's own name, made a file name.

    Letters of every script are kept, so that two models seldom share a name. If nothing of the name is left, or it is
    truncated, a part of its hash makes it unique.
    """
    if argument != "-":
        return Path(argument).stem
    # ASCII characters that no shell interprets; the rest of Unicode has been checked to be visible.
    stem = re.sub(r"[^A-Za-z0-9._\u0080-\U0010ffff-]+", "-", name).strip("-.")
    if stem and len(stem.encode()) <= _STEM_BYTES:
        return stem
    digest = hashlib.sha256(name.encode("utf-8", "replace")).hexdigest()[:8]
    kept = stem.encode()[:_STEM_BYTES].decode("utf-8", "ignore")
    return f"{kept or 'model'}-{digest}"


def check_form(emit: str, early_exit: bool, circuit: str | None, stages: StagePrinter) -> None:
    """Refuse options that the form does not have."""
    if early_exit and emit != "qir":
        raise click.UsageError("--early-exit is for --emit qir: the other forms have no branches")
    if circuit is not None and emit == "artifact":
        raise click.UsageError("--circuit is for other forms: an artifact has all circuits")
    if stages.elide and stages.after is None and emit != "ir":
        raise click.UsageError("--elide-tables is for printed programs: --print-after .., --ir-dir, or --emit ir")


def written(compiled: Compiled, emit: str, early_exit: bool, name: str | None, stages: StagePrinter) -> Iterable[str]:
    """The text of a form, in parts; for all forms but the artifact that of the circuit ``name``."""
    if emit == "artifact":
        return compiled.parts()
    circuit = compiled.circuit(name)
    if emit == "ir":
        from qsac.ir.printer import print_program

        place = compiled.circuits.index(circuit)
        return [print_program(compiled.programs[place], elide_tables=True) if stages.elide else compiled.irs[place]]
    if emit == "tket":
        from qsac.export.circuit_dict import to_json

        return (*to_json(circuit), "\n")
    if emit == "qasm2":
        from qsac.export.qasm import to_qasm2

        return [to_qasm2(circuit)]
    if emit == "qasm3":
        from qsac.export.qasm import to_qasm3

        return [to_qasm3(circuit)]
    if emit == "hugr":
        from qsac.export.guppy import to_hugr

        return [to_hugr(circuit)]
    from qsac.export.qir import to_qir

    return [to_qir(circuit, early_exit=early_exit)]
