"""Side-by-side measurements, run by hand and never asserted in a test."""
