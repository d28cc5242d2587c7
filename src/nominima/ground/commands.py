"""Commands that are started and waited for."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

from nominima.ground.files import Refusal


def run(command: Sequence[str], folder: Path = Path()) -> int:
    """Its exit code, as shells have it; interrupted, it ends what it has begun first.

    Raises:
        Refusal: there is no such command.
        KeyboardInterrupt: it was interrupted, and has ended.
    """
    try:
        process = subprocess.Popen(command, cwd=folder)  # noqa: S603 - no shell
    except FileNotFoundError:
        raise Refusal(f"{command[0]} is not installed here; `make install` installs all that is locked") from None
    try:
        code = process.wait()
    except KeyboardInterrupt:
        process.wait()
        raise
    return code if code >= 0 else 128 - code
