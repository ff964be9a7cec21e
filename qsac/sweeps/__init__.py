"""Parameter sweeps: one action at every point of a grid, on any executor, each result kept exactly once."""
