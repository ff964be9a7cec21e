"""Training by linearised dynamics: Carleman, and a linear solver for the history (Nat. Commun. 15, 434)."""
