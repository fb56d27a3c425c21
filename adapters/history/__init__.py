"""Candles and funding of the past, read from files."""
