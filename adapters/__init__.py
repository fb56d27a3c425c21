"""Whom the engine talks to: exchanges, histories, reports and the command line."""
