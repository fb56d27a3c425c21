"""The channels that are in use: those whose secrets are in the environment."""

from collections.abc import Mapping
from dataclasses import dataclass

from adapters.alerts.channel import Channel, ChannelError
from rules.language.routes import Routes


@dataclass(frozen=True, slots=True)
class Channels:
    """Channels in use by name, and why the others are not."""

    used: Mapping[str, Channel]
    unused: Mapping[str, str]

    def close(self) -> None:
        """End all of them."""
        for channel in self.used.values():
            channel.close()


def channels_of(routes: Routes, environment: Mapping[str, str]) -> Channels:
    """Set up every channel that the environment has the secrets for."""
    used: dict[str, Channel] = {}
    unused: dict[str, str] = {}
    for name, channel in routes.channels.items():
        missing = channel.missing(environment)
        if missing:
            unused[name] = f"{' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} not set"
            continue
        try:
            used[name] = Channel(name, channel.filled(environment))
        except ChannelError as error:
            unused[name] = str(error)
    return Channels(used, unused)
