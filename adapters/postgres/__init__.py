"""The store: a journal that nothing is forgotten from, and everything that follows from it, in PostgreSQL."""
