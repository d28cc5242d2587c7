"""What jobs cost, as benchmarks and their own logs say, on one core: benchmarks/costs.json."""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from statistics import median
from typing import Annotated

from pydantic import Field, ValidationError

from nominima.ground.files import Refusal, read
from nominima.ground.records import Strict
from nominima.planning import shelf
from nominima.planning.params import DatasetEntry
from nominima.planning.run import Options, Training
from nominima.planning.steps import checkpoint_steps, metric_steps

COSTS = shelf.SOURCE.parent.parent / "benchmarks/costs.json"
SPLITS = ("train", "validation", "test")
REMEDY = "`make bench WORK=costs` measures it again"
COPIES = 10  # of the parameters of all lanes, in memory while they are trained
THRESHOLDS = ("exact", "largest")  # counts of a measure of a run: sizes of networks, not how much is done
LIMITS = ("seeds", "pairs")  # counts of a measure of a run: it looks at so many of its networks at most
FLOAT, RECORD = 4, 3  # bytes of a parameter, and of what is kept of a lane's answer to an example

Amount = Annotated[float, Field(gt=0)]
Curve = Annotated[dict[Annotated[str, Field(pattern=r"^\d+$")], Amount], Field(min_length=1)]
"""size → CPU seconds; straight lines through log size and log seconds between and beyond."""


class Measured(Strict):
    """What a measure cost: per network of a run that it looked at, or at all."""

    counts: dict[str, Annotated[int, Field(ge=1)]] = Field(description="its whole numbers of 1 and more, as they were")
    curves: Annotated[dict[str, Curve], Field(min_length=1)] = Field(
        description="family → size → CPU seconds a network; of no run: '' → 0"
    )


class Costs(Strict):
    """CPU seconds on one core, and memory."""

    job: dict[str, Amount] = Field(description="a typical job of prepare, judge, report, page and seal, start included")
    start: dict[str, Amount] = Field(description="a process of train or measure before its work")
    step: dict[str, Curve] = Field(description="family → size → a training step with Adam, per example and lane")
    answer: dict[str, Curve] = Field(description="family → size → an evaluation, per example and lane")
    optimizer: dict[str, Amount] = Field(description="a step with it, relative to one with Adam")
    measure: dict[str, Measured] = Field(description="measure → what it cost, and with which options")
    parameters: dict[str, Curve] = Field(description="family → size → how many parameters")
    memory: dict[str, Amount] = Field(description="verb → bytes that a job holds at most, without its parameters")


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
    """A curve's value at a size: linear in logarithms between the two nearest sizes, and beyond the last two if it
    rises there, else level.
    """
    known = sorted((int(key), value) for key, value in curve.items())
    if len(known) == 1 or size == 0:
        return known[0][1]
    above = next((index for index, (key, _) in enumerate(known) if key >= size), len(known) - 1)
    (left, low), (right, high) = known[max(above, 1) - 1 : max(above, 1) + 1]
    share = (math.log(size) - math.log(left)) / (math.log(right) - math.log(left))
    if high < low:
        share = min(max(share, 0.0), 1.0)
    return math.exp(math.log(low) + share * (math.log(high) - math.log(low)))


def training_seconds(training: Training, entry: DatasetEntry | None, costs: Costs) -> tuple[float, float]:
    """CPU seconds of a run without the start of its process: in all, and of its steps alone."""
    lanes, family = training.seeds * len(training.rates), training.model
    per_step = at(_nearest(costs.step, family), training.size) * costs.optimizer.get(training.optimizer, 1.0)
    steps = 0.0 if training.checkpoints else lanes * training.steps * training.batch * per_step
    splits, points = _splits(training, entry), len(metric_steps(training.steps))
    tests = points if training.tested == "always" else 4  # the start, two stops and the end
    looks = lanes * (points * (splits["train"] + splits["validation"]) + tests * splits["test"])
    return steps + looks * at(_nearest(costs.answer, family), training.size), steps


def measuring_seconds(name: str, options: Options, training: Training | None, costs: Costs) -> float:
    """CPU seconds of a measure of a run, or of a data set or theory; of one never measured, those of a typical one.

    They are taken to grow with each of its whole numbers, as `starts` or `points`, in proportion.
    """
    family, size, limits = (training.model, training.size, LIMITS) if training else ("", 0, ())
    now, known = counts(name, options), costs.measure.get(name)
    networks = looked_at(now, training.seeds) if training else 1
    if known is None:
        alike = [at(_nearest(each.curves, family), size) for each in costs.measure.values()]
        return networks * median(alike)
    grown = math.prod(now[key] / value for key, value in known.counts.items() if key in now and key not in limits)
    return networks * grown * at(_nearest(known.curves, family), size)


def looked_at(told: Mapping[str, int], lanes: int) -> int:
    """How many networks of a run of so many lanes a measure with such counts looks at."""
    return min([lanes, *(told[name] for name in LIMITS if name in told)])


def counts(name: str, options: Options) -> dict[str, int]:
    """The options of a measure that count something from 1 on, those with their default among them."""
    known = shelf.options("measures", name)
    whole = {
        key for key, field in known.model_fields.items() if any(getattr(its, "ge", 0) == 1 for its in field.metadata)
    }
    counted = [key for key in known.model_fields if key in whole and key not in THRESHOLDS]
    told = known.model_validate_json(json.dumps(options))
    return {key: getattr(told, key) for key in counted}


def training_bytes(training: Training, entry: DatasetEntry | None, costs: Costs) -> tuple[float, float]:
    """Bytes of a run: in memory while it is trained, without what any job holds; and on disk afterwards."""
    parameters = at(_nearest(costs.parameters, training.model), training.size)
    splits = _splits(training, entry)
    points, kept = len(metric_steps(training.steps)), len(checkpoint_steps(training.steps)) + 2
    files = training.seeds * (FLOAT * parameters * kept + RECORD * points * (splits["train"] + splits["validation"]))
    return COPIES * FLOAT * parameters * training.seeds * len(training.rates), files


def _nearest(curves: Mapping[str, dict[str, float]], family: str) -> dict[str, float]:
    """A family's curve; of one never measured, that of the most expensive family."""
    return curves[family] if family in curves else max(curves.values(), key=lambda curve: at(curve, 64))


def _splits(training: Training, entry: DatasetEntry | None) -> dict[str, int]:
    """Examples of each split, of training those that the run takes; 0 where its data set does not say."""
    told = {split: entry.options.get(split, 0) if entry else 0 for split in SPLITS}
    known = {split: count if isinstance(count, int) else 0 for split, count in told.items()}
    return known | {"train": training.examples or known["train"]}
