"""Searches over the params of a book: what to try next, who tries it, and what came of it."""
