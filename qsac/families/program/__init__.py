"""Hybrid programs: search attention, feed-forward by inner products, layers with tomography, linearised training. The
section ``program`` of the model file."""

SECTION = "program"
