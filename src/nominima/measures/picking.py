"""What is lost by stopping where a few validation examples say: regret by their number and by rule."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import polars as pl
import torch
from numpy.typing import NDArray

from nominima.ground.files import Refusal
from nominima.ground.records import Repeats
from nominima.measuring.subject import RunSubject
from nominima.measuring.table import frame
from nominima.training.evaluation import answers
from nominima.training.trajectory import Records, read_records

OF = "run"
KEY = ("seed", "by", "rule", "validated")
SCHEMA = {
    "seed": "Int64",
    "by": "String",
    "rule": "String",
    "validated": "Int64",
    "status": "String",
    "regret": "Float64",
    "noisy": "Float64?",
    "spent": "Float64?",
    "halved": "Float64?",
}
COUNTS = (20, 50, 100, 200, 400, 1000, 2000)
EVERY = "lowest"  # no rule: the lowest of the whole training
FIRST = 10  # step from which rules look: before it every single step is looked at
ALPHA_GL, ALPHA_PQ, STRIP, RISES = 5.0, 0.75, 5, 3
Floats = NDArray[np.float64]
Places = NDArray[np.intp]


class Curve(NamedTuple):
    """A lane at all points looked at.

    steps, train, test, noisy, accuracy: (point,); loss, right: (point, example) of the validation examples; halves:
    (2, checkpoint), test loss of both halves; kept: (checkpoint,), the points that are checkpoints.
    """

    steps: Floats
    train: Floats
    test: Floats
    noisy: Floats
    accuracy: Floats
    loss: Floats
    right: Floats
    halves: Floats
    kept: Places


def measure(subject: RunSubject, *, subsets: Repeats = 100) -> pl.DataFrame:
    """Regret of the point that validation examples pick: (f_picked − f_oracle)/(f_start − f_oracle), mean over subsets.

    f is the clean test loss; the oracle is its lowest of all points looked at, on the same test examples, which counts
    against validation. A point is picked by the mean loss of `validated` validation examples, expected under the noise
    of training, drawn without replacement `subsets` times; all of them are one subset. With `by` accuracy both f and
    what picks are accuracies, larger is better. Losses of single examples are those of the records, in float16.

    Rules (Prechelt 1998), with a point looked at from step 10 on for an epoch, E for the mean validation loss of the
    subset, E_opt for its lowest so far; each keeps the network of E_opt at the point where it stops, or at the end:
    `lowest`: none, the whole training is looked at; `never`: the end is kept; `GL`: stop where GL = 100·(E/E_opt − 1)
    exceeds 5; `PQ`: where, at the end of a strip of five points, GL exceeds .75·P, P = 1000·(mean of the training loss
    in the strip over its lowest there − 1); `UP`: where E has risen three times running.

    noisy: regret in test loss under the noise of training, f of which the validation loss is a sample.
    spent: steps until the rule stops, as a multiple of those of the network that is kept, geometric mean over subsets.
    halved: the regret on one half of the test examples (every other one) against the oracle of the other, mean of both
    ways, among the points at which parameters were kept; below 0 where the pick is better.

    Raises:
        Refusal: the run has no validation examples, or test examples were not looked at everywhere.
    """
    if subject.run.training.tested != "always":
        raise Refusal(f"picking: {subject.run.name} looked at test examples at its stops only; say `tested: always`")
    records = read_records(subject.run.folder, subject.run)
    whole = records.validation_right.shape[2]
    if whole == 0:
        raise Refusal(f"picking: {subject.run.name} has no validation examples; give its data set some")
    rows: list[dict[str, Any]] = []
    for lane, seed in enumerate(subject.seeds):
        told = {"seed": seed, "status": subject.status[lane]}
        curve = None if subject.status[lane] == "diverged" else _curve(subject, records, lane)
        for count in (*(count for count in COUNTS if count < whole), whole):
            weights = _weights(whole, count, subsets if count < whole else 1, seed)
            rows += [told | {"validated": count} | row for row in _rows(curve, weights)]
    return frame(rows, SCHEMA, KEY)


def _weights(whole: int, count: int, subsets: int, seed: int) -> Floats:
    """(example, subset): one over the count for the members of a subset, else 0."""
    draw = np.random.default_rng((seed, count))
    weights = np.zeros((whole, subsets))
    for column in weights.T:
        column[draw.permutation(whole)[:count]] = 1 / count
    return weights


def _curve(subject: RunSubject, records: Records, lane: int) -> Curve:
    its = subject.trajectory.metrics.filter(seed=subject.seeds[lane]).sort("step")
    names = ("step", "train_loss", "test_loss", "noisy_test_loss", "test_accuracy")
    steps, train, test, noisy, accuracy = (its[name].cast(pl.Float64).to_numpy() for name in names)
    parameters, split = subject.model.views(subject.trajectory.theta[:, lane]), subject.dataset.test
    own = answers(subject.model, parameters, torch.from_numpy(split.x), torch.from_numpy(split.y)).own.double().numpy()
    halves = np.stack([own[:, half::2].mean(axis=1) for half in (0, 1)])
    kept = np.searchsorted(steps, subject.trajectory.steps.numpy())
    loss, right = (part[:, lane].double().numpy() for part in (records.validation_loss, records.validation_right))
    return Curve(steps, train, test, noisy, accuracy, loss, right, halves, kept)


def _rows(curve: Curve | None, weights: Floats) -> Iterator[dict[str, Any]]:
    """What there is to tell of the subsets of one size: by, rule, and the numbers unless the lane is lost."""
    every = bool((weights > 0).all())
    if curve is None:
        yield from ({"by": by, "rule": rule} for by, rule in (*PICKS, *(NEVER if every else ())))
        return
    loss, right, last = curve.loss @ weights, curve.right @ weights, len(curve.steps) - 1
    stops = {rule: _first(fired(loss, curve)) for rule, fired in RULES.items()}
    stops[EVERY] = np.full(loss.shape[1], last)
    for rule, stop in stops.items():
        kept = np.where(np.arange(len(loss))[:, None] <= stop, loss, np.inf).argmin(axis=0)
        spent = np.log(curve.steps[stop] / np.maximum(curve.steps[kept], 1)).mean()
        told = {"regret": _regret(curve.test, kept), "noisy": _regret(curve.noisy, kept), "spent": np.exp(spent)}
        halved = {"halved": _halved(curve, loss[curve.kept].argmin(axis=0))} if rule == EVERY else {}
        yield {"by": "loss", "rule": rule} | told | halved
    yield {"by": "accuracy", "rule": EVERY, "regret": _regret(-curve.accuracy, right.argmax(axis=0))}
    if every:
        end = np.array([last])
        yield {"by": "loss", "rule": "never", "regret": _regret(curve.test, end)}
        yield {"by": "accuracy", "rule": "never", "regret": _regret(-curve.accuracy, end)}


def _regret(values: Floats, picked: Places) -> float:
    """Mean over picks of what is lost against the lowest of values (point,), in what was to be won from the start."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return float(((values[picked] - values.min()) / (values[0] - values.min())).mean())


