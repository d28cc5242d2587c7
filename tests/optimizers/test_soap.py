import numpy as np
import pytest
import torch

from nominima.optimizers import soap
from nominima.training.stack import Leaf, Stack

LAYOUT = (Leaf("kernel", (5, 2, 2), 4, "hidden"), Leaf("bias", (5,), 4, "bias"))
LANES, RATE, EVERY = 2, 0.01, 4


def draw(seed: int) -> torch.Tensor:
    return torch.randn(LANES, 25, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def by_hand(lane: int, steps: int) -> np.ndarray:
    """The paper's algorithm 3 for one matrix and Adam for the bias, in numpy."""
    theta = draw(0)[lane].numpy().copy()
    m, v, b1, b2 = np.zeros(25), np.zeros(25), 0.95, 0.95
    left, right = np.zeros((5, 5)), np.zeros((4, 4))
    q_left = q_right = np.zeros((0, 0))
    for t in range(1, steps + 1):
        flat = draw(t)[lane].numpy()
        g = flat[:20].reshape(5, 4)
        if t > 1:
            seen = np.concatenate([(q_left.T @ g @ q_right).ravel(), flat[20:]])
            m, v = b1 * m + (1 - b1) * flat, b2 * v + (1 - b2) * seen**2
            wanted = np.concatenate([(q_left.T @ m[:20].reshape(5, 4) @ q_right).ravel(), m[20:]])
            ratio = wanted / (1 - b1 ** (t - 1)) / (np.sqrt(v / (1 - b2 ** (t - 1))) + 1e-8)
            theta[:20] -= RATE * (q_left @ ratio[:20].reshape(5, 4) @ q_right.T).ravel()
            theta[20:] -= RATE * ratio[20:]
        left, right = b2 * left + (1 - b2) * g @ g.T, b2 * right + (1 - b2) * g.T @ g
        if t == 1:
            q_left, q_right = np.linalg.eigh(left)[1][:, ::-1], np.linalg.eigh(right)[1][:, ::-1]
        elif t % EVERY == 0:
            q_left, q_right = np.linalg.qr(left @ q_left)[0], np.linalg.qr(right @ q_right)[0]
    return theta


def walk(steps: int, spoil: int | None = None) -> torch.Tensor:
    optimizer, parameters = soap.build(every=EVERY), Stack.of(LAYOUT, draw(0))
    memory = optimizer.start(parameters)
    for t in range(1, steps + 1):
        gradient = draw(t)
        if spoil is not None:
            gradient[spoil] = torch.nan
        optimizer.step(parameters, Stack.of(LAYOUT, gradient), memory, [RATE] * LANES, t)
    return parameters.rows()


@pytest.mark.parametrize("lane", range(LANES))
def test_a_lane_walks_as_published(lane):
    np.testing.assert_allclose(walk(300)[lane].numpy(), by_hand(lane, 300), rtol=1e-6, atol=1e-7)


def test_the_first_step_only_sets_the_bases():
    assert torch.equal(walk(1), draw(0))


def test_a_lane_without_numbers_leaves_the_others_alone():
    spoilt = walk(10, spoil=0)
    assert spoilt[0].isnan().any()
    torch.testing.assert_close(spoilt[1], walk(10)[1])
