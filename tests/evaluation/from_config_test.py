"""Scorers, images and settings that configurations name."""

import numpy as np
import pytest
from loading import load

from tf_mmdgan import config, errors, features, metrics
from tf_mmdgan.evaluation import from_config
from tf_mmdgan.metrics import MetricSettings, kid

SHAPE = (16, 16, 1)  # of digits


def train_config(**kwargs):
    return config.TrainConfig(**{"run_dir": "run", **kwargs})


def evaluate_config(**kwargs):
    return config.EvaluateConfig(**{"run_dir": "run", **kwargs})


def test_evaluation_takes_what_it_leaves_out_from_the_run():
    run = train_config(features="pixels", max_block_size=50)
    given = evaluate_config(metrics="kid_blocks")
    made = from_config.make_scorer(given, run, SHAPE)
    assert made.extractor.name == "pixels"
    assert made.settings.max_block_size == 50
    assert made.metrics == "kid_blocks"
    given = evaluate_config(
        features="lenet_digits", max_block_size=25, num_samples=77, seed=4
    )
    made = from_config.make_scorer(given, run, SHAPE)
    assert made.extractor.name == "lenet_digits"
    assert made.settings.max_block_size == 25
    assert (made.count, made.settings.seed) == (77, 4)


def test_the_report_says_by_which_settings():
    given = evaluate_config(kid_degree=2, kid_coef0=0.5, num_subsets=7)
    made = from_config.make_scorer(given, train_config(), SHAPE)
    settings = made.report(made.real[:90], "x").settings
    assert settings["kernel"] == "Polynomial(degree=2, gamma=None, coef0=0.5)"
    assert (settings["num_subsets"], settings["subset_size"]) == (7, 45)


def test_two_sets_of_images_have_blocks_of_their_own(tmp_path, rng):
    for name, count in (("real", 40), ("fake", 25)):
        images = rng.integers(0, 256, (count, 8, 8, 3), dtype=np.uint8)
        np.savez(tmp_path / name, images=images)
    scorer, images = from_config.make_pair(
        config.EvaluateConfig(
            real=f"{tmp_path}/real.npz", fake=f"{tmp_path}/fake.npz",
            features="pixels", cache_dir=str(tmp_path),
        )
    )  # fmt: skip
    assert scorer.settings == MetricSettings(max_block_size=8)
    assert (len(scorer.real), len(images), scorer.count) == (40, 25, 25)


def reconstructions(tmp_path, rng, count=400):
    """Two files of images, each image of one almost that of the other."""
    levels = rng.integers(8, 248, (count, 2, 2, 1))
    for name in ("real", "fake"):
        noise = rng.integers(-8, 9, levels.shape)
        np.savez(tmp_path / name, images=(levels + noise).astype(np.uint8))
    return {
        "real": f"{tmp_path}/real.npz",
        "fake": f"{tmp_path}/fake.npz",
        "features": "pixels",
        "cache_dir": str(tmp_path),
    }


def test_pairs_of_images_do_not_stay_together_in_blocks(tmp_path, rng):
    given = reconstructions(tmp_path, rng)
    values = {}
    for order in ("shuffled", "given"):
        scorer, images = from_config.make_pair(
            config.EvaluateConfig(**given, order=order, max_block_size=20)
        )
        report = scorer.report(images.images, "x")
        assert report.settings["order"] == order
        values[order] = report.scores
    exact = values["shuffled"]["kid_exact"]["kid"]
    blocks = values["shuffled"]["kid_blocks"]
    error = blocks["kid_standard_error"]
    assert abs(blocks["kid"] - exact) < 3.0 * error
    # All pairs in one block: 20 times as many as belong there.
    assert values["given"]["kid_blocks"]["kid"] < exact - 0.01


