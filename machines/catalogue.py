"""The machines that an engine's book may name."""

from collections.abc import Mapping
from types import MappingProxyType

from machines.core import CORE
from machines.funding import FUNDING
from machines.table import Table
from machines.tactical import TACTICAL
from machines.trend import TREND

MACHINES: Mapping[str, Table] = MappingProxyType({table.name: table for table in (CORE, TREND, FUNDING, TACTICAL)})
