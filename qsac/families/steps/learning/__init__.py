"""Training of lists of steps: their closed form as a function of what is trained."""
