"""Grids in which each row is a class, with its name."""

import io
import json

import numpy as np
import PIL.Image
import pytest
import tiny_conditional

from tf_mmdgan.conditions import Classes
from tf_mmdgan.training import class_rows, sample_grid
from tf_mmdgan.training.events import Events

NAMES = ("-лампы", "灯 <b>", "7")


@pytest.fixture(scope="module")
def model():
    made = tiny_conditional.model()
    made.condition = Classes(3, names=NAMES)
    return made


def test_rows_are_classes_and_columns_latents(model):
    rows = class_rows.draw(model, "current", seed=3)
    assert rows.shape == (3, class_rows.COLUMNS, 4, 4, 1)
    for number, row in enumerate(rows):
        want = model.generate(class_rows.COLUMNS, 3, "current", label=number)
        np.testing.assert_array_equal(row, want)
        named = model.generate(2, 3, "current", label=NAMES[number])
        np.testing.assert_array_equal(named, want[:2])


def test_without_names_there_are_no_rows():
    assert class_rows.draw(tiny_conditional.model()) is None


@pytest.mark.parametrize("channels", [1, 3])
def test_the_picture_holds_images_and_names(channels):
    rng = np.random.default_rng(0)
    shape = (3, 2, 8, 8, channels)
    rows = rng.integers(0, 256, shape, dtype=np.uint8)
    file = class_rows.encode_png(rows, [*NAMES, "passed over"], scale=2)
    with PIL.Image.open(io.BytesIO(file)) as picture:
        assert json.loads(picture.text[class_rows.NAMES]) == list(NAMES)
        pixels = np.asarray(picture).reshape(*picture.size[::-1], channels)
    left = pixels.shape[1] - (2 * 16 + 4)
    np.testing.assert_array_equal(pixels[20:36:2, left + 20 :: 2], rows[1, 1])
    assert pixels[:, :left].min() < 100  # letters


def test_long_names_are_cut_in_the_picture_alone():
    rows = np.zeros((1, 2, 8, 8, 1), np.uint8)
    file = class_rows.encode_png(rows, ["long " * 50], scale=8)
    with PIL.Image.open(io.BytesIO(file)) as picture:
        assert picture.width < 400
        assert json.loads(picture.text[class_rows.NAMES]) == ["long " * 50]


def test_the_grid_of_a_run_has_these_rows(model, tmp_path):
    grid = sample_grid.SampleGrid(tmp_path, 1, Events(tmp_path))
    grid.set_model(model)
    grid.act(5, {})
    with PIL.Image.open(tmp_path / sample_grid.grid_name(5)) as picture:
        assert json.loads(picture.text[class_rows.NAMES]) == list(NAMES)
