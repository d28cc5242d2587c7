"""The params of docs/own-data.md can be planned, and each of its claims is asked on the reader's data alone."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from nominima.datasets.idx import read_idx
from nominima.planning.plan import Plan
from nominima.planning.reader import load

PAGE = (Path(__file__).parents[2] / "docs/own-data.md").read_text()


def test_the_params_of_the_page_ask_three_claims_of_the_readers_files(tmp_path: Path) -> None:
    (tmp_path / "params.yaml").write_text(PAGE.partition("```yaml\n")[2].partition("```")[0])
    plan = Plan(load(tmp_path / "params.yaml"))
    assert set(plan.prepare) == {"mine"}
    assert len(plan.prepare["mine"].inputs) == 4
    assert set(plan.params.claims) == {"c0a_bigger_is_better", "c1b_parameter_distances", "c4b_near_convex"}
    assert {run.training.dataset for run in plan.runs.values()} == {"mine"}


def test_the_code_that_writes_idx_files_writes_what_is_read(tmp_path: Path) -> None:
    written: dict[str, Any] = {}
    exec(PAGE.partition("```python\n")[2].partition("```")[0], written)
    images = np.arange(2 * 3 * 4).reshape(2, 3, 4)
    write: Callable[[str, np.ndarray], None] = written["write_idx"]
    write(str(tmp_path / "images.gz"), images)
    assert (read_idx(tmp_path / "images.gz", 3) == images).all()
