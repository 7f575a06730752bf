"""Messages that would become gigabytes are refused before they are parsed."""

import numpy as np
import pytest
import tensorflow as tf
from limits import within
from tensorflow.core.framework import tensor_pb2
from tensorflow.core.util import event_pb2

from tf_mmdgan import protos


def varint(number):
    found = bytearray()
    while number > 0x7F:
        found.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*found, number])


def delimited(number, content):
    return varint(number << 3 | 2) + varint(len(content)) + content


def check(content, kind=tensor_pb2.TensorProto, parts=100, numbers=100):
    protos.check(content, kind.DESCRIPTOR, parts, numbers)


def test_usual_messages_pass():
    tensor = tf.make_tensor_proto(np.arange(24).reshape(2, 3, 4))
    check(tensor.SerializeToString())
    tensor = tensor_pb2.TensorProto(
        int_val=[-1, 300, 7], double_val=[0.5] * 900, string_val=[b"a"]
    )
    check(tensor.SerializeToString(), numbers=3)
    with pytest.raises(ValueError, match="more than 2 numbers"):
        check(tensor.SerializeToString(), numbers=2)
    check(b"")


def test_fields_are_those_of_the_message():
    event = event_pb2.Event(step=-5, file_version="a", wall_time=1.0)
    found = dict(protos.fields(memoryview(event.SerializeToString())))
    assert found[2] == 2**64 - 5 and bytes(found[3]) == b"a"
    assert bytes(found[1]) == np.float64(1.0).tobytes()


@pytest.mark.parametrize(
    "content, words",
    [
        (delimited(2, delimited(2, b"") * 10**6), "100 parts"),
        (delimited(2, delimited(2, delimited(2, b"a") * 10**6)), "100 parts"),
        (delimited(8, b"") * 10**6, "100 parts"),
        (b"\x18\x01" * 10**6, "100 parts"),
        (delimited(7, b"\1" * 2**22), "100 numbers"),
        (delimited(10, b"\1" * 60), "100 numbers"),
        (delimited(11, b"\1" * 2**22), "100 numbers"),
    ],
    ids=range(7),
)
def test_parts_and_numbers_are_counted(content, words):
    with (
        within(seconds=5, megabytes=20),
        pytest.raises(ValueError, match=f"more than {words}"),
    ):
        check(content)


@pytest.mark.parametrize(
    "content",
    [
        b"\xff" * 100, b"\x08", b"\x0b\x0c", b"\x0a\x05abc", b"\x0d\0\0",
        b"\x12" + b"\xff" * 9 + b"\1",
    ],
)  # fmt: skip
def test_what_is_no_message(content):
    with pytest.raises(ValueError, match=r"field|number"):
        check(content)
