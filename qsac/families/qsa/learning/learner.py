"""The models of one outline as functions of what is learned: see :class:`qsac.families.learning.Learner`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from qsac.families.contract import Fact
from qsac.families.learning import Batch, Trained
from qsac.families.qsa.learning.outline import SIDES, Outline
from qsac.families.qsa.learning.unitaries import Layered
from qsac.families.qsa.model import Model
from qsac.families.qsa.reading import read
from qsac.families.qsa.schema import ModelFile
from qsac.files.numbers import Numbers, as_lists, exactly_real
from qsac.files.pointer import counted

if TYPE_CHECKING:
    import jax

    from qsac.families.qsa.learning.closed_form import Heads

_ALWAYS = ("loss", "loss_a", "loss_phased")
_WHERE_ALL_ATTEND = ("cross_entropy", "renyi_half")


@dataclass(frozen=True, eq=False)
class OverlapLearner:
    """What learns a model of quantum attention. ``linear``: whether every kernel is s, whatever the outline says; a
    truth value that may be traced."""

    outline: Outline
    linear: bool | jax.Array = False

    @property
    def objectives(self) -> tuple[str, ...]:
        """The metrics that can be minimised. Words are predicted by probabilities, so cross_entropy is their first one;
        models without phases predict phases."""
        found = _ALWAYS + (() if self._blank else _WHERE_ALL_ATTEND)
        first = "loss" if self.outline.phases else "loss_phased"
        if self.outline.embedding is not None and not self._blank:
            first = "cross_entropy"
        return (first, *(name for name in found if name != first))

    @property
    def angles(self) -> tuple[str, ...]:
        """The names of arrays of which every number is the angle of one rotation exp(-i t P/2)."""
        return tuple(
            head.name + side for head in self.outline.heads for side in SIDES if isinstance(head.form(side), Layered)
        )

    @property
    def size(self) -> int:
        """How many real numbers are learned: those that the matrices depend on, not those that stand for them."""
        return self.outline.size

    @property
    def dimension(self) -> int | None:
        """The dimension that words are embedded in; None for states."""
        return None if self.outline.embedding is None else self.outline.embedding.dimension

    @property
    def _blank(self) -> int:
        """How many positions at the beginning attend to nothing."""
        return min(self.outline.shifts) if self.outline.mask == "causal" else 0

    def initial(self, seed: int) -> dict[str, NDArray[np.float64]]:
        return self.outline.initial(seed)

    def easier(self, when: bool | jax.Array = True) -> OverlapLearner | None:
        if self.linear is not False or all(head.kernel.is_linear for head in self.outline.heads):
            return None
        return OverlapLearner(self.outline, linear=when)

    # What is traced

    def metrics(self, trained: Trained, batch: Batch) -> dict[str, jax.Array]:
        import jax.numpy as jnp

        from qsac.families.qsa.learning import closed_form

        tokens, targets = self._rows(trained, batch)
        context = tokens.shape[-2]
        predicted = closed_form.predictions(jnp, self._heads(trained, tokens, context), tokens)
        return closed_form.metrics(
            jnp,
            closed_form.overlaps(jnp, targets, predicted),
            closed_form.squares(jnp, predicted),
            self.outline.pairs(context),
            phases=self.outline.phases,
            blank=min(self._blank, context),
        )

    def predictions(self, trained: Trained, batch: Batch) -> jax.Array:
        """See the protocol; states may have any length here, and are normalised."""
        import jax.numpy as jnp

        from qsac.families.qsa.learning import closed_form
        from qsac.families.qsa.learning.traced import embedded

        tokens, _ = self._rows(trained, batch)
        tokens = closed_form.lengthened(jnp, tokens)
        predicted = closed_form.predictions(jnp, self._heads(trained, tokens, tokens.shape[-2]), tokens)
        predicted = predicted[..., : self.outline.given]
        if self.outline.embedding is None:
            found: jax.Array = predicted
            return found
        words, _ = embedded(jnp.asarray(trained["embedding"]))
        amplitudes = jnp.einsum("...jd,ld->...jl", predicted, jnp.conj(words))
        shares = (jnp.conj(amplitudes) * amplitudes).real
        probabilities: jax.Array = shares / (closed_form.squares(jnp, predicted)[..., None] + closed_form.TINY)
        return probabilities

    def roll_out(self, trained: Trained, batch: Batch, steps: int) -> jax.Array:
        """See :func:`qsac.families.qsa.learning.roll_out.rolled_out`: (B, steps). States only."""
        from qsac.families.qsa.learning.roll_out import rolled_out

        tokens, targets = self._rows(trained, batch)
        heads = self._heads(trained, tokens, tokens.shape[-2])
        return rolled_out(heads, self.outline.shifts, tokens, targets, steps, self.outline.given)

    def _rows(self, trained: Trained, batch: Batch) -> tuple[jax.Array, jax.Array]:
        """The context tokens, unit rows, and their targets, for words of the length sqrt(alpha): (B, T, d) each."""
        import jax.numpy as jnp

        from qsac.families.qsa.learning.traced import embedded

        batch = jnp.asarray(batch)
        if self.outline.embedding is None:
            rows = units = batch
        else:
            words, lengthened = embedded(jnp.asarray(trained["embedding"]))
            rows, units = words[batch], lengthened[batch]
        extra = self.outline.dimension - self.outline.given
        if extra:
            widths = ((0, 0),) * (rows.ndim - 1) + ((0, extra),)
            rows, units = jnp.pad(rows, widths), jnp.pad(units, widths)
        return units[..., :-1, :], rows[..., 1:, :]

    def _heads(self, trained: Trained, tokens: jax.Array, context: int) -> Heads:
        """The heads as arrays, lambda 1, in the precision of what they are to be used with."""
        import jax.numpy as jnp

        from qsac.families.qsa.learning.assembly import heads_of
        from qsac.families.qsa.learning.traced import unitaries

        numbers = {name: jnp.asarray(trained[name]) for name in self.outline.shapes}
        precision = jnp.result_type(tokens.real.dtype, *(array.dtype for array in numbers.values()))

        def array(values: Any) -> Any:
            return jnp.asarray(values, dtype=precision if np.asarray(values).dtype.kind == "f" else None)

        return heads_of(
            jnp,
            self.outline,
            numbers,
            lambda forms, learned: unitaries(forms, learned, precision),
            array,
            context,
            linear=self.linear,
        )

    # In PyTorch

    def predictions_in_torch(self, trained: Trained, batch: Any) -> Any:
        """:meth:`predictions` of PyTorch's tensors, for sequences along any leading axes; the same numbers."""
        from qsac.families.qsa.learning.in_torch import predictions

        return predictions(self.outline, trained, batch)

    # Models

    def model(self, trained: Trained, sequence: NDArray[Any], name: str) -> Model:
        learned = {key: np.asarray(trained[key], dtype=np.float64) for key in self.outline.shapes}
        fields: dict[str, Any] = {
            "qsac": 1,
            "name": name,
            "tokens": self._tokens(learned, np.asarray(sequence)),
            "attention": self.outline.section(learned),
        }
        return read(ModelFile.model_validate(fields), fields, Path())

    def _tokens(self, learned: Mapping[str, NDArray[np.float64]], sequence: NDArray[Any]) -> dict[str, Any]:
        embedding = self.outline.embedding
        if embedding is None:
            return {"type": "inline", "values": as_lists(exactly_real(_double(sequence)))}
        return {
            "type": "text",
            "words": list(embedding.labels),
            "embedding": as_lists(exactly_real(embedding.matrix(learned["embedding"]))),
            "text": [embedding.labels[int(word)] for word in sequence],
        }

    def trained_of(self, model: Model) -> dict[str, NDArray[np.float64]]:
        from qsac.families.qsa.learning.matching import matched

        return matched(self.outline, model)

    def facts(self) -> Sequence[Fact]:
        outline = self.outline
        found = [("learned", f"{counted(self.size, 'real number')} of {counted(len(outline.heads), 'head')}")]
        for number, head in enumerate(outline.heads):
            parts = [head.kernel.described(), f"V {head.value.described()}", f"W {head.score.described()}"]
            if head.key_shift:
                parts.append(f"keys shifted by {head.key_shift:,}")
            if head.conjugate:
                parts.append("conjugated scores")
            if head.weighs:
                parts.append("a weight to learn")
            found.append((f"head {number}" if outline.listed else "attention", ", ".join(parts)))
        if outline.embedding is not None:
            form = "real" if outline.embedding.real else "complex"
            words = counted(len(outline.embedding.labels), "word")
            found.append(("embedding", f"{words} in {outline.embedding.dimension:,} {form} dimensions"))
        return found


def _double(values: NDArray[Any]) -> Numbers:
    return values.astype(np.complex128 if np.iscomplexobj(values) else np.float64)
