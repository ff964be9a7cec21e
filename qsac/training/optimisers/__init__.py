"""Optimisers: one a file, found by its name, which is its ``type`` in a training configuration."""
