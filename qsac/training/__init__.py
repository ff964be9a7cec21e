"""Training: from a configuration and data to models whose numbers have been learned."""
