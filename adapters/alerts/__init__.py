"""Alerts to people: routed by the rules, sent through Apprise, kept until they have arrived."""
