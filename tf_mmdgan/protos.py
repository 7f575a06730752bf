"""Messages of protocol buffers by others, looked at before they are parsed.

A parser makes an object of each part of a message, and a number of eight bytes
of each byte: a few hundred megabytes could become all memory. How messages are
written: https://protobuf.dev/programming-guides/encoding/.
"""

from collections.abc import Iterator

import numpy as np
from google.protobuf.descriptor import Descriptor, FieldDescriptor

Value = int | memoryview

_VARINT, _DELIMITED = 0, 2  # of how a field is written
_WIDTHS = {1: 8, 5: 4}  # bytes of the others
_VARINT_BYTES = 10
# How many numbers of 32 bits those take that are written in one byte or more.
_PACKED = {
    FieldDescriptor.CPPTYPE_INT32: 1, FieldDescriptor.CPPTYPE_UINT32: 1,
    FieldDescriptor.CPPTYPE_INT64: 2, FieldDescriptor.CPPTYPE_UINT64: 2,
    FieldDescriptor.CPPTYPE_ENUM: 1, FieldDescriptor.CPPTYPE_BOOL: 1,
}  # fmt: skip


def fields(message: memoryview) -> Iterator[tuple[int, Value]]:
    """The fields of a message, one after the other.

    Args:
      message: as it was sent.

    Yields:
      The number of a field, and an integer or bytes.

    Raises:
      ValueError: for what is no message.
    """
    place = 0
    while place < len(message):
        tag, place = _varint(message, place)
        if tag & 7 == _VARINT:
            value, place = _varint(message, place)
            yield tag >> 3, value
            continue
        if tag & 7 == _DELIMITED:
            size, place = _varint(message, place)
        elif (width := _WIDTHS.get(tag & 7)) is not None:
            size = width
        else:
            raise ValueError("a field is written in no known way")
        if size > len(message) - place:
            raise ValueError(f"a field claims {size:,} bytes")
        yield tag >> 3, message[place : place + size]
        place += size


def _varint(message: memoryview, place: int) -> tuple[int, int]:
    """The number that begins at a place, and where the next thing begins."""
    value = 0
    for index, byte in enumerate(message[place : place + _VARINT_BYTES]):
        value |= (byte & 0x7F) << (7 * index)
        if byte < 0x80:
            return value, place + index + 1
    raise ValueError("a number does not end")


def check(
    content: bytes, kind: Descriptor, most_parts: int, most_numbers: int
) -> None:
    """Refuses a message that would take far more memory than it has bytes.

    Args:
      content: the message as it was sent.
      kind: what it should be.
      most_parts: of it, and of the messages in it: fields, each as often as it
        is there.
      most_numbers: integers that are written one after the other; those of 64
        bits count twice.

    Raises:
      ValueError: for more of them, and for what is no message.
    """
    parts = numbers = 0
    waiting = [(memoryview(content), kind)]
    while waiting:
        message, kind = waiting.pop()
        for number, value in fields(message):
            parts += 1
            if parts > most_parts:
                raise ValueError(f"more than {most_parts:,} parts")
            field = kind.fields_by_number.get(number)
            if field is None or isinstance(value, int):
                continue
            if field.message_type is not None:
                waiting.append((value, field.message_type))
            elif field.cpp_type in _PACKED:
                ends = np.frombuffer(value, np.uint8) < 0x80
                taken = _PACKED[field.cpp_type]
                numbers += taken * int(np.count_nonzero(ends))
                if numbers > most_numbers:
                    raise ValueError(f"more than {most_numbers:,} numbers")
