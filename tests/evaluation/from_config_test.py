"""Scorers, images and settings that configurations name."""

import numpy as np
import pytest

from tf_mmdgan import config, data, errors
from tf_mmdgan.evaluation import fakes, from_config
from tf_mmdgan.evaluation.loaded import Loaded
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


def test_images_of_a_run_have_the_size_that_it_makes():
    given = evaluate_config(image_size=12, real="digits/test")
    with pytest.raises(errors.UsageError, match="makes images of 16 x 16, and"):
        from_config.make_scorer(given, train_config(), SHAPE)
    same = evaluate_config(image_size=16, features="pixels")
    assert from_config.make_scorer(same, train_config(), SHAPE).count == 500


@pytest.mark.parametrize("real", [None, "rows/test"])
def test_rows_are_standardised_by_the_table_of_the_run(real, tmp_path, rng):
    """By their own a table that is moved as a whole would look the same."""
    path = tmp_path / "other.npy"
    np.save(path, rng.normal(size=(80, 2)) * [2.0, 5.0] + [1.0, -3.0])
    place = config.DataConfig(dataset="rows", data_dir=str(path))
    found = data.load(place, "test")
    expected = found.table.in_units(found.images)
    run = train_config(dataset="rows", data_dir=str(path))
    given = evaluate_config(
        real=real, data_dir=str(path), metrics="energy_distance"
    )
    bare = data.Table(found.table.columns, (0.0, 0.0), (1.0, 1.0))
    made = from_config.make_scorer(given, run, (2,), bare)
    np.testing.assert_allclose(made.real, expected, rtol=1e-4)
    assert any("standardised by the table" in r for r in made.prepared.remarks)
    own = from_config.scorer_of_run(run, table=bare)
    np.testing.assert_allclose(own.real, expected, rtol=1e-4)
    # What is kept of their features says by which.
    assert made.identifier == own.identifier == f"columns{bare.tag}"
    same = from_config.make_scorer(given, run, (2,), found.table)
    np.testing.assert_array_equal(same.real, found.images)
    assert not same.prepared.remarks
    plain = from_config.scorer_of_run(run).identifier
    assert same.identifier == plain == f"columns{found.table.tag}"
    assert plain != own.identifier
    others = data.Table(("a", "b"), *bare.units)
    with pytest.raises(errors.DataError, match="columns 0, 1 do not compare"):
        from_config.make_scorer(given, run, (2,), others)


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


def test_two_generators_share_no_latents(monkeypatch):
    seeds = []

    def load_images(*given, seed=None):
        seeds.append(given[4] if len(given) == 5 else seed)
        return Loaded(np.zeros((20, 4, 4, 1), np.uint8), given[0])

    for module in (from_config, fakes):
        monkeypatch.setattr(module, "load_images", load_images)
    monkeypatch.setattr(from_config, "check_source", lambda source: None)
    given = {"features": "pixels", "real": "one", "cache": "off"}
    from_config.make_pair(config.EvaluateConfig(**given, fake="two", seed=3))
    from_config.make_scorer(
        evaluate_config(**given, seed=2**63 - 1), train_config(), (4, 4, 1)
    )
    assert seeds == [4, 3, 0]


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


def test_features_have_to_be_named_beside_those_of_a_file(tmp_path, rng):
    images, stored = tmp_path / "a.npz", tmp_path / "stored.npz"
    np.savez(images, images=rng.integers(0, 256, (5, 8, 8, 3), dtype=np.uint8))
    np.savez(stored, features=rng.normal(size=(5, 3)))
    given = config.EvaluateConfig(fake=str(stored), real=str(images))
    with pytest.raises(errors.UsageError, match="--features is missing"):
        from_config.make_pair(given)


def test_a_source_that_there_is_not_is_named_before_features_are_asked_for():
    given = config.EvaluateConfig(fake="digits/test", real="nowhere")
    with pytest.raises(errors.UsageError, match="'nowhere' is neither"):
        from_config.make_pair(given)
