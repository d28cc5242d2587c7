"""The examples of docs/training.md are sweeps that can be planned."""

import json
import re
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from nominima.planning.plan import Plan
from nominima.planning.reader import load
from nominima.planning.run import FREE, Training

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/training.md").read_text()


def test_its_sweeps_can_be_planned(tmp_path: Path) -> None:
    tree: dict[str, Any] = YAML(typ="safe", pure=True).load((ROOT / "tests/params.smoke.yaml").read_text())
    [example] = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    tree["sweeps"] |= YAML(typ="safe", pure=True).load(example)["sweeps"]
    file = tmp_path / "params.yaml"
    file.write_text(json.dumps(tree))
    jobs = Plan(load(file)).train
    assert {name for name in jobs if name.split("/")[0] in ("starts", "students", "round-1")} == {
        "starts/w4", "starts/w8", "students/base", "round-1/base",
    }  # fmt: skip
    assert "data/runs/round-1/base/ticket/parameters.safetensors" in jobs["round-2/base"].inputs


def test_it_tells_of_every_knob() -> None:
    table = PAGE.partition("## What can be set")[2].partition("## Runs that")[0]
    assert {name for name in Training.model_fields if f"`{name}`" not in table} == set()
    told = PAGE.partition("and changes no shape (")[2].partition(")")[0]
    assert set(re.findall(r"`(\w+)`", told)) == FREE
