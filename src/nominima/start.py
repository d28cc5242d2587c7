"""Where the command `nominima` begins: a library that is missing is named, with what installs it."""

import sys


def main() -> None:
    """Run the command line."""
    try:
        from nominima.cli import app
    except ModuleNotFoundError as missing:
        sys.exit(f"{missing.name} is not installed here; in a clone `make install` installs all that is locked, "
                 "elsewhere `pip install 'nominima[pipeline]'`")  # fmt: skip
    app()
