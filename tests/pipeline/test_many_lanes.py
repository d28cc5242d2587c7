"""A stack of very many lanes, whose arguments no command line holds, through the real Snakemake."""

from pathlib import Path

import pytest
from project import ROOT, lay
from ruamel.yaml import YAML

from nominima.planning.workplace import commands

COUNT = 400  # whose files are more than the 1024 that a process may usually have open
LONG = 40  # figures in a label: so few lanes have arguments enough
LONGEST = 1 << 17  # bytes of one argument, as `sh -c` is given


@pytest.fixture
def params(tmp_path: Path) -> Path:
    """The smallest networks, trained for three steps with so many rates."""
    yaml = YAML(typ="safe", pure=True)
    given = yaml.load((ROOT / "tests/pipeline/params.yaml").read_text())
    rates = {f"r{index:0{LONG}}": {"rate": (index + 1) / 100_000} for index in range(COUNT)}
    given["training"] |= {"size": 2, "steps": 3, "seeds": 1}
    given["datasets"] = {"mnist1d": given["datasets"]["mnist1d"]}
    given |= {"sweeps": {"many": {"lanes": {"rate": rates}, "measures": ["norms"]}}, "claims": {}}
    path = tmp_path / "params.yaml"
    yaml.dump(given, path)
    return path


@pytest.mark.slow
def test_a_stack_of_very_many_lanes_is_trained(params: Path, tmp_path: Path) -> None:
    project = lay(tmp_path / "project", params)
    project.snakemake("all_train")
    assert len(list((project.root / "data/runs/many/base").iterdir())) == COUNT
    arguments = [plan.stat().st_size for plan in (project.root / ".snakemake/plans").glob("*.txt")]
    assert max(arguments) > LONGEST


@pytest.mark.parametrize("verb", ["train", "measure", "judge"])
def test_no_command_of_a_verb_that_reads_or_leaves_stacks_grows_with_them(verb: str) -> None:
    (command,) = set(commands(ROOT / "workflow/rules", verb))
    assert command == f"python -m nominima.verbs.{verb} @{{params.arguments}} > {{log}} 2>&1"
