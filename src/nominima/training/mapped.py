"""Tensors filled where they will lie: in a safetensors file, so that memory does not grow with what is kept."""

import json
import math
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from nominima.ground.files import temporary, unwritable
from nominima.tracing.trace import Trace

Kind = tuple[torch.dtype, tuple[int, ...]]
NAMES = {
    torch.int64: "I64",
    torch.float64: "F64",
    torch.float32: "F32",
    torch.float16: "F16",
    torch.uint8: "U8",
    torch.bool: "BOOL",
}
ALIGNMENT = 8  # bytes, of the data's first


@contextmanager
def mapped(path: Path, kinds: dict[str, Kind], trace: Trace, run: str) -> Iterator[dict[str, Tensor]]:
    """Zeros of these kinds, to be filled; left without an error, they are the safetensors file of a run at `path`.

    The space is taken at once under a temporary name in the same folder, so that a full disk is told before
    the work, and a killed job leaves nothing under the file's own name.

    Raises:
        Refusal: there is no room, or the folder cannot be written to.
    """
    header, places = _header(kinds, trace, run)
    with ExitStack() as opened:
        with unwritable(path):
            handle, name = opened.enter_context(temporary(path))
            file = opened.enter_context(os.fdopen(handle, "r+b"))
            os.posix_fallocate(handle, 0, len(header) + sum(map(_bytes, kinds.values())))
            file.write(header)
            file.flush()
            content = np.memmap(file, mode="r+")
        yield {name: _tensor(content[len(header) + at :], kinds[name]) for name, at in places.items()}
        with unwritable(path):
            content.flush()
            os.fsync(handle)
            name.chmod(0o644)
            name.replace(path)


def _header(kinds: dict[str, Kind], trace: Trace, run: str) -> tuple[bytes, dict[str, int]]:
    """What stands before the data (safetensors' format), and where in the data each tensor starts.

    Wide types come first, so that all lie on addresses that are multiples of their size without gaps.
    """
    told: dict[str, object] = {"__metadata__": {"run": run, "trace": trace.dumps()}}
    places: dict[str, int] = {}
    at = 0
    for name in sorted(kinds, key=lambda name: (-kinds[name][0].itemsize, name)):
        dtype, shape = kinds[name]
        places[name], end = at, at + _bytes(kinds[name])
        told[name] = {"dtype": NAMES[dtype], "shape": shape, "data_offsets": [at, end]}
        at = end
    text = json.dumps(told, separators=(",", ":")).encode()
    text += b" " * (-len(text) % ALIGNMENT)
    return len(text).to_bytes(8, "little") + text, places


def _bytes(kind: Kind) -> int:
    return kind[0].itemsize * math.prod(kind[1])


def _tensor(content: NDArray[np.uint8], kind: Kind) -> Tensor:
    return torch.from_numpy(content[: _bytes(kind)]).view(kind[0]).view(kind[1])
