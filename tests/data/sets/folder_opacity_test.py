"""Pictures whose transparency is kept."""

import numpy as np
import PIL.Image
import pytest

from tf_mmdgan import config, data, errors
from tf_mmdgan.data import resize


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    root = tmp_path_factory.mktemp("pictures")
    rng = np.random.default_rng(0)
    for number in range(30):
        pixels = rng.integers(0, 256, (24, 16, 4), dtype=np.uint8)
        pixels[:8, :, 3] = 0
        PIL.Image.fromarray(pixels).save(root / f"{number:02}.png")
    PIL.Image.new("L", (16, 24), 77).save(root / "grey.png")
    PIL.Image.new("RGB", (16, 24), (1, 2, 3)).save(root / "rgb.png")
    return root


def load(place, tmp_path, split="train", **changes):
    settings = {"image_size": "24x16", "channels": "rgba"} | changes
    chosen = config.DataConfig(
        dataset="folder", data_dir=str(place), cache_dir=str(tmp_path),
        **settings,
    )  # fmt: skip
    assert data.preview(chosen, split).image_shape[2] == {
        "rgba": 4, "rgb": 3, "auto": 3, "grey": 1,
    }[chosen.channels]  # fmt: skip
    return data.load(chosen, split).images


def test_pixels_are_those_of_the_files(pictures, tmp_path):
    found = np.concatenate(
        [load(pictures, tmp_path, split) for split in ("train", "test")]
    )
    assert found.shape == (32, 24, 16, 4)
    for path in pictures.iterdir():
        with PIL.Image.open(path) as picture:
            want = np.asarray(picture.convert("RGBA"))
        assert any((one == want).all() for one in found)


def test_what_cannot_be_seen_has_no_colour_when_it_is_made_smaller():
    pixels = np.zeros((16, 16, 4), np.uint8)
    pixels[:, :8] = (255, 0, 0, 0)  # red, and invisible
    pixels[:, 8:] = (0, 255, 0, 255)
    image = PIL.Image.fromarray(pixels)
    small = resize.fitted(image, "4x1", resize.RESIZES["area"], "stretch")
    np.testing.assert_allclose(small[:, 0], [[0, 255, 0, 128]] * 4, atol=1)


def test_padding_is_transparent(pictures, tmp_path):
    found = load(pictures, tmp_path, image_size=24, fit="pad")
    assert not found[:, :, :4, 3].any() and not found[:, :, 20:, 3].any()
    assert found[:, 8:, 4:20, 3].any()


@pytest.mark.parametrize("channels", ["rgb", "grey", "auto"])
def test_other_channels_are_laid_over_white(pictures, tmp_path, channels):
    found = load(pictures, tmp_path, channels=channels)
    rows = found.reshape(len(found), 24, -1)
    assert (rows[:, :8].min(axis=(1, 2)) == 255).sum() >= len(found) - 2


def test_sets_with_channels_of_their_own_refuse_others():
    with pytest.raises(errors.UsageError, match="--channels=rgba: is for"):
        data.load(config.DataConfig(dataset="digits", channels="rgba"), "train")
