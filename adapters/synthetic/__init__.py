"""Made-up markets, drawn from a seed."""
