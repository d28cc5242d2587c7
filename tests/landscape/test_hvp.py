import curvlinops
import pytest
import torch
from landscapes import examples, network, perceptron, planted
from torch import nn

from nominima.ground.files import Refusal
from nominima.landscape.loss import aligned, cross_entropy, of_model, of_stack, of_vector
from nominima.landscape.module import of_module
from nominima.models import mlp

pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit.script. is deprecated:DeprecationWarning")
CONVOLUTION = nn.Sequential(
    nn.Unflatten(1, (1, 5)), nn.Conv1d(1, 3, 3, stride=2), nn.Tanh(), nn.Flatten(), nn.Linear(6, 3)
)


def hessian_by_torch(module, x, y, theta, decay=0.0):
    named = dict(module.named_parameters())

    def loss(vector):
        views = vector.split([value.numel() for value in named.values()])
        values = {n: view.view_as(p) for (n, p), view in zip(named.items(), views, strict=True)}
        return (
            nn.functional.cross_entropy(torch.func.functional_call(module, values, (x,)), y)
            + decay / 2 * vector @ vector
        )

    return torch.func.hessian(loss)(theta), torch.func.grad(loss)(theta), loss(theta).detach()


@pytest.mark.parametrize("reference", [False, True])
@pytest.mark.parametrize("activation", [nn.ReLU, nn.Tanh])
@pytest.mark.parametrize("chunk", [7, 8192])
def test_perceptron_equals_torch_func(activation, reference, chunk, monkeypatch):
    monkeypatch.setattr("nominima.landscape.perceptron.CHUNK_BYTES", chunk * 40)
    x, y = examples(200)
    module = perceptron(activation)
    landscape, theta = of_module(module, nn.CrossEntropyLoss(), x, y, decay=0.3, rows=chunk, reference=reference)
    assert reference or len(landscape.parts) == (4 if chunk == 7 else 1)
    hessian, gradient, loss = hessian_by_torch(module, x, y, theta[0], decay=0.3)
    torch.testing.assert_close(landscape.value(theta)[0], loss)
    torch.testing.assert_close(landscape.gradient(theta)[0][0], loss)
    torch.testing.assert_close(landscape.gradient(theta)[1][0], gradient)
    torch.testing.assert_close(landscape.hessian(theta)[0], hessian)


