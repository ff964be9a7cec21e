"""From a trained model's arrays to a model file: what is taken, folded, approximated, given up, and what it costs."""
