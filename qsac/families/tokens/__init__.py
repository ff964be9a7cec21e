"""Where a model's tokens come from: one source a module. Each gives a (T+1, d) array, not yet normalised or padded."""
