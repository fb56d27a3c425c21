"""The same rule over the same candles in other back-testers, each in an environment of its own."""
