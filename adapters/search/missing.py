"""What a search can't do, and why."""


class SearchError(Exception):
    """A search can't begin or go on; the sentence says why and what to do."""


class MissingLibrary(SearchError):  # noqa: N818 - it is named after what is missing
    """A library that is no part of every installation is not there."""

    def __init__(self, library: str, extra: str, purpose: str) -> None:
        super().__init__(
            f"{purpose} needs the library {library}, which is not installed. "
            f'Install it with: pip install "eternal-engine[{extra}]"'
        )
