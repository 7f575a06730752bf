"""What is scored against what."""

import numpy as np
import pytest
from loading import load

from tf_mmdgan import config, errors, evaluation, metrics
from tf_mmdgan.evaluation import from_config
from tf_mmdgan.evaluation import scorer as scorer_module
from tf_mmdgan.features import Extracted


def train_config(**kwargs):
    return config.TrainConfig(**{"run_dir": "run", **kwargs})


def evaluate_config(**kwargs):
    return config.EvaluateConfig(**{"run_dir": "run", **kwargs})


@pytest.fixture(scope="module")
def scorer():
    return from_config.scorer_of_run(train_config())


def test_run_is_scored_against_held_out_images(scorer):
    held_out = load("digits", "test").images
    np.testing.assert_array_equal(scorer.real, held_out)
    assert scorer.settings == {"max_block_size": 100}
    assert scorer.count == 500 and scorer.source == "digits/test"


def test_noise_is_far_and_training_images_are_near(scorer, rng):
    noise = rng.integers(0, 256, (200, 16, 16, 1), dtype=np.uint8)
    near = scorer.kid(load("digits", "train").images)
    assert abs(near) < 5 and scorer.kid(noise) > 5 * abs(near) + 5


def test_same_images_have_no_exact_distance(scorer):
    report = scorer.report(scorer.real, "itself")
    exact = report.scores["kid_exact"]
    # Unbiased: the diagonal of the cross term is all that is left.
    assert exact["kid"] < 0
    assert set(report.scores) == set(metrics.METRICS) - {
        "fid_infinity",
        "parzen",
    }
    assert report.extractor.startswith("lenet_digits-")


def test_evaluation_takes_what_it_leaves_out_from_the_run():
    run = train_config(features="pixels", max_block_size=50)
    made = from_config.make_scorer(evaluate_config(metrics="kid_blocks"), run)
    assert made.extractor.name == "pixels"
    assert made.settings["max_block_size"] == 50
    assert made.metrics == "kid_blocks"
    given = evaluate_config(
        features="lenet_digits", max_block_size=25, num_samples=77, seed=4
    )
    made = from_config.make_scorer(given, run)
    assert made.extractor.name == "lenet_digits"
    assert made.settings["max_block_size"] == 25
    assert (made.count, made.seed) == (77, 4)


def test_the_report_says_by_which_settings(scorer):
    given = evaluate_config(kid_degree=2, kid_coef0=0.5, num_subsets=7)
    made = from_config.make_scorer(given, train_config())
    settings = made.report(scorer.real[:90], "x").settings
    assert settings["kernel"] == "Polynomial(degree=2, gamma=None, coef0=0.5)"
    assert (settings["num_subsets"], settings["subset_size"]) == (7, 45)


def test_features_have_to_be_named_for_a_file(tmp_path, rng):
    path = tmp_path / "a.npz"
    np.savez(path, images=rng.integers(0, 256, (5, 8, 8, 3), dtype=np.uint8))
    with pytest.raises(errors.UsageError, match="--features is missing"):
        from_config.make_scorer(
            config.EvaluateConfig(fake="x", real=str(path)), None
        )


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

    def render(report, samples, neighbours):
        shown.update(report=report, samples=samples, neighbours=neighbours)
        return "page"

    monkeypatch.setattr(scorer_module, "render_page", render)
    images = scorer.real[:70]
    assert scorer.page(scorer.report(images, "copies"), images) == "page"
    assert shown["report"]["fake"] == "copies"
    np.testing.assert_array_equal(shown["samples"], images[:64])
    # The image itself, and its copy among the real ones before all others.
    assert shown["neighbours"].shape == (8, 8, 16, 16, 1)
    for column in (0, 1):
        np.testing.assert_array_equal(
            shown["neighbours"][:, column], images[:8]
        )


def test_features_of_slow_extractors_are_kept(tmp_path):
    class Slow:
        classifies = False
        identifier = name = "slow"
        slow = True
        calls = 0

        def __call__(self, images):
            self.calls += 1
            flat = images.reshape(len(images), -1).astype(np.float32)
            return Extracted(flat[:, :8])

    extractor = Slow()
    real = load("digits", "test").images
    for _ in range(2):
        evaluation.Scorer(
            extractor, real, "x", {"max_block_size": 100}, 100,
            cache_dir=tmp_path / "features",
        )  # fmt: skip
    assert extractor.calls == 1
    extractor.slow = False
    evaluation.Scorer(extractor, real, "x", {"max_block_size": 100}, 100)
    assert extractor.calls == 2


def statistics(tmp_path, features):
    path = tmp_path / "stats.npz"
    metrics.write_moments(path, metrics.moments(features), "pixels")
    return str(path)


def test_fid_against_a_statistics_file(tmp_path, scorer):
    path = statistics(tmp_path, scorer.real_features)
    assert from_config.is_statistics(path)
    assert not from_config.is_statistics("digits/test")
    report = from_config.score_by_statistics(
        config.EvaluateConfig(
            real=path, fake="digits/train", features="lenet_digits"
        )
    )
    images = load("digits", "train").images
    expected = scorer.report(images, "train").scores["fid"]
    assert report.scores == {"fid": pytest.approx(expected, rel=1e-5)}
    assert report.num_real is None and report.num_fake == len(images)


@pytest.mark.parametrize(
    "wrong", [{"metrics": "kid_exact", "features": "pixels"}, {}]
)
def test_statistics_allow_fid_alone(tmp_path, rng, wrong):
    path = statistics(tmp_path, rng.normal(size=(9, 4)))
    with pytest.raises(errors.UsageError, match=r"holds moments: .*fid"):
        from_config.score_by_statistics(
            config.EvaluateConfig(real=path, fake="digits/test", **wrong)
        )
