import numpy as np
import polars as pl
import pytest
import torch
from torch.nn.functional import cross_entropy

from nominima.measures.perceptron_twins import SCHEMA, measure
from nominima.planning.steps import metric_steps
from nominima.training.feed import generator

SMALL = {"pairs": 2, "first_seed": 1000, "twins": 3, "examples": 12, "validation": 10, "width": 4, "steps": 60}


def by_hand(seed, copy, twins=3, examples=12, validation=10, width=4, steps=60, rate=0.2):
    """Both sets of a seed by autograd, a loop and torch's own layers: (start, stop, end) weights of the first layer."""
    source = generator(seed, "twins")
    beta = 0.5 * torch.randn(twins, generator=source)
    x, moved = torch.randn(2, 2, examples + validation, twins, generator=source)
    y = (torch.rand(2, examples + validation, generator=source) < torch.sigmoid(x @ beta)).long()
    inputs = torch.cat([x, x + copy * moved], dim=-1)
    found = []
    for each, labels in zip(inputs, y, strict=True):
        first, draw = [], generator(seed, "initial")
        for out, fan_in, gain in ((width, 2 * twins, 2**0.5), (width, width, 2**0.5), (2, width, 1.0)):
            weight = torch.randn(out * fan_in, generator=draw).view(out, fan_in) * gain / fan_in**0.5
            first += [weight, torch.zeros(out)]
        first[0][:, twins:] = first[0][:, :twins]
        parameters = [part.requires_grad_() for part in first]

        def loss(rows, labels=labels, parameters=parameters, each=each):
            hidden = each[rows]
            for weight, bias in zip(parameters[:-2:2], parameters[1:-2:2], strict=True):
                hidden = torch.relu(hidden @ weight.T + bias)
            return cross_entropy(hidden @ parameters[-2].T + parameters[-1], labels[rows])

        seen, kept = [], []
        for step in range(steps + 1):
            if step in metric_steps(steps):
                seen.append(loss(slice(examples, None)).item())
                kept.append(parameters[0].detach().clone())
            gradients = torch.autograd.grad(loss(slice(examples)), parameters)
            with torch.no_grad():
                for part, its in zip(parameters, gradients, strict=True):
                    part -= rate * its
        at = int(np.argmin(seen))
        found.append((kept[0], kept[at], kept[-1], seen[at], seen[-1], at in (0, len(seen) - 1)))
    return found


def agreed(one, other):
    return np.corrcoef(one.flatten(), other.flatten())[0, 1]


@pytest.fixture(scope="module")
def table() -> pl.DataFrame:
    return measure(None, **SMALL)


def test_rows_and_columns(table):
    assert table.columns == list(SCHEMA)
    points = [(copy, seed, point) for copy in (0.05, 1.0) for seed in (1000, 1001) for point in ("best", "end")]
    assert table.select("copy", "seed", "point").rows() == points
    assert set(table["coefficients"]) == {24}


@pytest.mark.parametrize("copy", [0.05, 1.0])
@pytest.mark.parametrize("seed", [1000, 1001])
def test_weights_are_those_of_a_loop_by_hand(table, seed, copy):
    (start, best, end, low, last, edge), (_, best2, end2, low2, last2, edge2) = by_hand(seed, copy)
    for point, one, other, loss in (("best", best, best2, (low + low2) / 2), ("end", end, end2, (last + last2) / 2)):
        row = table.row(by_predicate=(pl.col("copy") == copy) & (pl.col("seed") == seed) & (pl.col("point") == point),
                        named=True)  # fmt: skip
        if point == "best" and (edge or edge2):
            assert (row["status"] == "ok", row["difference"]) == (False, None)
            continue
        apart, both = ([its[:, :3] + sign * its[:, 3:] for its in (one, other)] for sign in (-1, 1))
        begun = start[:, :3] + start[:, 3:]
        assert row["difference"] == pytest.approx(agreed(*apart), abs=1e-3)
        assert row["sum"] == pytest.approx(agreed(*(its - begun for its in both)), abs=1e-3)
        assert row["validation"] == pytest.approx(loss, rel=1e-4)


def test_sums_agree_and_differences_only_of_copies_that_can_be_told_apart():
    many = measure(None, pairs=20, first_seed=1000, steps=300)
    means = many.filter(point="best").group_by("copy").agg(pl.col("difference", "sum").mean()).sort("copy")
    assert all(total > 0.4 for total in means["sum"])
    like, unlike = means["difference"]
    assert abs(like) < 0.05
    assert unlike > 0.1


def test_rows_do_not_depend_on_what_else_is_asked(table):
    alone, both = measure(None, **SMALL | {"pairs": 1, "first_seed": 1001}), table.filter(seed=1001)
    for name, column in alone.to_dict().items():
        found, expected = column.to_list(), both[name].to_list()
        assert found == (pytest.approx(expected, abs=1e-4) if name in ("difference", "sum", "validation") else expected)
