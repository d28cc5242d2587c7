"""The instruments work where nothing of the pipeline is installed: `pip install .` without an extra."""

import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
BLOCKED = """
import sys
sys.modules |= dict.fromkeys({blocked!r})
import nominima
from nominima import landscape
assert all(getattr(nominima, name).__doc__ for name in landscape.__all__)
"""


def blocked() -> list[str]:
    """The import names of what the extra `pipeline` asks for."""
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    asked = {canonicalize_name(Requirement(line).name) for line in extras["pipeline"]}
    found = {name for name, of in packages_distributions().items() if asked & set(map(canonicalize_name, of))}
    assert {"altair", "dvc", "png", "polars", "ruamel", "safetensors", "sklearn", "snakemake", "vl_convert"} <= found
    return sorted(found)


def test_every_instrument_and_the_example_of_the_readme_work_without_the_pipelines_packages() -> None:
    (example,) = re.findall(r"```python\n(import torch\n.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    program = BLOCKED.format(blocked=blocked()) + example
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr
    assert "gradient noise scale" in done.stdout
