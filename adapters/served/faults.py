"""All that is to go wrong."""

from random import Random

from adapters.served.fault import Fault, FaultKind


class Faults:
    """Faults in the order in which they were asked for; chance comes from a seed. `struck` counts what happened."""

    def __init__(self, seed: int = 0) -> None:
        self._random = Random(seed)
        self._faults: list[Fault] = []
        self.struck: dict[FaultKind, int] = {}

    def add(self, fault: Fault) -> None:
        """Let something go wrong from now on."""
        self._faults.append(fault)

    def lift(self, kind: FaultKind | None = None) -> None:
        """Take back all faults, or those of one kind."""
        self._faults = [fault for fault in self._faults if kind is not None and fault.kind is not kind]

    def strike(self, kind: FaultKind, account: str = "", endpoint: str = "", after: bool | None = None) -> Fault | None:
        """Give the fault that strikes here, counting it; None where nothing goes wrong."""
        for fault in self._faults:
            if not fault.concerns(kind, account, endpoint) or after not in (None, fault.after):
                continue
            if fault.skip:
                fault.skip -= 1
                continue
            if self._random.random() >= fault.probability:
                continue
            fault.count = None if fault.count is None else fault.count - 1
            self.struck[kind] = self.struck.get(kind, 0) + 1
            return fault
        return None

    def standing(self, kind: FaultKind) -> Fault | None:
        """Give a fault that lasts rather than strikes, such as a wrong clock."""
        return next((fault for fault in self._faults if fault.kind is kind and fault.count != 0), None)
