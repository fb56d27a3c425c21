"""Bybit V5 through pybit: requests out, events in."""
