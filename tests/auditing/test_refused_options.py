"""Options of `nominima audit` that contradict each other, refused before anything is read."""

import pytest
from typer.testing import CliRunner

from nominima.cli import app


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--spot", "1", "--from", "data"], "leave out --from"),
        (["--seeds", "1000", "--from", "data"], "leave out --from and --spot"),
        (["--seeds", "0", "--spot", "1"], "leave out --from and --spot"),
        (["--seeds", "1000", "--run-its-code"], "leave out --run-its-code"),
        (["--lot", "1"], "give --spot too"),
        (["--codecheck", "--no-receipt"], "leave out --no-receipt"),
    ],
)
def test_they_are_refused_in_a_sentence(options: list[str], told: str) -> None:
    done = CliRunner().invoke(app, ["audit", "all", *options])
    assert done.exit_code == 1
    assert done.output.count("\n") == 1
    assert told in done.output
