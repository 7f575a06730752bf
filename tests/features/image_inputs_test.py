"""What images a network takes, read off its inputs."""

import pytest
import tensorflow as tf

from tf_mmdgan import errors
from tf_mmdgan.features import image_inputs


def spec(*shape, dtype=tf.float32):
    return tf.TensorSpec(shape, dtype)


@pytest.mark.parametrize(
    "given, expected",
    [
        (spec(None, 32, 24, 3), ((32, 24), 3, tf.float32)),
        (spec(None, None, None, 1), ((None, None), 1, tf.float32)),
        (spec(None, 8, 8, None), ((8, 8), 3, tf.float32)),
        (spec(None, 3, 3, 5), None),
        (spec(None, 8, 8, 3, dtype=tf.uint8), ((8, 8), 3, tf.uint8)),
        (tf.TensorSpec(None, tf.float16), ((None, None), 3, tf.float16)),
    ],
)
def test_an_input_of_images(given, expected):
    if expected is None:
        with pytest.raises(errors.DataError, match="channels first"):
            image_inputs.image_input("net", [given])
        return
    assert tuple(image_inputs.image_input("net", [given])) == expected


@pytest.mark.parametrize(
    "inputs, words",
    [
        ([], "net takes 0 inputs"),
        ([spec(None, 8, 8, 3), spec(None, 2)], "net takes 2 inputs"),
        ([spec(None, dtype=tf.string)], "type string"),
        ([spec(None, 8, 8, 3, dtype=tf.bool)], "type bool"),
        ([spec(None, 192)], r"shape \[n, 192\]: need .*\[n, h, w, c\]"),
        ([spec(1, 8, 8, 3)], r"batches of 1 alone, \[1, 8, 8, 3\]"),
        ([spec(None, 3, 64, 64)], r"\[n, 3, 64, 64\], with channels first"),
    ],
)
def test_other_inputs_are_refused(inputs, words):
    with pytest.raises(errors.DataError, match=words):
        image_inputs.image_input("net", inputs)


@pytest.mark.parametrize("given", [0, -1, "abc", "2.5", 2.0])
def test_a_size_is_a_number_of_pixels(given):
    with pytest.raises(errors.UsageError, match=f"size={given}: need a number"):
        image_inputs.chosen_size("net", given, (None, None))


def test_a_size_is_one_that_the_network_takes():
    assert image_inputs.chosen_size("net", None, (6, 8)) == (6, 8)
    assert image_inputs.chosen_size("net", 6, (None, 6)) == (6, 6)
    with pytest.raises(errors.UsageError, match=r"size=9: net takes.* 6 x 6"):
        image_inputs.chosen_size("net", 9, (6, 6))


def test_grey_images_suit_networks_of_colours_alone():
    pairs = [(1, 1), (3, 3), (1, 3), (3, 1), (1, 4), (1, 64), (4, 4)]
    assert [image_inputs.takes_channels(*pair) for pair in pairs] == [
        True, True, True, False, False, False, True,
    ]  # fmt: skip