def _halved(curve: Curve, picked: Places) -> float:
    """The same among checkpoints, with the oracle of one half of the test examples judged on the other."""
    with np.errstate(invalid="ignore", divide="ignore"):
        ways = [(other[picked] - other[one.argmin()]) / (other[0] - other[one.argmin()])
                for one, other in (curve.halves, curve.halves[::-1])]  # fmt: skip
    return float(np.mean(ways))


def _first(fired: NDArray[np.bool_]) -> Places:
    """Of each subset the first point (point, subset) at which a rule stops, else the last one."""
    return np.where(fired.any(axis=0), fired.argmax(axis=0), len(fired) - 1)


def generalisation_loss(loss: Floats) -> Floats:
    """GL of E (point, subset), percent."""
    return 100 * (loss / np.minimum.accumulate(loss, axis=0) - 1)


def _gl(loss: Floats, curve: Curve) -> NDArray[np.bool_]:
    return (generalisation_loss(loss) > ALPHA_GL) & (curve.steps >= FIRST)[:, None]


def _pq(loss: Floats, curve: Curve) -> NDArray[np.bool_]:
    progress = np.full(len(loss), np.inf)
    first = int(np.searchsorted(curve.steps, FIRST))
    for end in range(first + STRIP - 1, len(loss), STRIP):
        strip = curve.train[end - STRIP + 1 : end + 1]
        progress[end] = 1000 * (strip.mean() / strip.min() - 1)
    return generalisation_loss(loss) > ALPHA_PQ * progress[:, None]


def _up(loss: Floats, curve: Curve) -> NDArray[np.bool_]:
    rising = (np.diff(loss, axis=0, prepend=np.inf) > 0) & (curve.steps > FIRST)[:, None]
    return np.stack([rising[max(end - RISES + 1, 0) : end + 1].sum(axis=0) == RISES for end in range(len(loss))])


RULES = {"GL": _gl, "PQ": _pq, "UP": _up}
PICKS = (*(("loss", rule) for rule in (*RULES, EVERY)), ("accuracy", EVERY))
NEVER = (("loss", "never"), ("accuracy", "never"))
