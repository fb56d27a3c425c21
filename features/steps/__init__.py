"""The sentences that features are made of, shipped so that users can write their own."""
