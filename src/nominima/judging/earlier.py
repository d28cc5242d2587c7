"""The verdicts of another commit, read out of Git: nothing is checked out, and no code of that commit is run."""

import json
from pathlib import Path

from nominima.ground.files import Refusal
from nominima.ground.places import verdict
from nominima.judging.record import Verdict
from nominima.tracing import repository

FOLDER = "reports/verdicts"
LARGEST = 64 * 2**20  # bytes of a verdict
UNREAD = "a verdict in a form that this program does not read"


def earlier(root: Path, commit: str) -> dict[str, Verdict | str]:
    """Claim → its verdict in a commit, or why there is none to be had.

    Raises:
        Refusal: the commit has no verdicts at all.
    """
    stored = repository.blobs(root, commit, FOLDER)
    claims = {Path(path).stem: blob for path, blob in stored.items() if path == verdict(Path(path).stem)}
    claims.pop("scoreboard", None)
    if not claims:
        raise Refusal(
            f"commit {commit[:12]} has no verdicts in {FOLDER}; `git log --oneline -- {FOLDER}` lists those that do"
        )
    return {name: _read(root, blob) for name, blob in claims.items()}


def _read(root: Path, blob: str) -> Verdict | str:
    """A stored verdict, whatever its trace looks like."""
    try:
        told = json.loads(repository.contents(root, [blob], LARGEST)[0])
        told.pop("trace", None)
        return Verdict.model_validate_json(json.dumps(told, allow_nan=False))
    except Refusal as refusal:
        return str(refusal)
    except (ValueError, TypeError, AttributeError, RecursionError):
        return UNREAD
