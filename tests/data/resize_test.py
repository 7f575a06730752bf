import numpy as np
import PIL.Image
import pytest

from tf_mmdgan import errors
from tf_mmdgan.data import resize


def cubic(x, a=-0.5):
    """Keys' kernel (IEEE Trans. ASSP 29, 1981)."""
    x = np.abs(x)
    near = ((a + 2.0) * x - (a + 3.0)) * x**2 + 1.0
    far = a * (((x - 5.0) * x + 8.0) * x - 4.0)
    return np.where(x < 1.0, near, np.where(x < 2.0, far, 0.0))


def bicubic(image, size):
    """Separable resampling, with the kernel widened to shrink an image."""
    old = len(image)
    centres = (np.arange(size) + 0.5) * old / size
    stretch = max(1.0, old / size)
    distance = (np.arange(old) + 0.5) - centres[:, np.newaxis]
    weights = cubic(distance / stretch)
    weights /= weights.sum(axis=1, keepdims=True)
    return np.clip(weights @ image @ weights.T, 0.0, 255.0)


@pytest.mark.parametrize("size", [16, 21, 11])
def test_is_antialiased_bicubic(rng, size):
    images = rng.integers(0, 256, (2, 14, 14)).astype(np.uint8)
    expected = [bicubic(image.astype(float), size) for image in images]
    resized = resize.resize_grey(images, size)
    assert resized.dtype == np.uint8
    np.testing.assert_allclose(resized, expected, atol=0.501)


def test_same_size_changes_nothing(rng):
    images = rng.integers(0, 256, (2, 9, 9)).astype(np.uint8)
    np.testing.assert_array_equal(resize.resize_grey(images, 9), images)


def test_refuses_tiny_images():
    with pytest.raises(errors.UsageError, match=r"image_size=7.*>= 8"):
        resize.resize_grey(np.zeros((1, 9, 9), np.uint8), 7)


@pytest.mark.parametrize("width, height", [(20, 14), (14, 19), (14, 14)])
def test_square_is_the_middle(rng, width, height):
    pixels = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
    square = resize.fitted(
        PIL.Image.fromarray(pixels), 14, resize.RESIZES["antialias"]
    )
    top, left = (height - 14) // 2, (width - 14) // 2
    middle = pixels[top : top + 14, left : left + 14]
    np.testing.assert_array_equal(square, middle)


FILTERS = {
    "antialias": (cubic, 2.0),
    "enlarge": (cubic, 2.0),
    "bilinear": (lambda x: 1.0 - np.abs(x), 1.0),
    "area": (lambda x: (x > -0.5) & (x <= 0.5), 0.5),
    "lanczos": (lambda x: np.sinc(x) * np.sinc(x / 3.0), 3.0),
}


def resampling(old, size, kernel, support):
    """Weights [size, old] of a separable filter, widened to shrink."""
    centres = (np.arange(size) + 0.5) * old / size
    stretch = max(1.0, old / size)
    distance = (np.arange(old) + 0.5 - centres[:, np.newaxis]) / stretch
    weights = np.where(np.abs(distance) <= support, kernel(distance), 0.0)
    return weights / weights.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("name", FILTERS)
def test_every_mode_is_its_filter(rng, name):
    # Bytes are rounded after either axis: half a level each, and the second
    # filter's weights add up to more than 1 in magnitude.
    pixels = rng.integers(0, 256, (20, 32, 3), dtype=np.uint8)
    square = resize.fitted(
        PIL.Image.fromarray(pixels), 10, resize.RESIZES[name]
    )
    weights = resampling(20, 10, *FILTERS[name])
    expected = np.einsum(
        "yr,xc,rcd->yxd", weights, weights, pixels[:, 6:26].astype(float)
    )
    np.testing.assert_allclose(square, np.clip(expected, 0, 255), atol=1.3)


def test_nearest_keeps_levels(rng):
    pixels = rng.integers(0, 256, (12, 12), dtype=np.uint8)
    square = resize.fitted(
        PIL.Image.fromarray(pixels), 6, resize.RESIZES["nearest"]
    )
    np.testing.assert_array_equal(square[..., 0], pixels[1::2, 1::2])


def test_every_mode_has_been_tested():
    assert set(FILTERS) | {"nearest"} == set(resize.RESIZES)


def test_channels_are_resized_by_themselves(rng):
    images = rng.integers(0, 256, (2, 12, 12, 3)).astype(np.uint8)
    for size in (8, 20):
        resized = resize.resize_images(images, size)
        for channel in range(3):
            np.testing.assert_array_equal(
                resized[..., channel],
                resize.resize_grey(images[..., channel], size),
            )


@pytest.mark.parametrize("channels", [1, 3])
def test_named_modes_take_the_square_in_the_middle(rng, channels):
    images = rng.integers(0, 256, (2, 12, 16, channels)).astype(np.uint8)
    resized = resize.resize_images(images, 8, "nearest")
    assert resized.shape == (2, 8, 8, channels)
    # Pixel i of 8 lies at (i + 1/2) 12 / 8 of 12.
    places = np.floor((np.arange(8) + 0.5) * 1.5).astype(int)
    expected = images[:, :, 2:14][:, places][:, :, places]
    np.testing.assert_array_equal(resized, expected)
    with pytest.raises(errors.UsageError, match="--resize=enlarge"):
        resize.resize_images(images, 14, "nearest")
    assert resize.resize_images(images, 14, "enlarge").shape[1] == 14
    with pytest.raises(errors.UsageError, match="Unknown resize mode"):
        resize.resize_images(images, 8, "cubic")


@pytest.mark.parametrize("size", [8, 24])
def test_colours_that_nobody_sees_do_not_bleed(size):
    images = np.zeros((1, 16, 16, 4), np.uint8)
    images[:, :, :5] = [0, 255, 0, 0]  # green, and transparent
    images[:, :, 5:] = [200, 0, 0, 255]
    resized = resize.resize_images(images, size)
    assert resized.shape == (1, size, size, 4)
    seen = resized[resized[..., 3] > 30]
    assert len(seen) > size * size // 2
    assert seen[:, 1].max() <= 1  # bicubic overshoots, of red alone
    np.testing.assert_allclose(seen[:, 0], 200, atol=15)
    at_edge = (resized[..., 3] > 30) & (resized[..., 3] < 225)
    assert at_edge.any()
