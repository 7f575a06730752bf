"""tools/sample.py --like and --invert in this process."""

import dataclasses
import types

import keras
import numpy as np
import PIL.Image
import pytest

from tf_mmdgan import errors, evaluation, export, images, serving
from tf_mmdgan.config import SampleConfig
from tf_mmdgan.features import Extracted, FeatureExtractor
from tf_mmdgan.latents import Latents
from tf_mmdgan.models import MomentMatchingModel
from tf_mmdgan.objectives.discrepancies import SlicedEnergy
from tf_mmdgan.tools import sources
from tf_mmdgan.tools.sample import sample
from tf_mmdgan.training import held_out


class Mean(FeatureExtractor):
    """What cannot be differentiated."""

    name = identifier = "mean"

    def __call__(self, given):
        return Extracted(given.mean((1, 2, 3))[:, None].astype("float32"))


@pytest.fixture(scope="module")
def model():
    keras.utils.set_random_seed(0)
    layers = [keras.Input((3,)), keras.layers.Dense(4, activation="tanh")]
    network = keras.Sequential([*layers, keras.layers.Reshape((2, 2, 1))])
    return MomentMatchingModel(network, Latents(3, "uniform"), SlicedEnergy(4))


@pytest.fixture(autouse=True)
def run(model, monkeypatch):
    """A run that is there without its folder."""
    servable = export.Servable(model.generator, model.latents, None)
    predictor = serving.LocalPredictor(servable.signatures())

    def opened(config):
        run = types.SimpleNamespace(model=model, config=None)
        return sources.Source(predictor, None, run if config.run_dir else None)

    monkeypatch.setattr(sources, "open_source", opened)


@pytest.fixture
def pictures(model, tmp_path):
    folder = tmp_path / "pictures"
    images.write_folder(folder, model.generate(3, seed=8))
    return folder


def search(tmp_path, **settings):
    """What is told, and the arrays that are written."""
    out = str(tmp_path / "out.npz")
    given = {"run_dir": "run", "features": "pixels", "draws": 40, "out": out}
    told = sample(SampleConfig(**{**given, **settings}))
    with np.load(out) as file:
        return told, dict(file)


def test_a_run_draws_the_like_of_a_folder_by_descent(model, pictures, tmp_path):
    told, found = search(tmp_path, like=str(pictures), num_samples=4)
    expected = model.more_like(
        model.generate(3, seed=8), 4, features="pixels", draws=40
    )
    np.testing.assert_array_equal(found["images"], expected.images)
    np.testing.assert_array_equal(found["latents"], expected.latents)
    assert told["after"] == pytest.approx(expected.after[0])
    assert told["after"] < told["before"] and told["num_samples"] == 4


def test_pictures_are_files_and_are_inverted_beside(model, pictures, tmp_path):
    files = sorted(pictures.iterdir())[:2]
    given = ",".join(map(str, files))
    told, found = search(tmp_path, invert=given, search_steps=30)
    assert found["images"].shape == (2, 2, 2, 1)
    assert (found["after"] < found["before"]).all()
    assert told["after"] == pytest.approx(found["after"].mean())
    out = tmp_path / "beside"
    config = SampleConfig(
        run_dir="run", invert=given, features="pixels", draws=40,
        search_steps=30, out=str(out),
    )  # fmt: skip
    sample(config)
    assert len(list(out.iterdir())) == 4


@pytest.mark.parametrize("source", ["saved_model", "run_dir"])
def test_without_gradients_the_best_draws_are_taken(
    model, pictures, tmp_path, source, capsys
):
    """Of exports and servers always; of runs by features that have none."""
    settings = {"run_dir": None, source: "there", "features": Mean()}
    told, found = search(
        tmp_path, like=str(pictures), num_samples=3, **settings
    )
    assert told["before"] == told["after"]
    drawn = model.generate(40)
    for image in found["images"]:
        assert (np.abs(drawn - image.astype(int)).max((1, 2, 3)) <= 1).any()
    said = "cannot be differentiated" in capsys.readouterr().err
    assert said == (source == "run_dir")


