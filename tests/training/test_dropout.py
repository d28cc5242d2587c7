import pytest
import torch
from test_engine import quiet, run

from nominima.ground.files import Refusal
from nominima.models import cnn, mlp, transformer
from nominima.training.dropout import Dropout, all_kept
from nominima.training.feed import generator
from nominima.training.model import Model
from nominima.training.stack import Stack

FAMILIES = {"mlp": mlp.build(6, (12,), 3), "cnn": cnn.build(4, (12,), 3), "transformer": transformer.build(8, (12,), 3)}


def lots(*shares: float) -> Dropout:
    return Dropout(list(shares), [generator(seed, "dropout") for seed in range(len(shares))])


def test_shares_are_silent_and_means_stay():
    h = torch.ones(3, 50, 400)
    found = lots(0.0, 0.25, 0.5)(h)
    torch.testing.assert_close(
        (found == 0).double().mean((1, 2)), torch.tensor([0.0, 0.25, 0.5]).double(), rtol=0, atol=0.02
    )
    torch.testing.assert_close(found.mean((1, 2)), torch.ones(3), rtol=0, atol=0.02)
    assert found[2].unique().tolist() == [0, 2]


def test_a_lane_has_its_own_lots():
    h = torch.ones(2, 5, 4)
    both = lots(0.5, 0.5)
    first = both(h)
    assert not torch.equal(first[0], first[1])
    assert torch.equal(both.keep([1])(h[:1])[0], lots_after_one(h)[1])


def lots_after_one(h: torch.Tensor) -> torch.Tensor:
    again = lots(0.5, 0.5)
    again(h)
    return again(h)


@pytest.mark.parametrize("family", FAMILIES)
def test_without_lots_a_family_answers_as_ever(family):
    model = FAMILIES[family]
    assert model.dropped is not None
    leaves = model.views(torch.stack([model.initial(generator(seed, "initial")) for seed in (1, 2)]))
    x = torch.randn(2, 7, 12, generator=generator(1, "x"))
    assert torch.equal(model.dropped(leaves, x, all_kept), model.forward(leaves, x))
    assert not torch.allclose(model.dropped(leaves, x, lots(0.5, 0.5)), model.forward(leaves, x))
    silent = model.dropped(leaves, x, lambda h: 0 * h)
    if family != "transformer":  # all hidden units silent: the bias alone answers
        torch.testing.assert_close(silent, torch.zeros_like(silent))


def test_a_run_with_dropout_is_bitwise_equal_on_repetition_and_another_than_without():
    first, _ = quiet(run(dropout=0.4))
    again, _ = quiet(run(dropout=0.4))
    without, _ = quiet(run())
    assert torch.equal(first.theta, again.theta)
    assert (first.theta[-1] - without.theta[-1]).norm() > 0.1


def test_a_family_without_dropout_says_so():
    plain = Model(FAMILIES["mlp"].layout, FAMILIES["mlp"].forward)
    stack = Stack.of(plain.layout, plain.initial(generator(1, "initial")).unsqueeze(0))
    with pytest.raises(Refusal, match="dropout: this model has none"):
        plain.gradient(stack, stack.zeros(), lots(0.5))