def test_subsets_in_the_given_order_are_those_of_the_features(tmp_path, rng):
    given = reconstructions(tmp_path, rng, count=60)
    scorer, images = from_config.make_pair(
        config.EvaluateConfig(
            **given, order="given", seed=2020, num_subsets=7, subset_size=20
        )
    )
    found = scorer.real_features, scorer.features(images.images)
    # The rows of np.random.RandomState(2020), as torch-fidelity draws them:
    # tests/metrics/kid_exactness_test.py.
    expected = kid.kid(
        *found, "subsets", num_subsets=7, subset_size=20, seed=2020
    )
    numbers = scorer.report(images.images, "x").scores["kid_subsets"]
    assert numbers["kid"] == expected.mean
    assert numbers["kid_subset_std"] == expected.subset_std


def test_few_images_have_the_scores_that_they_allow(tmp_path, rng):
    given = reconstructions(tmp_path, rng, count=4)
    scorer, images = from_config.make_pair(config.EvaluateConfig(**given))
    report = scorer.report(images.images, "x")
    assert set(report.scores) >= {"fid", "kid_exact", "kid_blocks", "prdc"}
    assert "class probabilities" in report.unavailable["inception_score"]
    assert "Not to be had" in scorer.page(report, images.images)
    with pytest.raises(
        errors.UsageError, match=r"prdc .*more than nearest_k=4"
    ):
        from_config.make_pair(
            config.EvaluateConfig(**given, metrics="prdc", nearest_k=4)
        )


def test_features_have_to_be_named_for_a_file(tmp_path, rng):
    path = tmp_path / "a.npz"
    np.savez(path, images=rng.integers(0, 256, (5, 8, 8, 3), dtype=np.uint8))
    with pytest.raises(errors.UsageError, match="--features is missing"):
        from_config.make_pair(config.EvaluateConfig(fake="x", real=str(path)))


def statistics(tmp_path, rows, extractor="pixels"):
    path = tmp_path / "stats.npz"
    metrics.write_moments(path, metrics.Moments.of(rows), extractor)
    return str(path)


def test_fid_against_a_statistics_file(tmp_path):
    scorer = from_config.scorer_of_run(train_config())
    path = statistics(
        tmp_path, scorer.real_features, scorer.extractor.identifier
    )
    for real, holds_moments in ((path, True), ("digits/test", False)):
        named = config.EvaluateConfig(real=real, fake="x")
        assert from_config.is_statistics(named) == holds_moments
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


def test_statistics_of_another_width_are_refused_before_the_work(
    tmp_path, rng, monkeypatch
):
    path = statistics(tmp_path, rng.normal(size=(9, 4)))
    seen = []

    def extract(extractor, images):
        seen.append(len(images))
        return features.extract(extractor, images)

    monkeypatch.setattr(from_config, "extract", extract)
    with pytest.raises(errors.DataError, match="of 4 features, pixels has 256"):
        from_config.score_by_statistics(
            config.EvaluateConfig(
                real=path, fake="digits/test", features="pixels"
            )
        )
    assert seen == [1]


@pytest.mark.parametrize(
    "made_with, given, error, words",
    [
        ("lenet-1", {}, errors.DataError, "with the extractor lenet-1, not p"),
        (
            "pixels", {"save_statistics": "s.npz"}, errors.UsageError,
            "--save_statistics=s.npz: .* statistics already",
        ),
    ],
)  # fmt: skip
def test_statistics_are_not_trusted(
    tmp_path, rng, made_with, given, error, words
):
    path = statistics(tmp_path, rng.normal(size=(9, 256)), made_with)
    with pytest.raises(error, match=words):
        from_config.score_by_statistics(
            config.EvaluateConfig(
                real=path, fake="digits/test", features="pixels", **given
            )
        )


def test_a_run_is_scored_against_statistics(tmp_path):
    images = load("digits", "test").images
    flat = images.reshape(len(images), -1) / 127.5 - 1.0
    path = statistics(tmp_path, flat)
    report = from_config.score_by_statistics(
        config.EvaluateConfig(
            real=path, run_dir="run", features="pixels", num_samples=90
        ),
        train_config(),
        lambda count: images[:count],
    )
    assert report.num_fake == 90
    expected = metrics.METRICS["fid"](flat, flat[:90])["fid"]
    assert report.scores["fid"]["fid"] == pytest.approx(expected, rel=1e-4)
