"""Hybrid and variational models, lists of steps from arrays to arrays: the section ``steps`` of the model file."""

SECTION = "steps"
