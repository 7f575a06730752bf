"""CAS: what a classifier learns of images whose content is known."""

import types

import numpy as np
import pytest

from tf_mmdgan import config, errors
from tf_mmdgan.evaluation import classified
from tf_mmdgan.evaluation.classified import Labelled

CLASSES = 3


def stripes(rng, count, shift=0):
    """Images with one bright row; the row says the class."""
    labels = np.arange(count) % CLASSES
    images = rng.integers(0, 60, (count, 8, 8, 1)).astype(np.uint8)
    images[np.arange(count), 1 + 2 * ((labels + shift) % CLASSES)] = 250
    return Labelled(images, labels, CLASSES)


@pytest.fixture
def short(monkeypatch):
    monkeypatch.setattr(classified, "_MOST_EPOCHS", 12)


def test_good_images_teach_and_wrong_ones_do_not(rng, short):
    real = stripes(rng, 90)
    good = classified.accuracy_score(stripes(rng, 120), real)
    assert good["cas"] > 0.95
    assert good["cas_num_train"] == 120
    assert good["cas_standard_error"] == pytest.approx(
        np.sqrt(good["cas"] * (1 - good["cas"]) / 90)
    )
    wrong = classified.accuracy_score(stripes(rng, 120, shift=1), real)
    assert wrong["cas"] < 0.05


def test_a_model_draws_as_many_of_each_class_as_the_data_have(rng):
    asked = []

    def generate(count, seed, weights, label, first):
        asked.append((count, seed, weights, label, first))
        return np.full((count, 8, 8, 1), label, np.uint8)

    model = types.SimpleNamespace(num_classes=3, generate=generate)
    labels = np.repeat([0, 1, 2], [6, 3, 0])
    like = Labelled(np.zeros((9, 8, 8, 1), np.uint8), labels, 3)
    drawn = classified.of_model(model, like, None, 5, "current")
    # No latents serve two classes.
    assert asked == [(6, 5, "current", 0, 0), (3, 5, "current", 1, 6)]
    np.testing.assert_array_equal(drawn.images[:, 0, 0, 0], drawn.labels)
    assert len(classified.of_model(model, like, 20, 5).labels) == 20


@pytest.mark.parametrize(
    "change, words",
    [
        ({"num_classes": 4}, "4 classes"),
        ({"images": np.zeros((90, 8, 9, 1), np.uint8)}, r"\(8, 9, 1\)"),
    ],
)
def test_other_shapes_and_classes_are_refused(rng, change, words):
    real = stripes(rng, 90)
    with pytest.raises(errors.DataError, match=words):
        classified.accuracy_score(real._replace(**change), real)


def test_a_model_without_classes_is_refused(rng):
    model = types.SimpleNamespace(num_classes=None)
    with pytest.raises(errors.UsageError, match="--conditioning"):
        classified.of_model(model, stripes(rng, 9), None, 0)


def test_sources_need_labels():
    settings = config.EvaluateConfig(
        real="digits/test", fake="digits/train", cas=True
    )
    assert classified.of_source("digits", settings).num_classes == 10
    with pytest.raises(errors.UsageError, match="data sets"):
        classified.of_source("pictures", settings)


@pytest.mark.parametrize(
    "named",
    [
        {"fake": "digits", "metrics": "inception_score"},
        {"run_dir": "run", "real": "digits"},
    ],
)
def test_the_flag_has_its_place(named):
    with pytest.raises(errors.UsageError, match="--cas is for"):
        config.EvaluateConfig(cas=True, **named)
