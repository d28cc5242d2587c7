"""A device that is none: tensors that say they are elsewhere, compute on the CPU and refuse to be mixed with others.

What a GPU would refuse is refused here, so that a CPU tensor made inside a device computation fails without a GPU.
"""

from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode, return_and_correct_aliasing
from torch.utils._pytree import tree_flatten, tree_map

DEVICE = torch.device("meta")
"""What such tensors call their device: the one name that torch knows everywhere and no test needs."""


class Mixed(RuntimeError):
    """An operation that a GPU would refuse."""


class Elsewhere(Tensor):
    """A tensor on the device; `numbers` holds its numbers on the CPU."""

    numbers: Tensor

    @staticmethod
    def __new__(cls, inner: Tensor) -> "Elsewhere":
        made = Tensor._make_wrapper_subclass(
            cls, inner.shape, strides=inner.stride(), storage_offset=inner.storage_offset(), dtype=inner.dtype,
            device=DEVICE, requires_grad=inner.requires_grad,
        )  # fmt: skip
        made.numbers = inner
        return made

    def tolist(self) -> Any:
        """As a GPU's tensor does; torch refuses it to subclasses."""
        return self.cpu().tolist()

    @property
    def is_cuda(self) -> bool:  # pyright: ignore[reportIncompatibleVariableOverride]
        """As a GPU's."""
        return True

    def new_tensor(self, data: Any, **_: Any) -> Tensor:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Numbers on the device."""
        return torch.tensor(data, dtype=self.dtype).to(DEVICE)

    def __getitem__(self, key: Any) -> Any:
        return super().__getitem__(_listed(key))

    def __setitem__(self, key: Any, value: Any) -> None:
        super().__setitem__(_listed(key), value)

    @classmethod
    def __torch_dispatch__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        with Device():
            return func(*args, **(kwargs or {}))


INDEXED = {"aten::index", "aten::index_put", "aten::index_put_", "aten::_index_put_impl_"}
"""Operations that take CPU indices of a device's tensor."""


class Device(TorchDispatchMode):
    """Runs operations as if there were a device."""

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = dict(kwargs or {})
        there = _there(func, args, kwargs)
        if kwargs.get("device") is not None:
            there = torch.device(kwargs["device"]) == DEVICE
            if there and kwargs.get("generator") is not None:
                raise Mixed(f"{func}: a generator of the CPU draws for the device")
            kwargs["device"] = torch.device("cpu")
        found = func(*tree_map(_inner, args), **tree_map(_inner, kwargs))
        if not there:
            return found
        return return_and_correct_aliasing(func, args, kwargs, tree_map(_outer, found))


def _there(func: Any, args: Any, kwargs: Any) -> bool:
    """Whether an operation takes place on the device.

    Raises:
        Mixed: some of its tensors are and others, not of one number only, are not.
    """
    tensors = [one for one in tree_flatten((args, kwargs))[0] if isinstance(one, Tensor)]
    if any(one.is_meta and not isinstance(one, Elsewhere) for one in tensors):
        raise Mixed(f"{func}: a tensor without numbers; the stand-in does not know how it was made")
    here = [one for one in tensors if not isinstance(one, Elsewhere) and one.dim() > 0]
    there = [one for one in tensors if isinstance(one, Elsewhere)]
    name = func._schema.name
    if name in ("aten::copy_", "aten::_copy_from"):
        return isinstance(args[0], Elsewhere)
    if name in INDEXED:
        values = [one for one in args[2:] if isinstance(one, Tensor) and one.dim() > 0]
        same = [isinstance(one, Elsewhere) for one in (args[0], *values)]
        if len(set(same)) == 1 and (same[0] or not there):
            return same[0]
        raise Mixed(f"{func}: indices or values lie on another device")
    if here and there:
        raise Mixed(f"{func}: {len(there)} tensors lie on the device and {len(here)} do not")
    return bool(there)


def _listed(key: Any) -> Any:
    """A key with lists as CPU tensors: torch would make them on the device itself, whose name is that of no numbers."""
    if isinstance(key, tuple):
        return tuple(_listed(one) for one in key)
    return torch.tensor(key, dtype=None if key else torch.long) if isinstance(key, list) else key


def _inner(value: Any) -> Any:
    return value.numbers if isinstance(value, Elsewhere) else value


def _outer(value: Any) -> Any:
    return Elsewhere(value) if isinstance(value, Tensor) and not isinstance(value, Elsewhere) else value