@pytest.mark.parametrize("module", [CONVOLUTION.double(), perceptron(nn.ELU)])
def test_any_module_agrees_with_curvlinops(module):
    x, y = examples()
    landscape, theta = of_module(module, nn.CrossEntropyLoss(), x, y, rows=20)
    named = list(module.parameters())
    peer = curvlinops.HessianLinearOperator(module, nn.CrossEntropyLoss(), named, [(x, y)], check_deterministic=False)
    probes = torch.randn(1, 4, theta.shape[1], dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(landscape.product(theta)(probes)[0].T, peer @ probes[0].T)


@pytest.mark.parametrize("reference", [False, True])
def test_lanes_and_probes_do_not_touch_each_other(reference):
    landscape, theta = network(reference=reference)
    generator = torch.Generator().manual_seed(0)
    stack = theta + torch.randn(3, theta.shape[1], dtype=torch.float64, generator=generator)
    probes = torch.randn(3, 5, theta.shape[1], dtype=torch.float64, generator=generator)
    together = landscape.product(stack)(probes)
    for lane in range(3):
        alone = landscape.product(stack[lane : lane + 1])
        torch.testing.assert_close(landscape.value(stack)[lane], landscape.value(stack[lane : lane + 1])[0])
        for probe in range(5):
            torch.testing.assert_close(together[lane, probe], alone(probes[lane : lane + 1, probe : probe + 1])[0, 0])


def test_memory_bound_recomputes_the_same_products(monkeypatch):
    landscape, theta = network()
    probes = torch.ones(1, 2, theta.shape[1], dtype=torch.float64)
    kept = landscape.product(theta)(probes)
    monkeypatch.setattr("nominima.landscape.loss.KEPT_BYTES", 0)
    torch.testing.assert_close(landscape.product(theta)(probes), kept, rtol=0, atol=0)


def test_numbers_do_not_depend_on_where_in_memory_a_vector_begins():
    """NumPy's vectors begin wherever, and kernels round by that."""
    landscape, theta = network(dtype=torch.float32)
    room = torch.empty(theta.shape[1] + 16)
    for offset in range(16):
        moved = room[offset : offset + theta.shape[1]].copy_(theta[0])[None]
        assert torch.equal(landscape.value(moved), landscape.value(theta))
        assert torch.equal(landscape.gradient(moved)[1], landscape.gradient(theta)[1])
        assert landscape.gradient(moved)[1].data_ptr() % 64 == 0
        assert aligned(moved).data_ptr() % 64 == 0


def test_single_precision_agrees_with_double():
    single, theta = network(dtype=torch.float32)
    double, _ = network()
    torch.testing.assert_close(single.hessian(theta).double(), double.hessian(theta.double()), rtol=1e-4, atol=1e-6)


def test_linear_regression_has_its_textbook_hessian():
    x, _ = examples()
    landscape = of_vector(lambda w: (x @ w - 1).square().mean(), 5)
    torch.testing.assert_close(landscape.hessian(torch.ones(2, 5, dtype=torch.float64))[1], 2 * x.T @ x / len(x))


def test_logistic_regression_has_its_textbook_hessian():
    x, y = examples(classes=2)
    w = torch.linspace(-1, 1, 5, dtype=torch.float64)[None]
    landscape = of_vector(lambda v: nn.functional.binary_cross_entropy_with_logits(x @ v, y.double()), 5)
    odds = torch.sigmoid(x @ w[0])
    torch.testing.assert_close(landscape.hessian(w)[0], (x.T * (odds * (1 - odds))) @ x / len(x))


def test_softmax_regression_has_its_textbook_hessian():
    x, y = examples()
    module = nn.Sequential(nn.Linear(5, 3)).double()
    landscape, theta = of_module(module, nn.CrossEntropyLoss(), x, y)
    p = module(x).softmax(-1).detach()
    blocks = (p.diag_embed() - p[:, :, None] * p[:, None, :]).mean(0)
    torch.testing.assert_close(landscape.hessian(theta)[0, -3:, -3:], blocks)


def test_scale_symmetry_keeps_the_loss_and_changes_the_spectrum():
    landscape, theta = network(nn.ReLU)
    scaled = theta.clone()
    scaled[:, :24] *= 3  # first weight and bias of a ReLU layer
    scaled[:, 24:40] /= 3  # weight above it
    torch.testing.assert_close(landscape.value(scaled), landscape.value(theta))
    spectra = torch.linalg.eigvalsh(landscape.hessian(torch.cat([theta, scaled])))
    assert (spectra[0] - spectra[1]).abs().max() > 0.02


def test_loss_without_curvature_has_zero_products():
    landscape = of_stack(lambda theta: theta.sum(-1), 3)
    assert landscape.product(torch.ones(1, 3))(torch.ones(1, 2, 3)).eq(0).all()
    constant = of_stack(lambda theta: torch.zeros(len(theta)), 3)
    assert constant.gradient(torch.ones(1, 3))[1].eq(0).all()


def test_soft_targets_mean_the_same_as_classes():
    logits = torch.randn(2, 6, 3, generator=torch.Generator().manual_seed(0))
    y = torch.tensor([0, 1, 2, 2, 1, 0])
    torch.testing.assert_close(cross_entropy(logits, y), cross_entropy(logits, nn.functional.one_hot(y, 3).float()))


def test_steady_tells_nan_and_chance_apart():
    landscape, theta = network()
    assert landscape.steady(torch.cat([theta, theta * torch.nan])) == ["ok", "not finite"]
    noisy = of_stack(lambda t: t.square().sum(-1) + torch.rand(len(t), dtype=t.dtype), 3)
    assert noisy.steady(torch.ones(2, 3, dtype=torch.float64)) == ["not deterministic"] * 2


def test_refusals_say_what_to_do():
    with pytest.raises(Refusal, match=r"theta\[None\]"):
        planted([1.0, 2.0]).value(torch.zeros(2))
    with pytest.raises(Refusal, match="use `ends`"):
        of_stack(lambda theta: theta.sum(-1), 5001).hessian(torch.zeros(1, 5001))
    with pytest.raises(Refusal, match="one target"):
        of_module(CONVOLUTION, nn.CrossEntropyLoss(), torch.zeros(3, 5), torch.zeros(2))


@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_the_shelfs_perceptron_by_hand_equals_autograd_of_its_forward(activation):
    model = mlp.build(6, (5,), 3, activation=activation)
    x, y = examples()
    theta = torch.stack([model.initial(torch.Generator().manual_seed(seed)) for seed in (0, 1)]).double()
    hand, auto = of_model(model, x, y, decay=0.1), of_model(model, x, y, decay=0.1, reference=True, rows=20)
    torch.testing.assert_close(hand.value(theta), auto.value(theta))
    torch.testing.assert_close(hand.gradient(theta)[1], auto.gradient(theta)[1])
    torch.testing.assert_close(hand.hessian(theta), auto.hessian(theta))
    assert [type(part).__name__ for part in hand.parts] == ["Chunk"]
