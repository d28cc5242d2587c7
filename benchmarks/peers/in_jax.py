"""The same training in JAX: vmap over lanes, scan over steps, compiled as one program."""

# pyright: reportMissingImports=false
import math
import os
from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor, nn

from benchmarks.peers.loop import BLOCKS, HEAD, PATCH, loaded, positions
from benchmarks.peers.problem import BETAS, EPSILON, Problem

os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false"
os.environ["JAX_PLATFORMS"] = "cpu"

import jax
import jax.numpy as jnp
from jax import Array

Leaves = dict[str, Array]


class Jax:
    """Lanes trained together on examples drawn beforehand."""

    def __init__(self, problem: Problem) -> None:
        self._problem = problem
        x, y = jnp.asarray(problem.x.numpy()), jnp.asarray(problem.y.numpy())
        forward = {"mlp": _mlp, "cnn": _cnn, "transformer": _transformer}[problem.training.model]

        def loss(parameters: Leaves, at: Array) -> Array:
            log_p = jax.nn.log_softmax(forward(parameters, x[at]))
            return -jnp.take_along_axis(log_p, y[at][:, None], 1).mean()

        step = partial(_adam, jax.vmap(jax.grad(loss)), problem.training.rates[0])
        self._scan = jax.jit(lambda state, order: jax.lax.scan(step, state, order)[0], donate_argnums=0)
        start = {name: jnp.asarray(leaf.numpy()) for name, leaf in problem.leaves.items()}
        self._state = (start, jax.tree.map(jnp.zeros_like, start), jax.tree.map(jnp.zeros_like, start), 0.0)

    def train(self, order: Tensor) -> None:
        """order: int64 (step, lane, batch)."""
        self._state = jax.block_until_ready(self._scan(self._state, jnp.asarray(order.numpy())))

    def nets(self) -> list[nn.Module]:
        """A module of torch for each lane."""
        found = jax.device_get(self._state[0])  # sorted by name
        leaves = {name: torch.tensor(found[name]) for name in self._problem.leaves}
        return [loaded(self._problem, leaves, lane) for lane in range(self._problem.training.seeds)]


def _adam(gradients: Callable[[Leaves, Array], Leaves], rate: float, state: tuple, at: Array) -> tuple[tuple, None]:
    parameters, first, second, t = state
    t, g = t + 1, gradients(parameters, at)
    first = jax.tree.map(lambda m, g: BETAS[0] * m + (1 - BETAS[0]) * g, first, g)
    second = jax.tree.map(lambda v, g: BETAS[1] * v + (1 - BETAS[1]) * g * g, second, g)
    c1, c2 = 1 - BETAS[0] ** t, 1 - BETAS[1] ** t
    moved = jax.tree.map(lambda p, m, v: p - rate * (m / c1) / (jnp.sqrt(v / c2) + EPSILON), parameters, first, second)
    return (moved, first, second, t), None


def _mlp(p: Leaves, x: Array) -> Array:
    for layer in (1, 2, 3):
        x = x @ p[f"weight{layer}"].T + p[f"bias{layer}"]
        x = jax.nn.relu(x) if layer < 3 else x
    return x


def _cnn(p: Leaves, x: Array) -> Array:
    h = x[:, None, :]
    for layer in (1, 2, 3):
        weight = p[f"weight{layer}"]
        edge = weight.shape[2] // 2
        h = jax.lax.conv_general_dilated(h, weight, (2,), [(edge, edge)], dimension_numbers=("NCH", "OIH", "NCH"))
        h = jax.nn.relu(h + p[f"bias{layer}"][:, None])
    return h.reshape(len(h), -1) @ p["weight4"].T + p["bias4"]


def _transformer(p: Leaves, x: Array) -> Array:
    size = p["embed.weight"].shape[0]
    heads = size // HEAD if size % HEAD == 0 else 1
    tokens = x.reshape(len(x), -1, PATCH)
    h = _linear(p, "embed", tokens) + jnp.asarray(positions(tokens.shape[1], size).numpy())
    for block in range(1, BLOCKS + 1):
        h = h + _attention(p, block, _normal(p, f"norm{block}a", h), heads)
        h = h + _linear(p, f"down{block}", jax.nn.relu(_linear(p, f"up{block}", _normal(p, f"norm{block}b", h))))
    return _linear(p, "head", _normal(p, "norm", h).mean(1))


def _linear(p: Leaves, name: str, h: Array) -> Array:
    return h @ p[f"{name}.weight"].T + p[f"{name}.bias"]


def _normal(p: Leaves, name: str, h: Array) -> Array:
    h = h - h.mean(-1, keepdims=True)
    h = h * jax.lax.rsqrt((h * h).mean(-1, keepdims=True) + 1e-5)
    return h * (1 + p[f"{name}.scale"]) + p[f"{name}.shift"]


def _attention(p: Leaves, block: int, h: Array, heads: int) -> Array:
    batch, tokens, size = h.shape
    parts = _linear(p, f"qkv{block}", h).reshape(batch, tokens, 3, heads, size // heads)
    q, k, v = jnp.moveaxis(parts, (2, 3), (0, 2))
    weights = jax.nn.softmax(q @ jnp.swapaxes(k, -1, -2) / math.sqrt(size // heads))
    return _linear(p, f"mix{block}", jnp.swapaxes(weights @ v, 1, 2).reshape(batch, tokens, size))
