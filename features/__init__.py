"""Behaviour in a trader's words, run as tests."""
