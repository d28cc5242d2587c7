"""What `nominima verify` says of the project in the current folder."""

import json
from pathlib import Path
from typing import Any

from typer.testing import CliRunner, Result

from nominima.cli import app


def run(*arguments: str) -> Result:
    result = CliRunner().invoke(app, ["verify", *arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def report() -> dict[str, Any]:
    return json.loads(run("--json").stdout)


def named() -> list[str]:
    return [finding["path"] for finding in report()["findings"]]


def flip(path: str, at: int = -1) -> None:
    content = bytearray(Path(path).read_bytes())
    content[at] ^= 1
    Path(path).write_bytes(content)
