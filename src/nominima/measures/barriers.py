"""Barriers between independent solutions: on straight ways and fitted curves, before and after matching of units."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
import torch
from torch import Tensor

from nominima.ground.files import Refusal
from nominima.ground.records import Count, Positive
from nominima.landscape.matching import Symmetry, match, permuted, sequential
from nominima.landscape.paths import bezier, straight
from nominima.measuring.curves import Ways, fit, losses
from nominima.measuring.subject import RunSubject
from nominima.measuring.table import frame

OF = "run"
APART = True
KEY = ("seed", "ends", "path")
SCHEMA = {
    "seed": "Int64",
    "ends": "String",
    "path": "String",
    "other": "Int64",
    "status": "String",
    "barrier": "Float64",
    "won": "Float64",
    "share": "Float64",
    "train_barrier": "Float64",
    "train_won": "Float64",
    "train_share": "Float64",
    "fitted": "Int64",
    "stopped": "Float64?",
    "restored": "Float64?",
}
FITTED = ("curve", "curve_matched", "walled", "planted")
MATCHED = ("straight_matched", "curve_matched", "shuffled", "planted")
PATHS = ("straight", "straight_matched", "curve", "curve_matched", "walled", "shuffled", "planted")


def measure(
    subject: RunSubject,
    *,
    pairs: Count = 8,
    points: Count = 25,
    steps: Count = 2048,
    restarts: Count = 3,
    wall: Positive = 0.2,
    overtrained: bool = False,
) -> pl.DataFrame:
    """How much higher the loss gets between two solutions than at its higher end, nats and share of what was won.

    The ways lead from a seed's solution to the next seed's, the last seed's next being the first, for the first
    `pairs` seeds; ends `best`: the stops by validation loss, and, with `overtrained`, `end`: the last steps. path:
    `straight`; `curve`, a quadratic Bézier curve fitted for at most `steps` steps to all training examples as the run
    was, and stopped by validation (measuring/curves.py; Garipov et al. 2018); `_matched`: after the other's units were
    put in the order that brings it nearest (weight matching, Ainsworth et al. 2023), the best of the given order and
    `restarts` random ones. `unmatched`: the family has no units that can be put in another order.

    Controls: `walled`, the matched curve fitted to and judged by a loss with a wall between the ends, Gaussian across
    the hyperplane midway and as high as puts the middle of the matched curve `wall` of what was won above the higher
    end: no curve can avoid it. `shuffled`, straight to a copy of one
    solution whose units were put in random order, and `planted`, a curve fitted from it to that copy after matching;
    restored: the share of the units that matching puts back.

    barrier: the highest mean cross-entropy, nats, of the clean test examples at the inner ones of `points` evenly
    spaced points less that of the higher end; below 0 where all of them are better than it. won: mean of the two starts
    less that of the two stops by validation; share: barrier/won. train_*: the same of all training examples with the
    labels that the seed was trained on. fitted: steps allowed a curve, 0 on straight ways; stopped: that at which its
    validation loss was lowest, `fitted` where it was still falling. A pair is `diverged` if either seed is, a single
    seed `alone`; where nothing was won a row has no share and is `not_finite`.

    Raises:
        Refusal: there are fewer than three points; the data set has no validation examples.
    """
    if points < 3:
        raise Refusal(f"barriers: points is {points}; a way has two ends and a point between")
    rows: list[dict[str, Any]] = []
    count = len(subject.seeds)
    couples = [(lane, (lane + 1) % count) for lane in range(min(pairs, count))]
    sound = [pair for pair in couples if _state(subject, *pair) == "ok"]
    for ends in ("best", "end") if overtrained else ("best",):
        if sound:
            rows += _measured(subject, ends, sound, _Options(points, steps, restarts, wall))
        rows += [
            {**_told(subject, ends, pair, path, steps), "status": _state(subject, *pair)}
            for pair in couples
            if pair not in sound
            for path in PATHS
        ]
    return frame(rows, SCHEMA, KEY)


@dataclass(frozen=True)
class _Options:
    points: int
    steps: int
    restarts: int
    wall: float


@dataclass(frozen=True)
class _Way:
    """From one lane's solution to a target (param,); None: there is none."""

    pair: tuple[int, int]
    path: str
    target: Tensor | None
    restored: float | None = None


@dataclass(frozen=True)
class _Seen:
    """Losses (2, point) along a way, of test and training examples, and the step at which its curve was stopped."""

    losses: Tensor
    stopped: float | None


def _state(subject: RunSubject, lane: int, other: int) -> str:
    if "diverged" in (subject.status[lane], subject.status[other]):
        return "diverged"
    return "alone" if lane == other else "ok"


def _told(subject: RunSubject, ends: str, pair: tuple[int, int], path: str, steps: int) -> dict[str, Any]:
    seed, other = (subject.seeds[lane] for lane in pair)
    return {"seed": seed, "ends": ends, "path": path, "other": other, "fitted": steps if path in FITTED else 0}


def _measured(
    subject: RunSubject, ends: str, pairs: list[tuple[int, int]], options: _Options
) -> Iterator[dict[str, Any]]:
    """A row for each way of each pair; all curves are fitted side by side, those over walls last."""
    theta, gains, symmetry = subject.points()[ends], _gains(subject, pairs), _symmetry(subject)
    ways = [way for pair in pairs for way in _ways(subject, theta, pair, symmetry, options.restarts)]
    seen: dict[tuple[tuple[int, int], str], _Seen] = {}
    for group in _in_order(ways):
        walls = [_height(way, seen, gains[way.pair], options) for way in group]
        found = _looked_at(subject, theta, group, walls, options)
        seen |= {(way.pair, way.path): one for way, one in zip(group, found, strict=True)}
    for way in ways:
        told = _told(subject, ends, way.pair, way.path, options.steps)
        if way.target is None:
            yield {**told, "status": "unmatched"}
        else:
            one = seen[way.pair, way.path]
            yield {**told, **_row(one.losses, gains[way.pair]), "stopped": one.stopped, "restored": way.restored}


