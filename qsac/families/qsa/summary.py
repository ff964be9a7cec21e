"""A summary of a model of quantum attention, for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from qsac.families.contract import Fact
from qsac.families.kernel import formula
from qsac.families.qsa.heads import Head
from qsac.families.qsa.model import Model
from qsac.families.qsa.readouts.overlaps import Overlaps
from qsac.families.qsa.readouts.predict import Predict


def summary(model: Model) -> list[Fact]:
    """Label and text of the facts of a model."""
    given = model.given_tokens.shape[1]
    padding = "" if given == model.dimension else f", padded from {given}"
    kind = "real" if model.tokens.dtype.kind == "f" else "complex"
    text = model.text
    words = [] if text is None else [("words", f"{len(text.words):,} (M), cross_entropy at least {model.floor:.6g}")]
    return [
        *words,
        ("context", f"{model.context:,} tokens and their targets (T), {kind}"),
        ("dimension", f"{model.dimension:,} (d{padding})"),
        ("qubits", f"{model.data_qubits} data (n), {model.index_qubits} index (m)"),
        *_heads(model),
        ("mask", f"{model.mask}, {model.pairs:,} pairs (N)"),
        ("lambda", f"{model.lam:.6g}, {_lambda(model)}"),
        ("phases", _phases(model)),
        ("readout", _readout(model)),
        ("sha256", model.sha256),
    ]


def _lambda(model: Model) -> str:
    """What lambda is."""
    of_all = " of all heads" * (len(model.heads) > 1)
    walks = [walk for head in model.heads if (walk := head.walk) is not None]
    if not walks:
        return f"the sum of |c_p|{of_all}"
    most = max(walk.uses for walk in walks)
    uses = f"{most:,} use{'s' * (most > 1)}"
    if len(model.heads) > 1:
        copied = "" if len(walks) == len(model.heads) else ", and of |c_p| of the others"
        return f"the sum of the largest values of the kernels that a walk applies in {uses}{copied}"
    several = len(walks[0].parts) > 1
    kinds = "even and the odd part, which a walk applies" if several else "kernel, which a walk applies"
    return f"the largest value{'s' * several} of the {kinds} in {uses}"


def _heads(model: Model) -> list[Fact]:
    """The kernel, or each head with its own."""
    if "heads" not in model.fields["attention"]:
        return [("kernel", f"g(s) = {formula(model.kernel, 's')}")]
    return [(f"head {number}", _head(head)) for number, head in enumerate(model.heads)]


def _head(head: Head) -> str:
    """A head in words."""
    said = [f"g(s) = {formula(head.kernel, 's')}", f"weight {head.weight:.4g}"]
    if head.key_shift:
        said.append(f"key shift {head.key_shift:,}")
    if head.conjugate:
        said.append("of conjugated scores")
    return ", ".join(said)


def shape_facts(shape: Mapping[str, Any]) -> list[Fact]:
    """Label and text of the shape that an estimate is of."""
    tokens = f"{shape['context']:,} {'real' if shape['real'] else 'complex'} tokens of dimension {shape['dimension']:,}"
    kernel = (
        f"{shape['kernel']} of degree {shape['degree']}, {shape['mask']} mask, V {shape['value']}, W {shape['score']}"
    )
    if "heads" in shape:
        kernel = f"{shape['heads']} heads of key shifts {shape['key_shifts']}, {kernel}"
    return [("shape", tokens), ("attention", kernel)]


def _readout(model: Model) -> str:
    readout = model.readout
    if isinstance(readout, Predict):
        named = {"basis": "the computational basis", "tokens": "the tokens of the file"}
        count = 0 if readout.states is None else len(readout.states)
        over = named.get(readout.over, f"{count} {'words' if readout.over == 'vocabulary' else 'states'}")
        return f"predict, position {readout.position:,} from {readout.context:,} tokens, over {over}"
    if isinstance(readout, Overlaps):
        of = f" of head {readout.head}" if len(model.heads) > 1 else ""
        return f"overlaps{of}, {readout.part}, of the pairs in the {readout.mask} mask"
    return readout.type


def _phases(model: Model) -> str:
    if model.given_phases is None:
        return "none"
    return "optimal" if isinstance(model.given_phases, str) else "given"
