import numpy as np
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