@pytest.mark.parametrize(
    "shape, words",
    [
        ((3, 2, 1), "3 x 2 pixels grey; the generator makes pictures of 2 x 2"),
        ((2, 2, 3), "2 x 2 pixels in colour; .*2 x 2 pixels grey"),
        ((2, 2, 4), "2 x 2 pixels in colour; .*2 x 2 pixels grey"),
    ],
)
def test_pictures_of_another_kind_are_refused(shape, words, tmp_path, rng):
    folder = tmp_path / "others"
    others = rng.integers(0, 256, (2, *shape), dtype=np.uint8)
    images.write_folder(folder, others)
    file = next(folder.iterdir())
    for given in (folder, file):
        with pytest.raises(errors.UsageError, match=words) as caught:
            search(tmp_path, like=str(given))
        assert "\n" not in str(caught.value)


def test_pictures_with_opacity_are_of_such_generators(tmp_path, rng):
    drawn = rng.integers(0, 256, (2, 3, 2, 4), dtype=np.uint8)
    images.write_folder(tmp_path / "drawn", drawn)
    names = ",".join(map(str, sorted((tmp_path / "drawn").iterdir())))
    found = evaluation.read_alike(names, (3, 2, 4))
    np.testing.assert_array_equal(found, drawn)
    with pytest.raises(errors.UsageError, match="in colour with opacity"):
        evaluation.read_alike(str(tmp_path / "drawn"), (3, 2, 4))
    with pytest.raises(errors.UsageError, match="of 7 channels"):
        evaluation.read_alike(names, (3, 2, 7))


def test_each_of_several_pictures_may_be_in_the_home_folder(
    tmp_path, monkeypatch
):
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("a", "b"):
        PIL.Image.new("L", (2, 3)).save(tmp_path / f"{name}.png")
    found = evaluation.read_alike("~/a.png, ~/b.png", (3, 2, 1))
    assert found.shape == (2, 3, 2, 1)


def test_what_is_no_picture_is_refused(tmp_path):
    text = tmp_path / "text.png"
    text.write_text("words")
    empty = tmp_path / "empty"
    empty.mkdir()
    for given in (text, empty, tmp_path / "missing.png"):
        with pytest.raises(errors.DataError) as caught:
            search(tmp_path, like=str(given))
        assert given.name in str(caught.value)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "wrong, words",
    [
        ({"like": "a", "invert": "b"}, "--like does not go with --invert"),
        ({"like": "a", "interpolate_to": 3}, "with --interpolate_to"),
        ({"invert": "a", "truncation": 0.5}, "--invert .* --truncation"),
        ({"invert": "a", "search_steps": 0}, "--search_steps of 1"),
        ({"invert": "a", "run_dir": None, "model": "digits"}, "for --run_dir"),
        ({"features": "pixels"}, "for --like and --invert"),
        ({"like": "a", "draws": 0}, "--draws=0"),
    ],
)
def test_settings_that_do_not_go_together_are_refused(wrong, words):
    with pytest.raises(errors.UsageError, match=words):
        SampleConfig(**{"run_dir": "run", **wrong})


def test_real_images_to_keep_by_are_looked_at_before_any_is_drawn(
    tmp_path, monkeypatch
):
    def missing(config, data_dir):
        raise errors.DataError("There is no folder photos.")

    def refuse(*arguments, **settings):
        raise AssertionError("the work has begun")

    monkeypatch.setattr(held_out, "scorer", missing)
    monkeypatch.setattr(serving.Sampler, "sample", refuse)
    given = SampleConfig(run_dir="run", keep=0.5, out=f"{tmp_path}/a.npz")
    with pytest.raises(errors.DataError, match="no folder photos"):
        sample(given)
    few = dataclasses.replace(given, keep=1e-5)
    with pytest.raises(errors.UsageError, match=r"keep=1e-05: 6,400,000 imag"):
        sample(few)


def test_large_pictures_are_refused_before_the_search(
    pictures, tmp_path, monkeypatch, model
):
    monkeypatch.setattr(type(model), "invert", None)
    given = SampleConfig(
        run_dir="run", features="pixels", invert=str(pictures), scale=256,
        out=f"{tmp_path}/a.png",
    )  # fmt: skip
    monkeypatch.setattr(images, "_MOST_PIXELS", 2**20)
    with pytest.raises(errors.UsageError, match="--scale=256"):
        sample(given)
