from collections.abc import Iterator

import torch

from nominima.training import feed
from nominima.training.feed import Feed, epochs, generator

EXAMPLES, BATCH = 10, 4
X = torch.arange(float(EXAMPLES)).view(EXAMPLES, 1)
TARGETS = torch.stack([torch.eye(EXAMPLES), torch.eye(EXAMPLES).roll(1, 1)])


def make(seeds: list[int]) -> Feed:
    return Feed(X, TARGETS[: len(seeds)], BATCH, [orders(seed) for seed in seeds])


def orders(seed: int) -> Iterator[torch.Tensor]:
    return epochs(lambda _: torch.arange(EXAMPLES), generator(seed, "order"))


def order(source: Feed, steps: int) -> torch.Tensor:
    """Which examples each lane sees, (lane, step·batch)."""
    return torch.cat([next(source)[0][..., 0].clone() for _ in range(steps)], dim=1).long()


def test_every_epoch_is_a_fresh_permutation_across_batches():
    seen = order(make([1, 2]), 15).view(2, 6, EXAMPLES)
    assert torch.equal(seen.sort(dim=-1).values, torch.arange(EXAMPLES).expand_as(seen))
    assert not torch.equal(seen[:, 0], seen[:, 1])
    assert not torch.equal(seen[0], seen[1])


def test_a_lane_sees_the_same_whatever_lanes_are_beside_it_and_however_much_is_gathered(monkeypatch):
    beside = order(make([1, 2]), 9)
    monkeypatch.setattr(feed, "BLOCK", 1)
    assert torch.equal(order(make([2]), 9)[0], beside[1])


def test_labels_are_those_of_the_lane():
    x, targets = next(make([1, 2]))
    seen = x[..., 0].long()
    assert torch.equal(targets.argmax(-1), torch.stack([seen[0], (seen[1] + 1) % EXAMPLES]))


def test_lanes_that_stay_go_on_as_before(monkeypatch):
    monkeypatch.setattr(feed, "BLOCK", 3 * 2 * BATCH)
    whole, source = order(make([1, 2]), 20), make([1, 2])
    first = order(source, 4)
    source.keep([1])
    rest = torch.cat([first[1:], order(source, 16)], dim=1)
    assert torch.equal(rest[0], whole[1])
    x, targets = next(source)
    assert torch.equal(targets.argmax(-1), (x[..., 0].long() + 1) % EXAMPLES)


def test_more_examples_a_step_than_there_are():
    source = Feed(X, TARGETS[:1], 25, [orders(1)])
    assert torch.bincount(order(source, 2)[0]).tolist() == [5] * EXAMPLES


def test_purposes_and_seeds_have_their_own_numbers():
    draws = {torch.rand(1, generator=generator(*key)).item() for key in [(1, "a"), (1, "b"), (2, "a")]}
    assert len(draws) == 3


def test_no_two_of_many_seeds_and_purposes_share_their_numbers():
    starts = [generator(seed, purpose).initial_seed() for seed in range(300, 1300) for purpose in ("initial", "order")]
    assert len(set(starts)) == 2000
