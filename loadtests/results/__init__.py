"""The results: what was measured, what follows from it, and what the model expected. Plain data."""
