"""Runs every feature file in this folder; a new one needs no Python."""

from pytest_bdd import scenarios

scenarios(".")
