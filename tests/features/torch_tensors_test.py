"""A reader of PyTorch's old files that can build nothing but arrays."""

import collections
import io
import pickle

import numpy as np
import pytest

from tf_mmdgan.features import torch_tensors

MAGIC = 0x1950A86A20F9469CFC6C


class Global:
    """Pickled as a name of another module."""

    def __init__(self, module, name):
        self.module, self.name = module, name


class Call:
    """Pickled as a call."""

    def __init__(self, function, *arguments):
        self.function, self.arguments = function, arguments


class Stored:
    """Pickled as PyTorch pickles the numbers of a tensor."""

    def __init__(self, key, array):
        kind = {"f": "FloatStorage", "i": "LongStorage"}[array.dtype.kind]
        name = Global("torch", kind)
        self.claim = ("storage", name, key, "cpu", array.size, None)


class Pickler(pickle._Pickler):
    """PyTorch's, without PyTorch."""

    def persistent_id(self, obj):
        return obj.claim if isinstance(obj, Stored) else None

    def save(self, obj, save_persistent_id=True):
        if isinstance(obj, Global):
            self.write(f"c{obj.module}\n{obj.name}\n".encode())
        elif isinstance(obj, Call):
            self.save(obj.function)
            self.save(obj.arguments)
            self.write(pickle.REDUCE)
        else:
            super().save(obj, save_persistent_id)


REBUILD = Global("torch._utils", "_rebuild_tensor_v2")


def tensor(key, array, shape=None, strides=None, offset=0):
    """A tensor whose rows are contiguous, unless something else is said."""
    shape = array.shape if shape is None else shape
    if strides is None:
        strides = [s // array.itemsize for s in array.strides]
    hooks = collections.OrderedDict()
    return Call(
        REBUILD, Stored(key, array), offset, tuple(shape), tuple(strides),
        False, hooks,
    )  # fmt: skip


def written(tensors, arrays, magic=MAGIC):
    file = io.BytesIO()
    content = collections.OrderedDict(tensors)
    for part in (magic, 1001, {"little_endian": True}, content, list(arrays)):
        Pickler(file, 2).dump(part)
    for array in arrays.values():
        file.write(array.size.to_bytes(8, "little") + array.tobytes())
    return file.getvalue()


FLOATS = np.arange(6, dtype=np.float32).reshape(2, 3)
COUNT = np.array([7], np.int64)
GOOD = {"w": tensor("1", FLOATS), "n": tensor("2", COUNT, shape=[], strides=[])}
ARRAYS = {"1": FLOATS, "2": COUNT}


def test_arrays_come_back_by_name():
    found = torch_tensors.parse(written(GOOD, ARRAYS))
    assert list(found) == ["w", "n"]
    np.testing.assert_array_equal(found["w"], FLOATS)
    assert found["w"].dtype == np.float32
    assert found["n"].shape == () and found["n"] == 7


def test_axes_may_be_stored_in_another_order():
    turned = {"w": tensor("1", FLOATS, shape=[3, 2], strides=[1, 3])}
    found = torch_tensors.parse(written(turned, {"1": FLOATS}))
    np.testing.assert_array_equal(found["w"], FLOATS.T)
    part = {"w": tensor("1", FLOATS, shape=[2], strides=[1], offset=3)}
    found = torch_tensors.parse(written(part, {"1": FLOATS}))
    np.testing.assert_array_equal(found["w"], [3, 4])


@pytest.mark.parametrize(
    "module, name",
    [
        ("os", "system"),
        ("builtins", "eval"),
        ("torch", "load"),
        ("collections", "defaultdict"),
    ],
)
def test_nothing_else_that_is_named_is_called(tmp_path, module, name):
    trace = tmp_path / "trace"
    call = Call(Global(module, name), f"touch {trace}")
    with pytest.raises(ValueError, match=rf"names {module}\.{name}"):
        torch_tensors.parse(written({"w": call}, ARRAYS))
    assert not trace.exists()


@pytest.mark.parametrize(
    "tensors, words",
    [
        ({"w": tensor("1", FLOATS, shape=[3, 3])}, r"tensor \[3, 3\] of 6"),
        ({"w": tensor("1", FLOATS, strides=[3, 2])}, r"tensor \[2, 3\] of 6"),
        ({"w": tensor("1", FLOATS, offset=-1)}, r"tensor \[2, 3\] of 6"),
        ({"w": tensor("1", FLOATS, [9, 1], [0, 1])}, r"tensor \[9, 1\] of 6"),
        ({"w": Call(REBUILD, 3, 0, (1,), (1,))}, "without numbers"),
        ({"w": "text"}, "storage"),
    ],
    ids=["shape", "strides", "offset", "repeated", "no storage", "text"],
)
def test_claims_beyond_the_file_are_refused(tensors, words):
    with pytest.raises(ValueError, match=words):
        torch_tensors.parse(written(tensors, {"1": FLOATS}))


def test_a_file_that_is_cut_short_is_refused():
    whole = written(GOOD, ARRAYS)
    for length in (0, 3, 30, len(whole) // 2, len(whole) - 1):
        with pytest.raises(ValueError):
            torch_tensors.parse(whole[:length])
    with pytest.raises(ValueError, match="does not begin"):
        torch_tensors.parse(written(GOOD, ARRAYS, magic=3))
