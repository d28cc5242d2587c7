"""The examples of a run in the order in which each lane sees them, gathered for many steps at once."""

import hashlib
from collections.abc import Callable, Iterator

import torch
from torch import Tensor

BLOCK = 2**18  # numbers gathered at once: 1 MiB, what a second-level cache holds
MOST_STEPS = 64  # and not much beyond the end of a short training


def generator(seed: int, purpose: str) -> torch.Generator:
    """The random numbers of one lane for one purpose ("initial", "noise", "order", …), a function of the two."""
    digest = hashlib.sha256(f"{purpose} {seed}".encode()).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest[:7], "big"))


def drawn(seed: int, purpose: str, draw: int) -> torch.Generator:
    """The same of a `draw` of a training: those of another are others."""
    return generator(seed, f"{purpose} {draw}" if draw else purpose)


class Feed:
    """Endless batches for all lanes; batches run on across the ends of epochs."""

    def __init__(self, x: Tensor, targets: Tensor, batch: int, epochs: list[Iterator[Tensor]]) -> None:
        """x: float32 (example, *input), shared; targets: float32 (lane, example, class), rows that sum to 1;
        epochs: the examples of each lane in order, int64, piece by piece without end."""
        lanes, _, _ = targets.shape
        self._x, self._targets, self._batch = x, targets, batch
        self._block = min(MOST_STEPS, max(1, BLOCK // (lanes * batch * x[0].numel())))
        self._blocks = MOST_STEPS // self._block  # whose order is drawn at once
        self._orders = [_pieces(each, self._blocks * self._block * batch) for each in epochs]
        self._ahead: list[Tensor] = []
        self._make_room(lanes)
        self._refill()

    def __next__(self) -> tuple[Tensor, Tensor]:
        """x (lane, batch, *input) and targets (lane, batch, class) of the next step; overwritten some steps
        later."""
        if self._at == self._block:
            self._refill()
        self._at += 1
        return self._slots[self._at - 1]

    def keep(self, lanes: list[int]) -> None:
        """Go on with some of the lanes; what they see does not change."""
        self._targets = self._targets[lanes]
        self._orders = [self._orders[lane] for lane in lanes]
        self._ahead = [at[:, lanes].contiguous() for at in self._ahead]
        inputs, labels = self._inputs[:, lanes], self._labels[:, lanes]
        self._make_room(len(lanes))
        self._inputs.copy_(inputs)
        self._labels.copy_(labels)

    def _make_room(self, lanes: int) -> None:
        """Buffers that every block is gathered into; a batch's classes are outermost, as the passes read them."""
        steps, classes = (self._block, lanes), self._targets.shape[-1]
        self._inputs = self._x.new_empty(*steps, self._batch, *self._x.shape[1:])
        self._labels = self._targets.new_empty(*steps, classes, self._batch)
        self._slots = list(zip(self._inputs, self._labels.mT, strict=True))
        self._rows = self._targets.flatten(0, 1)
        self._gathered = self._rows.new_empty(*steps, self._batch, classes)
        self._into = self._inputs.flatten(0, 2), self._gathered.flatten(0, 2), self._gathered.mT
        self._first_row = torch.arange(lanes, device=self._x.device).unsqueeze(1) * self._targets.shape[1]

    def _refill(self) -> None:
        if not self._ahead:
            order = torch.stack([next(order) for order in self._orders]).to(self._x.device)
            blocks = order.unflatten(1, (self._blocks, self._block, self._batch)).permute(1, 2, 0, 3)
            self._ahead = list(blocks.contiguous())
        at = self._ahead.pop(0)  # (step, lane, batch)
        inputs, gathered, turned = self._into
        torch.index_select(self._x, 0, at.view(-1), out=inputs)
        torch.index_select(self._rows, 0, (at + self._first_row).view(-1), out=gathered)
        self._labels.copy_(turned)
        self._at = 0


def epochs(released: Callable[[int], Tensor], source: torch.Generator) -> Iterator[Tensor]:
    """Fresh permutations of what is released when each begins: served so far ↦ int64 (example,)."""
    served, order = 0, torch.empty(0, dtype=torch.int64)
    while True:
        these = released(served)
        torch.randperm(len(these), generator=source, out=order)
        yield these.index_select(0, order)
        served += len(these)


def _pieces(row: Iterator[Tensor], count: int) -> Iterator[Tensor]:
    """An endless row cut anew into pieces of `count`."""
    rest = torch.empty(0, dtype=torch.int64)
    while True:
        parts = [rest]
        while sum(map(len, parts)) < count:
            parts.append(next(row))
        rest = torch.cat(parts)
        yield rest[:count]
        rest = rest[count:]
