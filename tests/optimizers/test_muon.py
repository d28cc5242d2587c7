import math

import pytest
import torch

from nominima.optimizers import muon
from nominima.optimizers.muon import orthogonal
from nominima.training.stack import Leaf, Stack

LAYOUT = (
    Leaf("kernel", (6, 2, 3), 6, "hidden"),
    Leaf("weight", (9, 4), 4, "hidden"),
    Leaf("head", (3, 4), 4, "output"),
)
LANES = 2


def draw(seed: int) -> torch.Tensor:
    return torch.randn(LANES, 84, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def newton_schulz(matrix: torch.Tensor) -> torch.Tensor:
    """The published loop for one matrix."""
    a, b, c = 3.4445, -4.7750, 2.0315
    x = matrix.T if matrix.shape[0] > matrix.shape[1] else matrix
    x = x / x.norm()
    for _ in range(5):
        gram = x @ x.T
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x.T if matrix.shape[0] > matrix.shape[1] else x


def by_hand(lane: int, steps: int) -> torch.Tensor:
    """Muon with the textbook's update for the two hidden leaves of one lane, torch's Adam for the head."""
    kernel, weight, head = (part.clone() for part in draw(0)[lane].split([36, 36, 12]))
    matrices, head = [kernel.view(6, 6), weight.view(9, 4)], head.requires_grad_()
    adam, buffers = torch.optim.Adam([head], lr=0.01), [torch.zeros(6, 6), torch.zeros(9, 4)]
    for t in range(1, steps + 1):
        parts = draw(t)[lane].split([36, 36, 12])
        for at, matrix in enumerate(matrices):
            g = parts[at].view_as(matrix)
            buffers[at] = 0.95 * buffers[at] + 0.05 * g
            nesterov = 0.95 * buffers[at] + 0.05 * g
            matrix -= 0.01 * 0.2 * math.sqrt(max(matrix.shape)) * newton_schulz(nesterov)
        head.grad = parts[2]
        adam.step()
    return torch.cat([*(matrix.flatten() for matrix in matrices), head.detach()])


@pytest.mark.parametrize("lane", range(LANES))
def test_a_lane_walks_as_published(lane):
    optimizer, parameters = muon.build(), Stack.of(LAYOUT, draw(0))
    memory = optimizer.start(parameters)
    for t in range(1, 201):
        optimizer.step(parameters, Stack.of(LAYOUT, draw(t)), memory, [0.01] * LANES, t)
    torch.testing.assert_close(parameters.rows()[lane], by_hand(lane, 200), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("shape", [(20, 20), (40, 7), (7, 40)])
def test_singular_values_come_near_one(shape):
    matrices = torch.randn(2, *shape, generator=torch.Generator().manual_seed(1))
    before, after = torch.linalg.svdvals(matrices), torch.linalg.svdvals(orthogonal(matrices))
    large = before > 0.05 * matrices.norm(dim=(1, 2)).unsqueeze(1)
    assert ((after > 0.65) & (after < 1.25))[large].all()


def test_the_update_agrees_with_torch_to_its_half_precision():
    parameters = Stack.of(LAYOUT[1:], draw(0)[:, :48].float())
    weight = draw(0)[1, :36].float().view(9, 4).clone().requires_grad_()
    theirs = torch.optim.Muon([weight], lr=0.01, weight_decay=0.0, adjust_lr_fn="match_rms_adamw")
    optimizer, start = muon.build(), weight.detach().clone()
    memory = optimizer.start(parameters)
    for t in range(1, 11):
        g = draw(t)[:, :48].float()
        optimizer.step(parameters, Stack.of(LAYOUT[1:], g), memory, [0.01] * LANES, t)
        weight.grad = g[1, :36].view(9, 4)
        theirs.step()
    difference = (parameters.leaves["weight"][1] - weight.detach()).norm() / (weight.detach() - start).norm()
    assert difference < 0.02
