"""What a model asks its circuit to report: the loss, a prediction, or the overlaps of its tokens."""
