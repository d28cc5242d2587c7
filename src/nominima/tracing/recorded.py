"""Whether a file's trace is recorded with other bytes: by its ledger, else by that of Git's HEAD, else by DVC.

The ledger that lies here can be deleted, and with it what it says about an edited file; the commit and dvc.lock remain.
"""

import hashlib
from functools import cached_property
from pathlib import Path

from nominima.ground.files import REMEDY, Refusal
from nominima.ground.places import ledger, owner
from nominima.tracing import repository
from nominima.tracing.history import source_at
from nominima.tracing.ledger import Ledger
from nominima.tracing.seen import read_seen


class Elsewhere:
    """The records beside the ledgers that lie below `root`; read when one is first asked for."""

    def __init__(self, root: Path = Path()) -> None:
        self._root = root

    @cached_property
    def _head(self) -> dict[str, Ledger]:
        commit = repository.head(self._root)
        return source_at(self._root, commit).ledgers if commit else {}

    @cached_property
    def _cached(self) -> dict[str, Path]:
        from nominima.tracing import store  # DVC's configuration takes half a second, and is seldom asked for

        try:
            return store.recorded((self._root / "dvc.lock").read_bytes(), store.objects(self._root))
        except (OSError, Refusal):
            return {}

    def other(self, file: str, sha256: str, key: str) -> str | None:
        """Which record has a file with the trace of this key and other bytes; None: none does."""
        told = self._head.get(owner(file))
        if told and _tells(told, file, key) and told.digests[file] != sha256:
            return f"{ledger(told.verb)} of Git's HEAD"
        kept = self._cached.get(file)
        if kept is None or not kept.is_file() or _md5(self._root / file) == kept.parent.name + kept.name:
            return None
        return "dvc.lock" if read_seen(kept).key == key else None


def edited(file: str, sha256: str, key: str, told: Ledger | None, elsewhere: Elsewhere) -> str | None:
    """What to say about a file whose trace is recorded with other bytes; None: no record contradicts it."""
    if told and _tells(told, file, key):
        record = ledger(told.verb) if told.digests[file] != sha256 else None
    else:
        record = elsewhere.other(file, sha256, key)
    return record and (
        f"{file}: edited by hand, damaged, or its job is not deterministic: {record} has other bytes for its trace; "
        f"delete this file, then {REMEDY}; if that ends here again, this machine gives other bytes: "
        f"delete {ledger(owner(file))} and dvc.lock and commit that, to accept them"
    )


def _tells(told: Ledger, file: str, key: str) -> bool:
    return file in told.makers and told.key(file) == key


def _md5(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "md5").hexdigest()
