"""The model file: reading, validation, materialised tokens and unitaries, and the closed-form metrics."""

from qsac.families.qsa.metrics import METRIC_NAMES, Metrics, closed_form, metrics_from_probabilities
from qsac.families.qsa.model import Model, canonical_json
from qsac.families.reading import load, load_text

__all__ = [
    "METRIC_NAMES",
    "Metrics",
    "Model",
    "canonical_json",
    "closed_form",
    "load",
    "load_text",
    "metrics_from_probabilities",
]
