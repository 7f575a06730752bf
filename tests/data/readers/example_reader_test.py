"""Decoding of examples, whatever their size."""

import io
import threading
import time

import numpy as np
import PIL.Image
import pytest

from tf_mmdgan import errors
from tf_mmdgan.data.readers import example_reader


class Encoded:
    """Pictures of one size, each of the level that is its number."""

    def __init__(self, count, side):
        self.count, self._side = count, side

    def examples(self, numbers, names):
        for number in numbers:
            buffer = io.BytesIO()
            size = (self._side, self._side)
            PIL.Image.new("L", size, number).save(buffer, "PNG")
            yield {"image": buffer.getvalue()}

    def damaged(self, fault):
        return errors.DataError(f"the file {fault}")


@pytest.mark.parametrize("side", [64, 2100])
def test_of_large_pictures_one_is_in_memory_at_a_time(side):
    lock, at_work, most = threading.Lock(), 0, 0

    def transform(image, number):
        nonlocal at_work, most
        with lock:
            at_work += 1
            most = max(most, at_work)
        time.sleep(0.05)
        with lock:
            at_work -= 1
        return image[:2, :2]

    read = example_reader.ExampleReader(
        Encoded(6, side), range(6), 3, transform, labelled=False
    )
    pixels, labels = read(0, 6)
    assert labels is None and pixels.shape == (6, 2, 2, 3)
    np.testing.assert_array_equal(pixels[:, 0, 0, 0], range(6))
    assert most == 1 if side == 2100 else most > 1


def test_what_is_no_picture_names_its_number():
    class Broken(Encoded):
        def examples(self, numbers, names):
            return ({"image": b"GIF89a"} for _ in numbers)

    read = example_reader.ExampleReader(
        Broken(3, 8), range(3), 1, lambda image, number: image, labelled=False
    )
    with pytest.raises(errors.DataError, match="cannot be decoded, 0"):
        read(0, 3)
