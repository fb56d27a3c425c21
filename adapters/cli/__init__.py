"""The command line: each command reads what was asked, calls what does it, and prints what came of it."""

import gc

# What a command loads and remembers stays to its end. Looking through all of it again and again for what could be
# freed, as Python does unasked, takes a tenth of a back-test and finds next to nothing.
gc.set_threshold(10_000)
