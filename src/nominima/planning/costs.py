"""What jobs cost, as `make bench WORK=costs` measured it on one core: benchmarks/costs.json."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from pydantic import Field, ValidationError

from nominima.ground.files import Refusal, read
from nominima.ground.records import Strict
from nominima.planning import shelf
from nominima.planning.params import DatasetEntry
from nominima.planning.run import Training
from nominima.planning.steps import metric_steps

COSTS = shelf.SOURCE.parent.parent / "benchmarks/costs.json"
SPLITS = ("train", "validation", "test")
REMEDY = "`make bench WORK=costs` measures it again"

Amount = Annotated[float, Field(gt=0)]
Curve = Annotated[dict[Annotated[str, Field(pattern=r"^\d+$")], Amount], Field(min_length=1)]
"""size → CPU seconds; straight lines through log size and log seconds between and beyond."""


class Costs(Strict):
    """CPU seconds on one core."""

    job: dict[str, Amount] = Field(description="a typical job of prepare, judge, report, page and seal, start included")
    start: dict[str, Amount] = Field(description="a process of train or measure before its work")
    step: dict[str, Curve] = Field(description="family → size → a training step with Adam, per example and lane")
    answer: dict[str, Curve] = Field(description="family → size → an evaluation, per example and lane")
    optimizer: dict[str, Amount] = Field(description="a step with it, relative to one with Adam")
    measure: dict[str, Curve] = Field(description="measure → size of an mlp, or 0 → per lane, or at all")


def read_costs(path: Path = COSTS) -> Costs:
    """The stored costs.

    Raises:
        Refusal: the file is missing or damaged.
    """
    try:
        return Costs.model_validate_json(read(path))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise Refusal(f"{path}: not a file of costs ({where}: {first['msg']}); {REMEDY}") from None


def at(curve: dict[str, float], size: int) -> float:
    """A curve's value at a size: linear in logarithms between the two nearest sizes, and beyond the last two."""
    known = sorted((int(key), value) for key, value in curve.items())
    if len(known) == 1 or size == 0:
        return known[0][1]
    above = next((index for index, (key, _) in enumerate(known) if key >= size), len(known) - 1)
    (left, low), (right, high) = known[max(above, 1) - 1 : max(above, 1) + 1]
    share = (math.log(size) - math.log(left)) / (math.log(right) - math.log(left))
    return math.exp(math.log(low) + share * (math.log(high) - math.log(low)))


def training_seconds(training: Training, entry: DatasetEntry | None, costs: Costs) -> tuple[float, float]:
    """CPU seconds of a run without the start of its process: in all, and of its steps alone."""
    lanes, family = training.seeds * len(training.rates), training.model
    per_step = at(_nearest(costs.step, family), training.size) * costs.optimizer.get(training.optimizer, 1.0)
    steps = lanes * training.steps * training.batch * per_step
    looks = lanes * len(metric_steps(training.steps)) * _examples(training, entry)
    return steps + looks * at(_nearest(costs.answer, family), training.size), steps


def _nearest(curves: Mapping[str, dict[str, float]], family: str) -> dict[str, float]:
    """A family's curve; of one never measured, that of the dearest family."""
    return curves[family] if family in curves else max(curves.values(), key=lambda curve: at(curve, 64))


def _examples(training: Training, entry: DatasetEntry | None) -> int:
    """Examples looked at in an evaluation: those of all splits, the test split for clean and noisy labels at once."""
    told = {split: entry.options.get(split, 0) if entry else 0 for split in SPLITS}
    counts = {split: count if isinstance(count, int) else 0 for split, count in told.items()}
    return sum(counts.values()) - counts["train"] + (training.examples or counts["train"])
