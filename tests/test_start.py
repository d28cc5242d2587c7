"""The command `nominima` begins, or says what is missing."""

import subprocess
import sys

from typer.testing import CliRunner

from nominima.cli import app, results


def test_a_library_that_is_missing_is_named_with_what_installs_it() -> None:
    begun = "import sys; sys.modules['typer'] = None; from nominima.start import main; main()"
    ran = subprocess.run([sys.executable, "-c", begun], capture_output=True, text=True, check=False)
    assert ran.stderr == (
        "typer is not installed here; in a clone `make install` installs all that is locked, "
        "elsewhere `pip install 'nominima[pipeline]'`\n"
    )
    assert ran.returncode == 1


def test_the_command_line_begins() -> None:
    begun = "import sys; sys.argv = ['nominima', '--help']; from nominima.start import main; main()"
    ran = subprocess.run([sys.executable, "-c", begun], capture_output=True, text=True, check=True)
    assert "verdicts" in ran.stdout


def test_ctrl_c_ends_with_130(monkeypatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(results, "walk_code", interrupted)
    assert CliRunner().invoke(app, ["trace", "--code", "1a2b3c4d5e6f"]).exit_code == 130
