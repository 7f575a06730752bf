import numpy as np
import PIL.Image
import pytest
import tensorflow as tf

from tf_mmdgan.data import preprocessing


@pytest.fixture
def picture(rng):
    """picture(h, w): smooth enough that a shift of a pixel shows."""

    def make(height, width):
        return rng.integers(0, 256, (height, width, 3)).astype(np.uint8)

    return make


def corner(image, crop):
    """Row and column at which `crop` lies in `image`: the only place."""
    size = len(crop)
    places = [
        (top, left)
        for top in range(len(image) - size + 1)
        for left in range(image.shape[1] - size + 1)
        if np.array_equal(image[top, left : left + 8], crop[0, :8])
    ]
    ((top, left),) = places
    np.testing.assert_array_equal(
        image[top : top + size, left : left + size], crop
    )
    return top, left


def test_celeb_a_crops_the_centre_at_random(picture):
    image = picture(218, 178)
    corners = [
        corner(image, preprocessing.celeb_a(image, 160, index))
        for index in range(40)
    ]
    tops, lefts = map(set, zip(*corners, strict=True))
    # Of 178 centred rows (20 to 197) and all 178 columns, 160.
    assert tops <= set(range(20, 39)) and lefts <= set(range(19))
    assert len(tops) > 10 and len(lefts) > 10
    assert corners[3] == corner(image, preprocessing.celeb_a(image, 160, 3))


def test_crops_are_spread_evenly():
    image = np.arange(178 * 178).reshape(178, 178, 1) % 65_536
    counts = np.zeros((19, 19))
    for index in range(3610):
        first = preprocessing._drawn(image, 160, f"celeb_a {index}")[0, 0, 0]
        counts[divmod(int(first), 178)] += 1
    # Ten are expected in each cell: chi^2 has mean 360 and deviation 27.
    assert abs(((counts - 10) ** 2 / 10).sum() - 360) < 4 * 27


@pytest.mark.parametrize("size", [64, 100, 128])
def test_celeb_a_is_interpolated_as_by_tensorflow_1(picture, size):
    image = picture(218, 178)
    crop = preprocessing.celeb_a(image, 160, 5)
    expected = tf.compat.v1.image.resize_bilinear(
        crop[np.newaxis].astype(np.float32), (size, size)
    )[0]
    np.testing.assert_array_equal(
        preprocessing.celeb_a(image, size, 5), np.rint(expected)
    )


def test_interpolation_by_hand():
    image = np.array([[0, 10], [100, 30]], np.uint8)[..., np.newaxis]
    # Beyond the last pixel there is nothing to mix with but itself.
    expected = [
        [0, 5, 10, 10],
        [50, 35, 20, 20],
        [100, 65, 30, 30],
        [100, 65, 30, 30],
    ]
    np.testing.assert_array_equal(
        preprocessing.interpolate(image, 4)[..., 0], expected
    )


@pytest.mark.parametrize(("height", "width"), [(256, 341), (300, 256)])
def test_lsun_is_shrunk_to_its_short_side(picture, height, width):
    image = picture(height, width)
    scale = 64 / min(height, width)
    thumbnail = PIL.Image.fromarray(image).resize(
        (round(width * scale), round(height * scale)),
        PIL.Image.Resampling.BICUBIC,
    )
    corners = {
        corner(np.asarray(thumbnail), preprocessing.lsun(image, 64, index))
        for index in range(60)
    }
    room = np.asarray(thumbnail).shape[0] - 64, thumbnail.size[0] - 64
    assert {top for top, _ in corners} <= set(range(room[0] + 1))
    assert max(len(corners) / (max(room) + 1), 0) > 0.8


def test_stl10_is_shrunk_by_lanczos(picture):
    image = picture(96, 96)
    expected = PIL.Image.fromarray(image).resize((48, 48), PIL.Image.LANCZOS)
    np.testing.assert_array_equal(
        preprocessing.stl10(image, 48, 0), np.asarray(expected)
    )
    np.testing.assert_array_equal(preprocessing.stl10(image, 96, 0), image)
