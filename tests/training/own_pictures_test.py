"""A run on an archive of rectangles with transparency, in named classes."""

import dataclasses
import io
import json
import zipfile

import numpy as np
import PIL.Image
import pytest

from tf_mmdgan import config, errors
from tf_mmdgan.training import class_rows, finished, run, run_directory

NAMES = ("-a b", "7")

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    folder = tmp_path_factory.mktemp("own")
    rng = np.random.default_rng(0)
    with zipfile.ZipFile(folder / "pictures.zip", "w") as archive:
        for number in range(160):
            pixels = rng.integers(0, 256, (20, 30, 4), dtype=np.uint8)
            file = io.BytesIO()
            PIL.Image.fromarray(pixels).save(file, "PNG")
            name = f"mine/{NAMES[number % 2]}/{number:03}.png"
            archive.writestr(name, file.getvalue())
    return config.TrainConfig(
        run_dir=folder / "run",
        dataset="folder",
        data_dir=folder / "pictures.zip",
        cache_dir=folder / "cache",
        image_size="16x18",
        fit="pad",
        channels="rgba",
        conditioning="projection",
        generator_width=4,
        critic_width=4,
        critic_steps=1,
        features="thumbnails",
        evaluation_samples=20,
        strategy="one_device",
        steps=1,
    )


@pytest.fixture(scope="module")
def trained(settings):
    return run.prepare(settings).train()


def test_it_is_scored_shown_and_exported(trained):
    folder = trained.folder
    told = json.loads((folder / "report.json").read_text())["preprocessing"]
    assert "brought to shape by pad" in told["real"]
    (grid,) = (folder / "samples").glob("*.png")
    with PIL.Image.open(grid) as picture:
        assert picture.mode == "RGBA"
        assert json.loads(picture.text[class_rows.NAMES]) == list(NAMES)
    (record,) = folder.glob("export/1/assets.extra/tf_mmdgan.json")
    metadata = json.loads(record.read_text())
    assert metadata["class_names"] == list(NAMES)
    assert metadata["image_shape"] == [16, 18, 4]


def test_a_class_is_drawn_by_its_name_when_it_is_loaded(trained):
    loaded = finished.load_run(trained.folder)
    for number, name in enumerate(NAMES):
        found = loaded.generate(3, seed=2, label=name)
        want = trained.generate(3, seed=2, label=number)
        np.testing.assert_array_equal(found, want)
    assert found.shape == (3, 16, 18, 4)


@pytest.mark.parametrize(
    "change",
    [{"fit": "crop"}, {"channels": "rgb"}, {"image_size": "16x20"}],
    ids=lambda change: next(iter(change)),
)
def test_other_pictures_are_another_run(trained, settings, change):
    del trained
    (name,) = change
    with pytest.raises(errors.UsageError, match=f"{name} is"):
        run_directory.check(dataclasses.replace(settings, **change))
