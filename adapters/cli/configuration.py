"""The working folder of a running engine: its configuration `eternal.yaml`, and the keys that `.env` holds."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from adapters.cli.failure import ExitCode, Failure
from adapters.cli.run_mode import RunMode

if TYPE_CHECKING:
    from adapters.bybit.client import Keys

OWN = "own"
CONFIGURATION, SECRETS = "eternal.yaml", ".env"
Seconds = Annotated[float, Field(gt=0, le=3600)]


class AccountKeys(BaseModel):
    """Which variables of the environment hold an account's key, and whose it has to be."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    key: str = Field(description="the name of the variable with the API key")
    secret: str = Field(description="the name of the variable with its secret")
    uid: str = Field(default="", description="the account's number at the exchange; empty: whatever the key says")


class Configuration(BaseModel):
    """What `eternal.yaml` says."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    mode: RunMode
    books: tuple[str, ...] = Field(min_length=1, description="the books that trade")
    accounts: Mapping[str, AccountKeys] = Field(default={}, description="the keys of each sub-account of the books")
    keys: Path | None = Field(default=None, description="instead of accounts: the file of keys of a local exchange")
    main: str = Field(default="", description="the account whose keys may move money between all others")
    exchange: str | None = Field(default=None, description="the address of a local exchange; own: it is started too")
    market: tuple[str, ...] = Field(default=(), description="what `eternal exchange` is told for an own one")
    rules: Path = Field(default=Path("rules"), description="the folder of the rule files")
    environment: str = Field(default="", description="the environment whose values the rules have")
    store: Path = Field(default=Path("store"), description="the folder of the private database")
    metrics_host: str = Field(default="127.0.0.1", description="where numbers and health are served")
    metrics_port: int | None = Field(default=None, ge=0, le=65535, description="and at which port; 0 takes a free one")
    lease_s: Seconds = Field(default=15, description="how long nobody else may write after the engine was killed")
    phase: str = Field(default="", description="the phase that live trading is in")
    overrides: tuple[str, ...] = Field(default=(), description="what the configuration puts aside of the phases")
    measured: Path | None = Field(default=None, description="a file of what was measured for the phases")


@dataclass(frozen=True, slots=True)
class WorkingFolder:
    """A folder with a configuration that was read; paths in it are seen from the folder."""

    path: Path
    configuration: Configuration
    variables: Mapping[str, str]

    def place(self, path: Path) -> Path:
        """Give a path of the configuration as seen from anywhere."""
        return self.path / path

    @property
    def accounts(self) -> tuple[str, ...]:
        """The names of the accounts that have keys."""
        return tuple(self._handed_out() if self.configuration.keys else self.configuration.accounts)

    def member(self, account: str) -> str:
        """Give the number that an account has to have at the exchange; empty where any is right."""
        named = self.configuration.accounts.get(account)
        return "" if named is None else named.uid

    def keys(self, account: str) -> "Keys":
        """Give the keys of an account; fails with the variables that lack them."""
        from adapters.bybit.client import Keys

        if self.configuration.keys is not None:
            return self._handed_out()[account]
        named = self.configuration.accounts[account]
        lacking = [name for name in (named.key, named.secret) if not self.variables.get(name)]
        if lacking:
            raise Failure(
                f"Expected the keys of {account} in {' and '.join(lacking)}, found nothing there. Write them into "
                f"{self.path / SECRETS}, or set them in the environment.",
                ExitCode.USAGE,
            )
        return Keys(self.variables[named.key], self.variables[named.secret])

    def _handed_out(self) -> "dict[str, Keys]":
        """Read the keys that an exchange on this machine has written."""
        from adapters.bybit.client import Keys

        file = self.place(self.configuration.keys or Path())
        if not self.configuration.mode.stays_here:
            raise Failure(
                f"Expected `accounts` in {self.path / CONFIGURATION}: only modes local and paper read keys from a file."
            )
        try:
            members = json.loads(file.read_text(encoding="utf-8"))
            return {str(one["name"]): Keys(str(one["key"]), str(one["secret"])) for one in members}
        except (OSError, ValueError, KeyError, TypeError):
            raise Failure(
                f"Expected the keys of an exchange in {file}, found none. Start it: `eternal exchange --keys {file}`."
            ) from None


def working_folder(path: Path, mode: RunMode | None = None) -> WorkingFolder:
    """Read a working folder, with another mode where one is given; fails with a sentence for what can't be used."""
    file = path / CONFIGURATION
    if not file.is_file():
        raise Failure(
            f"Expected a configuration in {file}, found none. Make one with `eternal init {path}`.", ExitCode.USAGE
        )
    try:
        content = YAML(typ="safe").load(file.read_text(encoding="utf-8"))
        given: dict[str, Any] = content if isinstance(content, dict) else {}
        configuration = Configuration.model_validate(given | ({"mode": mode.value} if mode else {}))
    except YAMLError as error:
        raise Failure(f"Expected YAML in {file}, found something else: {error}", ExitCode.USAGE) from None
    except ValidationError as error:
        raise Failure(_mistakes(file, error), ExitCode.USAGE) from None
    return WorkingFolder(path, configuration, {**written_in(path / SECRETS), **os.environ})


def accounts_needed(folder: WorkingFolder, traded: list[str]) -> tuple[str, ...]:
    """Give the accounts of an engine: those of its books, and the reserve where it has keys."""
    from runtime.capital import RESERVE

    known = folder.accounts
    wanted = [*dict.fromkeys(traded), *([RESERVE] if RESERVE in known else [])]
    lacking = [name for name in wanted if name not in known]
    if lacking:
        where = folder.configuration.keys or f"{CONFIGURATION} under `accounts`"
        raise Failure(
            f"Expected the keys of {', '.join(lacking)} in {where}, found none. "
            f"The books {', '.join(folder.configuration.books)} trade there.",
            ExitCode.USAGE,
        )
    return tuple(wanted)


def written_in(file: Path) -> dict[str, str]:
    """Read `NAME=value` lines; what stands behind # at the start of a line is a comment."""
    if not file.is_file():
        return {}
    lines = (line.strip() for line in file.read_text(encoding="utf-8").splitlines())
    pairs = (line.partition("=") for line in lines if line and not line.startswith("#"))
    return {name.strip(): value.strip().strip("'\"") for name, _, value in pairs if value.strip()}


def _mistakes(file: Path, error: ValidationError) -> str:
    """Say each mistake with its place; what was written is not repeated, it may be a key in the wrong place."""
    told = [f"{file}: {'.'.join(map(str, one['loc'])) or 'the file'}: {one['msg']}." for one in error.errors()]
    return "\n".join([*told, f"Put this right in {file}."])
