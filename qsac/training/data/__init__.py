"""Data to learn from: one kind a module, found by its name, which is the ``type`` in a training configuration."""
