"""Nothing is generated that would not compare."""

import keras
import numpy as np
import pytest

from tf_mmdgan import config, errors, export
from tf_mmdgan.evaluation import by_statistics, from_config, images
from tf_mmdgan.latents import Latents
from tf_mmdgan.metrics import Moments, write_moments


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """A generator of images of 4 x 4 pixels with opacity."""
    folder = tmp_path_factory.mktemp("exported")
    generator = keras.Sequential(
        [
            keras.Input((3,)),
            keras.layers.Dense(64, activation="tanh"),
            keras.layers.Reshape((4, 4, 4)),
        ]
    )
    export.export_generator(generator, Latents(3, "normal"), folder)
    return str(folder)


def refuse(*arguments):
    raise AssertionError("images are generated")


@pytest.mark.parametrize(
    "shape, words",
    [((9, 8, 8, 3), r"\(8, 8, 3\).*\(4, 4, 3\)"), ((9, 4, 4, 5), "4, 4, 5")],
)
def test_a_generator_that_does_not_compare_draws_none(
    tmp_path, monkeypatch, exported, shape, words
):
    np.savez(tmp_path / "a.npz", images=np.zeros(shape, np.uint8))
    monkeypatch.setattr(images, "_generate", refuse)
    given = config.EvaluateConfig(
        real=f"{tmp_path}/a.npz", fake=exported, features="pixels"
    )
    with pytest.raises((errors.UsageError, errors.DataError), match=words):
        from_config.make_pair(given)


def test_a_generator_with_opacity_is_compared_with_pictures(
    tmp_path, exported, rng
):
    real = rng.integers(0, 256, (9, 4, 4, 3), dtype=np.uint8)
    np.savez(tmp_path / "a.npz", images=real)
    scorer, found = from_config.make_pair(
        config.EvaluateConfig(
            real=f"{tmp_path}/a.npz", fake=exported, features="pixels",
            num_samples=12, cache="off",
        )
    )  # fmt: skip
    assert found.shapes == {(4, 4, 3): 12}
    assert "over white" in found.prepared.remarks[0]
    assert scorer.extractor.name == "pixels"


def test_of_statistics_a_run_draws_one_image_before_all(tmp_path, rng):
    path = tmp_path / "s.npz"
    write_moments(path, Moments.of(rng.normal(size=(50, 7))), "pixels")
    asked = []

    def draw(count):
        asked.append(count)
        return np.zeros((count, 4, 4, 1), np.uint8)

    given = config.EvaluateConfig(
        run_dir="run", real=str(path), features="pixels"
    )
    run = config.TrainConfig(run_dir="run")
    with pytest.raises(errors.DataError, match="unequal numbers of features"):
        by_statistics.score_by_statistics(given, run, draw)
    assert asked == [1]
