"""How the crowd feels, from public sources outside of any exchange."""
