"""How pictures of one shape come to another."""

import numpy as np
import PIL.Image
import pytest

from tf_mmdgan import config, data, errors
from tf_mmdgan.data import resize

MODE = resize.RESIZES["area"]


def picture(height, width, channels=3):
    rng = np.random.default_rng(height)
    shape = (height, width, channels)[: 2 + (channels > 1)]
    return PIL.Image.fromarray(rng.integers(0, 256, shape, dtype=np.uint8))


def filtered(image, height, width):
    pixels = np.asarray(image.resize((width, height), MODE.filter))
    return pixels.reshape(height, width, -1)


@pytest.mark.parametrize(
    "shape, box",
    [
        ((24, 64), (16, 0, 48, 24)),  # left, top, right, bottom
        ((48, 32), (0, 12, 32, 36)),
        ((25, 33), (0, 0, 33, 24)),
        ((24, 32), (0, 0, 32, 24)),
    ],
)
def test_crop_is_the_middle_of_that_shape(shape, box):
    image = picture(*shape)
    found = resize.fitted(image, "12x16", MODE)
    np.testing.assert_array_equal(found, filtered(image.crop(box), 12, 16))


@pytest.mark.parametrize("channels", [1, 3])
def test_pad_is_the_whole_with_white_around(channels):
    image = picture(20, 60, channels)
    found = resize.fitted(image, "16x24", MODE, "pad")
    np.testing.assert_array_equal(found[4:12], filtered(image, 8, 24))
    assert (found[:4] == 255).all() and (found[12:] == 255).all()
    upright = resize.fitted(image.transpose(4), "16x24", MODE, "pad")
    assert (upright[:, :9] == 255).all() and upright[:, 9:14].std() > 9


def test_stretch_is_the_whole():
    image = picture(20, 60)
    found = resize.fitted(image, "16x8", MODE, "stretch")
    np.testing.assert_array_equal(found, filtered(image, 16, 8))


@pytest.mark.parametrize(
    "shape, fit, small",
    [
        ((12, 16), "crop", False),
        ((11, 99), "crop", True),
        ((99, 15), "stretch", True),
        ((11, 16), "pad", False),
        ((12, 15), "pad", False),
        ((11, 15), "pad", True),
    ],
)
def test_which_pictures_would_be_enlarged(shape, fit, small):
    assert resize.is_too_small(shape, "12x16", fit) == small


def folder(tmp_path, size):
    for number in range(30):
        image = picture(*size)
        image.save(tmp_path / f"{number}.png")
    return tmp_path


def settings(place, cache, **changes):
    return config.DataConfig(
        dataset="folder", data_dir=str(place), cache_dir=str(cache), **changes
    )


def test_a_folder_is_brought_to_a_rectangle_in_each_way(tmp_path):
    place = tmp_path / "a"
    place.mkdir()
    folder(place, (20, 60))
    found = {}
    for fit in ("crop", "pad", "stretch"):
        chosen = settings(place, tmp_path / "c", image_size="16x24", fit=fit)
        assert data.preview(chosen, "train").image_shape == (16, 24, 3)
        images = data.load(chosen, "train").images
        with PIL.Image.open(place / "0.png") as image:
            bicubic = resize.RESIZES["antialias"]
            want = resize.fitted(image, "16x24", bicubic, fit)
        found[fit] = images
        assert any((want == one).all() for one in images)
    assert len({images.tobytes() for images in found.values()}) == 3


def test_pictures_too_small_for_a_side_are_named(tmp_path):
    place = folder(tmp_path, (12, 60))
    for fit in ("crop", "stretch"):
        with pytest.raises(errors.DataError, match="60 x 12 pixels"):
            data.load(
                settings(place, tmp_path / "c", image_size="16x24", fit=fit),
                "train",
            )


@pytest.mark.parametrize(
    "wrong, words",
    [
        ({"image_size": "16x24"}, "--image_size=16x24: the images of 'digits'"),
        ({"fit": "pad"}, "--fit=pad: the images of 'digits' are squares"),
    ],
)
def test_sets_of_squares_refuse_other_shapes(wrong, words):
    with pytest.raises(errors.UsageError, match=words):
        data.load(config.DataConfig(dataset="digits", **wrong), "train")


def test_drawn_images_have_any_shape():
    chosen = config.DataConfig(dataset="synthetic", image_size="16x24")
    assert data.load(chosen, "test").image_shape == (16, 24, 3)
    assert data.preview(chosen, "test").image_shape == (16, 24, 3)
