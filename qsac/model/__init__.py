"""The model file: reading, validation, materialised tokens and unitaries, and the closed-form metrics."""

from qsac.model.load import load, load_text
from qsac.model.metrics import METRIC_NAMES, Metrics, closed_form, metrics_from_probabilities
from qsac.model.model import Model, canonical_json

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
