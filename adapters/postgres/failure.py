"""What can be wrong with a store; every error is a sentence for whoever runs it."""


class StoreError(Exception):
    """The store can't be used as it is."""


class LeaseHeldError(StoreError):
    """Another process writes this store; the sentence names it."""


class BrokenJournalError(StoreError):
    """The journal isn't what was once written to it, or can't go on where it ends."""
