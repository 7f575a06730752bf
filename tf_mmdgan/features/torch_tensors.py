"""Tensors that PyTorch saved before its version 1.6, read without PyTorch.

Such a file is a row of pickles, the only ones that this package reads. A pickle
is a program which may call whatever it names; the reader here knows four names
and refuses all others, so that arrays are all that a file can build. The reader
is given known files alone, whose hash has been compared.

The file holds five pickles: a magic number, the version of the format, facts
about the machine, the dictionary of tensors, and the keys of their storages.
Then, for each key in that order, come the number of elements (int64) and the
elements, all of them little-endian.
"""

import collections
import io
import math
import pickle
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

_MAGIC = 0x1950A86A20F9469CFC6C


class _Storage(NamedTuple):
    """A row of numbers, which tensors are parts of.

    Attributes:
      key: its name in the file.
      dtype: of its numbers.
      length: how many they are.
    """

    key: str
    dtype: str
    length: int


class _Tensor(NamedTuple):
    """What the dictionary says of one tensor.

    Attributes:
      storage: where its numbers are.
      offset: number of elements of the storage before its first.
      shape: of the tensor.
      strides: elements between neighbours along each axis.
    """

    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


def _tensor(
    storage: object,
    offset: int,
    shape: tuple[int, ...],
    strides: tuple[int, ...],
    *others: object,
) -> _Tensor:
    """The arguments by which PyTorch makes a tensor again."""
    del others  # whether it has a gradient, and its hooks
    if not isinstance(storage, _Storage):
        raise pickle.UnpicklingError("a tensor without numbers")
    return _Tensor(storage, offset, shape, strides)


# Types of storages stand for the types of their numbers.
_KNOWN: dict[tuple[str, str], Any] = {
    ("collections", "OrderedDict"): collections.OrderedDict,
    ("torch._utils", "_rebuild_tensor_v2"): _tensor,
    ("torch", "FloatStorage"): "<f4",
    ("torch", "LongStorage"): "<i8",
}


class _Reader(pickle.Unpickler):
    """Builds dictionaries of `_Tensor`, and calls nothing that has effects."""

    def find_class(self, module: str, name: str) -> Any:
        """One of `_KNOWN`."""
        if (module, name) not in _KNOWN:
            raise pickle.UnpicklingError(
                f"it names {module}.{name}, which is not called"
            )
        return _KNOWN[module, name]

    def persistent_load(self, pid: Any) -> _Storage:
        """The storage that ("storage", type, key, device, count, view) is."""
        kind, dtype, key, _, count, _ = pid
        if kind != "storage" or dtype not in ("<f4", "<i8"):
            raise pickle.UnpicklingError(f"it holds a {kind!r} of {dtype!r}")
        return _Storage(str(key), dtype, count)


def parse(content: bytes) -> dict[str, np.ndarray]:
    """The arrays of a file, by their names.

    Args:
      content: of the file.

    Returns:
      float32 and int64 arrays, which are read-only.

    Raises:
      ValueError: for what is no such file, is cut short, or names anything that
        is not needed for arrays; nothing of it is run.
    """
    file = io.BytesIO(content)
    try:
        if _Reader(file).load() != _MAGIC:
            raise ValueError("it does not begin as PyTorch's files do")
        _Reader(file).load()  # version of the format
        _Reader(file).load()  # facts about the machine
        tensors = _Reader(file).load()
        keys = _Reader(file).load()
        storages = _read_storages(file, tensors, keys)
        return {
            str(name): _array(tensor, storages[tensor.storage.key])
            for name, tensor in tensors.items()
        }
    except ValueError:
        raise
    except Exception as error:  # A damaged pickle raises many kinds.
        raise ValueError(str(error) or type(error).__name__) from error


def _read_storages(
    file: io.BytesIO, tensors: Any, keys: Sequence[str]
) -> dict[str, np.ndarray]:
    claims = {tensor.storage.key: tensor.storage for tensor in tensors.values()}
    found = {}
    for key in keys:
        _, dtype, count = claims[key]
        size = count * np.dtype(dtype).itemsize
        stated = int.from_bytes(file.read(8), "little", signed=True)
        numbers = file.read(size) if stated == count >= 0 else b""
        if stated != count or len(numbers) != size:
            raise ValueError(f"it is cut short in its part {key}")
        found[key] = np.frombuffer(numbers, dtype)
    return found


def _array(tensor: _Tensor, numbers: np.ndarray) -> np.ndarray:
    """The part of a storage that a tensor is; its axes may be in any order."""
    _, offset, shape, strides = tensor
    steps = [(n - 1) * k for n, k in zip(shape, strides, strict=True)]
    if (
        min((offset, *shape, *strides)) < 0
        or offset + sum(steps) >= len(numbers)
        or math.prod(shape) > len(numbers)
    ):
        raise ValueError(f"a tensor {list(shape)} of {len(numbers)} numbers")
    size = numbers.itemsize
    return np.lib.stride_tricks.as_strided(
        numbers[offset:], shape, [k * size for k in strides], writeable=False
    )
