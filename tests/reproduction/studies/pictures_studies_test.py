"""Formulas of the studies that make pictures."""

import numpy as np

from tf_mmdgan import data
from tf_mmdgan.config import DataConfig
from tf_mmdgan.reproduction.studies import (
    eigenfaces,
    inpainting,
    latent_matching,
    more_like_these,
)


def test_components_are_those_of_the_covariance():
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(40, 5)) @ rng.normal(size=(5, 5))
    found = eigenfaces.principal_components(vectors, 3)
    values = np.sort(np.linalg.eigvalsh(np.cov(vectors.T)))[::-1]
    np.testing.assert_allclose(found.stds**2, values[:3], rtol=1e-9)
    np.testing.assert_allclose(found.axes @ found.axes.T, np.eye(3), atol=1e-9)
    two = eigenfaces.first(found, 2)
    assert two.axes.shape == (2, 5) and two.stds.shape == (2,)


def test_samples_have_the_moments_of_the_components():
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(40, 4)) * [1, 2, 3, 4] + 5
    found = eigenfaces.principal_components(vectors, 4)
    drawn = eigenfaces.sample(found, 100_000, rng)
    np.testing.assert_allclose(np.cov(drawn.T), np.cov(vectors.T), atol=0.3)
    np.testing.assert_allclose(drawn.mean(0), vectors.mean(0), atol=0.1)


def test_mixed_queries_have_halves():
    labels = np.repeat(np.arange(10), 12)
    found = more_like_these.queries(labels, np.random.default_rng(0))
    assert (labels[found["7"]] == 7).all() and len(found["7"]) == 6
    assert sorted(labels[found["45"]]) == [4, 4, 4, 5, 5, 5]


def test_lower_halves_are_those_of_the_nearest_upper_halves():
    known = np.arange(4.0)[:, None, None] * np.ones((4, 4, 2))
    upper = np.full((1, 2, 2), 1.2)
    assert (inpainting.fill(upper, known, 1) == 1.0).all()
    assert (inpainting.fill(upper, known, 2) == 1.5).all()


def test_pairs_are_on_both_branches():
    points = inpainting.pairs(2000, np.random.default_rng(0))
    assert 0.99 < inpainting.near_a_branch(points) <= 1.0
    assert abs((points[:, 1] > 0).mean() - 0.5) < 0.05
    assert inpainting.near_a_branch(np.array([[0.0, 0.0]])) == 0.0


def test_least_squares_answers_with_one_value():
    points = inpainting.train("least squares", 0, 60)
    assert np.abs(points[:, 1]).mean() < 0.3


def test_labels_are_those_of_the_nearest_training_digits():
    train = data.load(DataConfig(dataset="digits"), "train")
    rows = [5, 0, 77]
    noisy = np.clip(train.images[rows].astype(int) + 3, 0, 255)
    found = latent_matching.nearest_labels(noisy.astype(np.uint8))
    np.testing.assert_array_equal(found, train.labels[rows])


def test_latents_are_matched_where_images_are_right_and_nearer():
    good = {
        "herded": [0.7] * 10, "matched": [0.95] * 10, "before": [0.1] * 10,
        "after": [0.04] * 10, "inverted_before": [0.5] * 3,
        "inverted_after": [0.2] * 3,
    }  # fmt: skip
    assert latent_matching.holds({"runs": [good, good]})
    for name, worse in (
        ("matched", 0.85), ("after", 0.06), ("inverted_after", 0.3),
    ):  # fmt: skip
        bad = {**good, name: [worse] * len(good[name])}
        assert not latent_matching.holds({"runs": [good, bad]})
    text = latent_matching.caption({"runs": [good]})
    assert "95.0 % of the images" in text and "from 0.100 to 0.040" in text
