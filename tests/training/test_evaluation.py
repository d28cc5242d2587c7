import dataclasses
from typing import Any

import pytest
import torch

from nominima.models import mlp
from nominima.training import evaluation
from nominima.training.evaluation import Means, answers, mean_losses, means, passes, scores
from nominima.training.model import Model, Parameters

LANES = 3


def case(examples: int, width: int = 4) -> tuple[Model, Parameters, torch.Tensor, torch.Tensor]:
    model, source = mlp.build(width, (3,), 5), torch.Generator().manual_seed(2)
    leaves = model.views(torch.stack([model.initial(source) for _ in range(LANES)]))
    x, labels = torch.randn(examples, 3, generator=source), torch.randint(0, 5, (LANES, examples), generator=source)
    return model, leaves, x, labels


def test_parts_are_the_whole(monkeypatch):
    model, leaves, x, labels = case(11)
    whole, mean = answers(model, leaves, x, labels), means(model, leaves, x, labels)
    monkeypatch.setattr(evaluation, "AT_ONCE", 40)  # of the 4 examples and 2 lanes that the next line leaves
    monkeypatch.setattr(evaluation, "FEWEST", 4)
    assert len(list(passes(model, leaves, x))) == 3 * 2
    for one, other in zip(whole, answers(model, leaves, x, labels), strict=True):
        torch.testing.assert_close(one, other)
    for one, other, kept in zip(mean, means(model, leaves, x, labels), whole.means, strict=True):
        torch.testing.assert_close(one, other)
        torch.testing.assert_close(one, kept)
    for one, other in zip(mean_losses(model, leaves, x, labels), means(model, leaves, x, labels)[:2], strict=True):
        assert torch.equal(one, other)
    logits = model.forward(leaves, x)
    assert torch.equal(whole.right, logits.argmax(-1) == labels)
    loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), labels.flatten(), reduction="none")
    torch.testing.assert_close(whole.own, loss.view(LANES, -1))


@pytest.mark.parametrize("examples", [1_000, 20_000])
@pytest.mark.parametrize("width", [4, 700, 3000])
def test_no_intermediate_grows_with_examples_or_lanes(examples, width):
    model, leaves, x, labels = case(examples, width)
    made: list[int] = []

    def forward(parameters: Parameters, inputs: torch.Tensor) -> torch.Tensor:
        made.append(len(parameters["weight1"]) * len(inputs) * width)
        return torch.zeros(len(parameters["weight1"]), len(inputs), 5)

    counted = dataclasses.replace(model, forward=forward)
    assert all(part.shape == (LANES,) for part in means(counted, leaves, x, labels))
    assert max(made) <= max(evaluation.AT_ONCE, evaluation.FEWEST * width)
    assert sum(made) == LANES * examples * width


def test_the_examples_taken_together_do_not_depend_on_the_lanes():
    model, leaves, x, _ = case(2_000, 700)

    def cut(parameters: Parameters) -> set[Any]:
        return {(here.start, here.stop) for (_, here), _ in passes(model, parameters, x)}

    assert cut(leaves) == cut({name: leaf[:1] for name, leaf in leaves.items()})


def test_scores_without_noise_are_plain_means():
    model, leaves, x, labels = case(11)
    loss, accuracy = scores(means(model, leaves, x, labels), torch.zeros(LANES, dtype=torch.float64), 5)
    logits = model.forward(leaves, x)
    for lane in range(LANES):
        expected = torch.nn.functional.cross_entropy(logits[lane], labels[lane])
        torch.testing.assert_close(loss[lane].float(), expected)
        assert accuracy[lane].item() == pytest.approx((logits[lane].argmax(1) == labels[lane]).double().mean().item())


def test_scores_are_what_noise_is_expected_to_make_of_them():
    found = Means(*(torch.tensor([value], dtype=torch.float64) for value in (0.5, 6.5, 0.9)))
    loss, accuracy = scores(found, torch.tensor([0.2], dtype=torch.float64), 5)
    assert (loss.item(), accuracy.item()) == pytest.approx((0.8 * 0.5 + 0.2 * 6.0 / 4, 0.8 * 0.9 + 0.2 * 0.1 / 4))