def _in_order(ways: list[_Way]) -> list[list[_Way]]:
    """Straight ways, curves, and curves over walls, whose height depends on those."""
    there = [way for way in ways if way.target is not None]
    walled = [way for way in there if way.path == "walled"]
    bent = [way for way in there if way.path in FITTED and way.path != "walled"]
    return [[way for way in there if way.path not in FITTED], bent, walled]


def _height(way: _Way, seen: dict[tuple[tuple[int, int], str], _Seen], gain: Tensor, options: _Options) -> Tensor:
    """Heights (test, train) of a way's wall, nats: what was won times `wall` above the higher end."""
    if way.path != "walled":
        return torch.zeros(2, dtype=torch.float64)
    same = seen.get((way.pair, "curve_matched")) or seen[way.pair, "curve"]
    higher, middle = torch.maximum(same.losses[:, 0], same.losses[:, -1]), same.losses[:, options.points // 2]
    return options.wall * gain + (higher - middle).clamp(min=0)


def _looked_at(
    subject: RunSubject, theta: Tensor, group: list[_Way], walls: list[Tensor], options: _Options
) -> Iterator[_Seen]:
    """The losses along each way of a group, which are all fitted or all straight."""
    targets = [way.target for way in group if way.target is not None]
    lanes = [way.pair[0] for way in group]
    if not lanes:
        return
    seeds, heights = [subject.seeds[lane] for lane in lanes], torch.stack(walls)
    ways = Ways(theta[lanes], torch.stack(targets), subject.labels[lanes], seeds, heights[:, 1].float())
    bent = group[0].path in FITTED
    middles, stopped = fit(subject, ways, options.steps) if bent else (None, None)
    for lane in range(len(group)):
        one = ways.take([lane])
        if middles is None or stopped is None:
            path, stop = straight(one.start, one.end, options.points), None
        else:
            path, stop = bezier(one.start, middles[lane][None], one.end, options.points), float(stopped[lane])
        found = _on_both(subject, path, one.labels)[:, 0] + heights[lane][:, None] * one.profile(path)
        yield _Seen(found, stop)


def _gains(subject: RunSubject, pairs: list[tuple[int, int]]) -> dict[tuple[int, int], Tensor]:
    """What training won up to the stops, (test, train) nats, means of both lanes of a pair."""
    init, best = (subject.points()[name] for name in ("init", "best"))
    four = torch.stack([torch.cat([init[[*pair]], best[[*pair]]]) for pair in pairs])
    both = _on_both(subject, four, subject.labels[[lane for lane, _ in pairs]])
    won = both[..., :2].mean(-1) - both[..., 2:].mean(-1)
    return dict(zip(pairs, won.T, strict=True))


def _on_both(subject: RunSubject, path: Tensor, labels: Tensor) -> Tensor:
    """Losses (2, lane, point) on the clean test examples and on those trained on."""
    return torch.stack([losses(subject, path), losses(subject, path, labels)])


def _symmetry(subject: RunSubject) -> Symmetry | None:
    """How the units may be put in another order; None where the family is no chain of layers."""
    try:
        found = sequential(leaf.shape for leaf in subject.model.layout)
    except Refusal:
        return None
    start = subject.points()["init"][:1]
    turned = permuted(found, start, [np.arange(size)[::-1].copy() for size in found.sizes])
    one, two = (subject.model.forward(subject.model.views(theta), subject.x[:8]) for theta in (start, turned))
    return found if torch.allclose(one, two, rtol=1e-3, atol=1e-3 * float(one.abs().max())) else None


def _ways(
    subject: RunSubject, theta: Tensor, pair: tuple[int, int], symmetry: Symmetry | None, restarts: int
) -> Iterator[_Way]:
    one, two = theta[[*pair]]
    near, copy, back, restored = None, None, None, None
    if symmetry is not None:
        seed = subject.seeds[pair[0]]
        near, _ = match(symmetry, one, two, restarts=restarts, seed=seed)
        copy, back, restored = _planted(symmetry, one, restarts, seed)
    walled = two if near is None else near
    targets = {"straight": two, "straight_matched": near, "curve": two, "curve_matched": near, "walled": walled}
    for path, target in (targets | {"shuffled": copy, "planted": back}).items():
        yield _Way(pair, path, target, restored if path == "planted" else None)


def _planted(symmetry: Symmetry, one: Tensor, restarts: int, seed: int) -> tuple[Tensor, Tensor, float]:
    """A copy with its units in random order, that copy matched with the original, and the share of units put back."""
    random = np.random.default_rng(seed)
    orders = [random.permutation(size) for size in symmetry.sizes]
    copy = permuted(symmetry, one, orders)
    back, found = match(symmetry, one, copy, restarts=restarts, seed=seed)
    places = [order[its] == np.arange(len(order)) for order, its in zip(orders, found, strict=True)]
    return copy, back, float(np.concatenate(places).mean())


def _row(found: Tensor, gain: Tensor) -> dict[str, Any]:
    """The numbers of one way from its losses (2, point), test and train, and what was won of both."""
    rise = found[:, 1:-1].amax(1) - torch.maximum(found[:, 0], found[:, -1])
    share = torch.where(gain > 0, rise / gain, torch.nan)
    numbers = zip(rise.tolist(), gain.tolist(), share.tolist(), strict=True)
    test, train = (dict(zip(("barrier", "won", "share"), each, strict=True)) for each in numbers)
    return {"status": "ok", **test, **{f"train_{name}": value for name, value in train.items()}}
