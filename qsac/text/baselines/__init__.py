"""Classical models on the same vectors, which every table of a quantum model has beside it.

``logistic_regression(samples)`` and ``classical_twin(samples)`` give :class:`Scored`, as does ``scored`` for the
predictions of any other model; ``difference(one, other)`` compares two of them on the same texts, and ``table(rows)``
is what is printed.
"""

from qsac.text.baselines.logistic import logistic_regression as logistic_regression
from qsac.text.baselines.scores import Accuracy as Accuracy
from qsac.text.baselines.scores import Difference as Difference
from qsac.text.baselines.scores import Scored as Scored
from qsac.text.baselines.scores import difference as difference
from qsac.text.baselines.scores import scored as scored
from qsac.text.baselines.scores import table as table
from qsac.text.baselines.twin import classical_twin as classical_twin

__all__ = [
    "Accuracy",
    "Difference",
    "Scored",
    "classical_twin",
    "difference",
    "logistic_regression",
    "scored",
    "table",
]
