"""What is scored against what."""

import numpy as np
import pytest
from loading import load

from tf_mmdgan import config, errors, evaluation, features, metrics
from tf_mmdgan.evaluation import from_config
from tf_mmdgan.evaluation import scorer as scorer_module
from tf_mmdgan.features import Extracted
from tf_mmdgan.metrics import MetricSettings


@pytest.fixture(scope="module")
def scorer():
    return from_config.scorer_of_run(config.TrainConfig(run_dir="run"))


def test_run_is_scored_against_held_out_images(scorer):
    held_out = load("digits", "test").images
    np.testing.assert_array_equal(scorer.real, held_out)
    assert scorer.settings == MetricSettings(max_block_size=100)
    assert scorer.count == 500 and scorer.source == "digits/test"


def test_noise_is_far_and_training_images_are_near(scorer, rng):
    noise = rng.integers(0, 256, (200, 16, 16, 1), dtype=np.uint8)
    near, far = (
        scorer.baseline(images)
        for images in (load("digits", "train").images, noise)
    )
    for metric in ("kid_tfgan", "kid_exact"):
        kid = abs(near[metric]["kid"])
        assert kid < 5 and far[metric]["kid"] > 5 * kid + 5
    assert near["prdc"]["precision"] > 0.8
    assert far["fid"]["fid"] > 5 * near["fid"]["fid"]


def test_same_images_have_no_exact_distance(scorer):
    report = scorer.report(scorer.real, "itself")
    exact = report.scores["kid_exact"]
    # Unbiased: the diagonal of the cross term is all that is left.
    assert exact["kid"] < 0
    assert set(report.scores) == set(metrics.METRICS) - {
        "fid_infinity",
        "parzen",
        "energy_distance",
    }
    assert report.extractor.startswith("lenet_digits-")


def test_the_order_of_the_images_does_not_matter_to_sets(scorer, rng):
    images = rng.integers(0, 256, (90, 16, 16, 1), dtype=np.uint8)
    first = scorer.report(images, "a").scores
    second = scorer.report(images[::-1], "b").scores
    for metric in ("kid_exact", "fid", "gaussian_mmd", "prdc"):
        assert first[metric] == pytest.approx(
            second[metric], rel=1e-4, nan_ok=True
        )
    # Blocks are of neighbours, after an order of chance.
    assert first["kid_blocks"] != second["kid_blocks"]


def test_the_page_shows_the_nearest_real_images(scorer, monkeypatch):
    shown = {}

    def render(report, samples, neighbours, history, training):
        assert training is None
        shown.update(
            report=report,
            history=history,
            samples=samples,
            neighbours=neighbours,
        )
        return "page"

    monkeypatch.setattr(scorer_module, "render_page", render)
    images = scorer.real[:70]
    assert scorer.page(scorer.report(images, "copies"), images) == "page"
    assert shown["report"]["fake"] == "copies" and shown["history"] is None
    np.testing.assert_array_equal(shown["samples"], images[:64])
    # The image itself, and its copy among the real ones before all others.
    assert shown["neighbours"].shape == (8, 8, 16, 16, 1)
    for column in (0, 1):
        np.testing.assert_array_equal(
            shown["neighbours"][:, column], images[:8]
        )


class EightPixels(features.FeatureExtractor):
    """An extractor that counts how often it is asked."""

    classifies = False
    identifier = name = "eight pixels"

    def __init__(self, slow):
        self.slow = slow
        self.calls = 0

    def check(self, image_shape):
        if image_shape[-1] != 1:
            raise errors.UsageError("grey images only")

    def __call__(self, images):
        self.calls += 1
        flat = images.reshape(len(images), -1).astype(np.float32)
        return Extracted(flat[:, :8])


@pytest.mark.parametrize("slow, calls", [(True, 1), (False, 2)])
def test_features_of_slow_extractors_are_kept(tmp_path, slow, calls):
    extractor = EightPixels(slow)
    real = load("digits", "test").images
    for _ in range(2):
        scorer = evaluation.Scorer(
            extractor, real, "x", MetricSettings(max_block_size=100), 100,
            cache_dir=tmp_path / "features",
        )  # fmt: skip
        for _ in range(2):
            np.testing.assert_array_equal(
                scorer.real_features, real.reshape(len(real), -1)[:, :8]
            )
    assert extractor.calls == calls


def test_the_extractor_gets_as_many_images_as_are_asked_for(rng):
    extractor = EightPixels(slow=False)
    real = rng.integers(0, 256, (20, 4, 4, 1), dtype=np.uint8)
    scorer = evaluation.Scorer(
        extractor, real, "x", MetricSettings(), 20, ["fid"], batch_size=7
    )
    scorer.report(real, "y")
    assert extractor.calls == 6  # three batches of either set


def test_nothing_is_extracted_before_it_is_needed(rng):
    extractor = EightPixels(slow=False)
    real = rng.integers(0, 256, (20, 4, 4, 1), dtype=np.uint8)
    settings = MetricSettings(max_block_size=10)
    scorer = evaluation.Scorer(extractor, real, "x", settings, 20)
    assert extractor.calls == 0
    assert scorer.baseline(real[::-1]) == scorer.baseline(real[::-1])
    assert extractor.calls == 3  # once for the real images


@pytest.mark.parametrize(
    "wrong, error, words",
    [
        ({"count": 0}, errors.UsageError, "evaluation_samples=0"),
        (
            {"count": 1, "metrics": "kid_blocks"},
            errors.UsageError,
            "metric kid_blocks needs 2 images of each set, not 20 real and 1",
        ),
        ({"metrics": "fit"}, errors.UsageError, "metric 'fit'"),
        (
            {"real": np.zeros((20, 4, 4, 3), np.uint8)},
            errors.UsageError,
            "grey images only",
        ),
    ],
    ids=["workers", "blocks", "metric", "channels"],
)
def test_what_cannot_be_scored_is_refused_before_it_is_extracted(
    wrong, error, words
):
    extractor = EightPixels(slow=False)
    given = {
        "extractor": extractor,
        "real": np.zeros((20, 4, 4, 1), np.uint8),
        "source": "x",
        "settings": MetricSettings(max_block_size=10),
        "count": 20,
    }
    with pytest.raises(error, match=words):
        evaluation.Scorer(**given | wrong)
    assert extractor.calls == 0
