"""All who trade on the exchange."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from adapters.served.member import Member, enrolled


class Members:
    """All members by name, by key and by uid."""

    def __init__(self, names: Iterable[str]) -> None:
        self._by_name = {name: enrolled(name, number) for number, name in enumerate(names)}
        self._by_key = {member.key: member for member in self._by_name.values()}
        self._by_uid = {str(member.uid): member for member in self._by_name.values()}

    def __iter__(self) -> Iterator[Member]:
        return iter(self._by_name.values())

    def named(self, name: str) -> Member:
        """Give a member that is known to exist."""
        return self._by_name[name]

    def with_key(self, key: str) -> Member | None:
        """Give the member of a key, or None."""
        return self._by_key.get(key)

    def with_uid(self, uid: str) -> Member | None:
        """Give the member of a uid, or None."""
        return self._by_uid.get(uid)

    def write(self, path: Path) -> None:
        """Write names, uids, keys and secrets as JSON, readable for their owner only."""
        path.touch(mode=0o600)
        members = [{"name": one.name, "uid": one.uid, "key": one.key, "secret": one.secret} for one in self]
        path.write_text(json.dumps(members, indent=2) + "\n", encoding="utf-8")
