"""A generator in this process, with and without a SavedModel between."""

import numpy as np
import pytest
from exported import CLASSES, LATENTS, make_generator

from tf_mmdgan import errors, export, serving
from tf_mmdgan.conditions import Classes
from tf_mmdgan.latents import draw_labels, sampling_seed


@pytest.fixture(scope="module")
def generator():
    return make_generator()


@pytest.fixture(scope="module")
def sampler(generator):
    servable = export.Servable(
        generator, LATENTS, Classes(CLASSES), max_samples=20
    )
    signatures = servable.signatures()
    return serving.Sampler(serving.LocalPredictor(signatures), batch_size=10)


def test_a_saved_model_draws_the_same(sampler, generator, tmp_path):
    path = export.export_generator(
        generator, LATENTS, tmp_path, None, Classes(CLASSES)
    )
    loaded = export.load_generator(path)
    saved = serving.Sampler(serving.LocalPredictor(loaded.signatures), 10)
    got, want = (s.sample(25, seed=3) for s in (saved, sampler))
    np.testing.assert_array_equal(got.images, want.images)
    np.testing.assert_array_equal(got.labels, want.labels)
    names = {"num_samples", "seed", "start", "truncation", "label"}
    for source in (loaded.signatures, sampler._predictor._functions):
        found = serving.LocalPredictor(source).signatures()
        assert found["sample_class"].inputs == names
        assert found["serving_default"].inputs == {"latents", "labels"}
        images = found["sample_class"].outputs["images"]
        assert images.shape.as_list() == [None, 8, 8, 3]


def test_splits_continue_the_sequence(sampler):
    whole, rest = sampler.sample(30, seed=4), sampler.sample(13, 4, start=17)
    levels = whole.images[17:].astype(int) - rest.images
    assert np.abs(levels).max() <= 1
    np.testing.assert_array_equal(whole.labels[17:], rest.labels)
    want = draw_labels(sampling_seed(4), 30, 0, CLASSES)
    np.testing.assert_array_equal(whole.labels, want)
    assert len(np.unique(whole.images.reshape(30, -1), axis=0)) == 30


def test_what_the_model_refuses_is_one_sentence(sampler):
    with pytest.raises(errors.UsageError) as caught:
        sampler.sample(1, seed=0, label=3)
    assert str(caught.value) == "label must be 0 to 2, not 3"
    big = serving.Sampler(sampler._predictor, batch_size=21)
    with pytest.raises(errors.UsageError) as caught:
        big.sample(21, seed=0)
    assert str(caught.value) == "num_samples must be 1 to 20, not 21"


def test_unknown_signatures_are_named(sampler):
    with pytest.raises(errors.UsageError, match="Did you mean 'sample'"):
        sampler._predictor.predict("smaple", {}, {})
