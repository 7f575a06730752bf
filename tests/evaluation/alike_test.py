"""Samples that are nearly all alike are told of: JSON, page and line."""

import dataclasses
import json
import warnings

import numpy as np
import pytest

from tf_mmdgan import evaluation, features, metrics, training
from tf_mmdgan.evaluation import alike


@pytest.fixture
def images(rng):
    return rng.integers(0, 256, (60, 8, 8, 3), dtype=np.uint8)


def nearly_grey(rng, count, levels):
    """Grey images that differ by so many levels at most."""
    shape = (count, 8, 8, 3)
    return (128 + rng.integers(0, levels, shape)).astype(np.uint8)


def test_the_spread_is_that_of_numpy(rng):
    real = rng.normal(3.0, rng.uniform(1, 2, 5), (2500, 5)).astype(np.float32)
    fake = 0.25 * real[:1200] - 7.0
    expected = fake.std(axis=0).mean() / real.std(axis=0).mean()
    found = alike.relative_spread(real, fake)
    assert found == pytest.approx(expected, rel=1e-5)
    assert found == pytest.approx(0.25, rel=0.05)
    assert alike.relative_spread(real, real) == 1.0
    assert alike.relative_spread(real, np.tile(fake[:1], (9, 1))) == 0.0


def test_where_it_says_nothing_there_is_none(rng):
    rows = rng.normal(size=(9, 2))
    assert alike.relative_spread(rows, rows[:1]) is None
    assert alike.relative_spread(np.ones((9, 2)), rows) is None
    assert alike.warning(None, trained=True) is None


def test_the_bound_is_five_per_cent_and_a_run_is_told_what_to_try():
    assert alike.warning(0.05, trained=True) is None
    told = alike.warning(0.0123, trained=True)
    assert "is 1.2 % of that of real images, less than 5 %" in told
    assert "collapsed" in told and "more steps" in told
    # Of mere images nobody knows how they were made.
    assert "more steps" not in alike.warning(0.01, trained=False)


@pytest.mark.parametrize("levels, told", [(6, True), (256, False)])
def test_it_is_told_of_two_sets_of_images(tmp_path, images, rng, levels, told):
    paths = {"real": images, "fake": rng.integers(0, levels, images.shape)}
    for name, pixels in paths.items():
        np.savez(tmp_path / f"{name}.npz", images=pixels.astype(np.uint8))
    out = tmp_path / "report.json"
    sides = {name: f"{tmp_path / name}.npz" for name in paths}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        report = training.evaluate(
            **sides, features="pixels", metrics="kid_exact", out=str(out)
        )
    lines = [str(w.message) for w in caught if "alike" in str(w.message)]
    assert len(lines) == told
    found = json.loads(out.read_text())
    assert found["spread"] == pytest.approx(levels / 256, rel=0.2)
    assert ("alike" in found["notes"][0]) == told
    page = out.with_suffix(".html").read_text()
    assert ('<p class="warning">The samples are nearly' in page) == told
    if told:
        assert lines == [f"{sides['fake']}: {report.warning}"]
        assert page.index("nearly all alike") < page.index("<table>")


def test_a_run_that_has_collapsed_is_told_what_to_try(images, rng):
    extractor = features.get_extractor("pixels")
    scorer = evaluation.Scorer(
        extractor, images, "test", metrics.MetricSettings(), 30, ["kid_exact"]
    )
    grey = nearly_grey(rng, 30, 4)
    report = dataclasses.replace(scorer.report(grey, "runs/one"), step=7)
    assert report.spread == pytest.approx(4 / 256, rel=0.2)
    assert "more steps" in report.to_dict()["notes"][0]
    with pytest.warns(UserWarning, match=r"^runs/one: The samples are nearly"):
        report.warn()
    page = evaluation.render_page(report.to_dict(), None)
    assert "more steps" in page[: page.index("<table>")]


def test_moments_tell_it_too(tmp_path, images):
    grey = np.full_like(images, 128)
    grey[0] += 1
    for name, pixels in (("real", images), ("fake", grey)):
        np.savez(tmp_path / f"{name}.npz", images=pixels)
    statistics = str(tmp_path / "statistics.npz")
    training.evaluate(
        real=f"{tmp_path}/real.npz",
        features="pixels",
        save_statistics=statistics,
    )
    with pytest.warns(UserWarning, match="nearly all alike"):
        report = training.evaluate(
            real=statistics,
            fake=f"{tmp_path}/fake.npz",
            features="pixels",
            metrics="fid",
        )
    assert 0.0 < report.spread < 0.01
