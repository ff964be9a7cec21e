"""Models to compare with, each trained on the same data by the same loop, or counted: one kind a module, found by its
name, which is a word of ``compare`` in a training configuration."""
