"""FID of files of moments, on either side."""

import numpy as np
import pytest
from loading import load

from tf_mmdgan import config, data, errors, features, metrics
from tf_mmdgan.evaluation import by_statistics, comparable, from_config


def train_config(**kwargs):
    return config.TrainConfig(**{"run_dir": "run", **kwargs})


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
        assert by_statistics.is_statistics(named) == holds_moments
    report = by_statistics.score_by_statistics(
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
        by_statistics.score_by_statistics(
            config.EvaluateConfig(real=path, fake="digits/test", **wrong)
        )


def test_rows_of_a_run_are_compared_with_statistics_of_their_table(
    tmp_path, rng
):
    table = data.Table(("a", "b"), (1.0, 2.0), (3.0, 4.0))
    rows = rng.normal(size=(50, 2)).astype(np.float32)

    def fid(made_with):
        path = statistics(tmp_path, rows, made_with)
        chosen = config.EvaluateConfig(run_dir="r", real=path, num_samples=50)
        run = train_config(dataset="rows")
        return by_statistics.score_by_statistics(
            chosen, run, lambda count: rows[:count], table
        )

    report = fid(f"columns{table.tag}")
    assert report.scores["fid"]["fid"] == pytest.approx(0.0, abs=1e-9)
    assert report.extractor == f"columns{table.tag}"
    other = data.Table(("a", "b"), (1.0, 2.0), (3.0, 5.0))
    with pytest.raises(errors.DataError, match="made with the extractor col"):
        fid(f"columns{other.tag}")


def test_statistics_of_another_width_are_refused_before_the_work(
    tmp_path, rng, monkeypatch
):
    path = statistics(tmp_path, rng.normal(size=(9, 4)))
    seen = []

    def extract(extractor, images):
        seen.append(len(images))
        return features.extract(extractor, images)

    for module in (by_statistics, comparable):
        monkeypatch.setattr(module, "extract", extract)
    with pytest.raises(errors.DataError, match=r"pixels, 4 in .*256 of"):
        by_statistics.score_by_statistics(
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
            "pixels", {"cas": True}, errors.UsageError, "--cas is of images",
        ),
        (
            "pixels", {"save_statistics": "s.npz"}, errors.UsageError,
            "--save_statistics=s.npz: .* holds statistics",
        ),
        (
            "pixels", {"save_features": "f.npz"}, errors.UsageError,
            "--save_features=f.npz: .* holds statistics",
        ),
    ],
)  # fmt: skip
def test_statistics_are_not_trusted(
    tmp_path, rng, made_with, given, error, words
):
    path = statistics(tmp_path, rng.normal(size=(9, 256)), made_with)
    with pytest.raises(error, match=words):
        by_statistics.score_by_statistics(
            config.EvaluateConfig(
                real=path, fake="digits/test", features="pixels", **given
            )
        )


def test_nothing_is_saved_beside_statistics_of_generated_images(tmp_path, rng):
    path = statistics(tmp_path, rng.normal(size=(9, 256)), "pixels")
    given = config.EvaluateConfig(
        real="digits/test", fake=path, features="pixels", save_features="f.npz"
    )
    with pytest.raises(errors.UsageError, match=r"f\.npz: .*stat.*real alone"):
        by_statistics.score_by_statistics(given)


def test_a_run_is_scored_against_statistics(tmp_path):
    images = load("digits", "test").images
    flat = images.reshape(len(images), -1) / 127.5 - 1.0
    path = statistics(tmp_path, flat)
    report = by_statistics.score_by_statistics(
        config.EvaluateConfig(
            real=path, run_dir="run", features="pixels", num_samples=90
        ),
        train_config(),
        lambda count: images[:count],
    )
    assert report.num_fake == 90
    expected = metrics.METRICS["fid"](flat, flat[:90])["fid"]
    assert report.scores["fid"]["fid"] == pytest.approx(expected, rel=1e-4)


def save_npz(path, images):
    np.savez(path, images=images)
    return str(path)


def test_moments_on_both_sides_need_no_images(tmp_path, rng):
    sets = [rng.integers(0, 256, (60, 2, 2, 3), np.uint8) for _ in "ab"]
    rows = [images.reshape(60, -1) / 127.5 - 1.0 for images in sets]
    right = metrics.METRICS["fid"](*rows)["fid"]
    files = [save_npz(tmp_path / f"{n}.npz", i) for n, i in enumerate(sets)]
    moments = []
    for number, row in enumerate(rows):
        path = tmp_path / f"stats_{number}.npz"
        metrics.write_moments(path, metrics.Moments.of(row), "pixels")
        moments.append(str(path))
    stored = tmp_path / "features.npz"
    features.write_features(stored, features.Extracted(rows[1]), "pixels")
    for real, fake, given in (
        (moments[0], moments[1], {}),
        (moments[0], str(stored), {}),
        (moments[0], files[1], {"features": "pixels"}),
        (files[0], moments[1], {"features": "pixels"}),
    ):
        report = by_statistics.score_by_statistics(
            config.EvaluateConfig(real=real, fake=fake, **given)
        )
        assert report.scores["fid"]["fid"] == pytest.approx(right, rel=1e-5)
        assert report.extractor == "pixels"
        assert report.num_fake == (None if fake in moments else 60)
        assert "moments" in report.unavailable["kid_exact"]


def test_moments_of_unequal_extractors_or_widths_are_refused(tmp_path, rng):
    paths = []
    for name, width in (("one", 3), ("two", 3), ("one", 4), (None, 3)):
        path = tmp_path / f"{len(paths)}.npz"
        moments = metrics.Moments.of(rng.normal(size=(9, width)))
        if name is None:
            np.savez(path, mu=moments.mean, sigma=moments.covariance)
        else:
            metrics.write_moments(path, moments, name)
        paths.append(str(path))

    def score(first, second):
        return by_statistics.score_by_statistics(
            config.EvaluateConfig(real=paths[first], fake=paths[second])
        )

    with pytest.raises(errors.DataError, match="extractor one, not two"):
        score(0, 1)
    with pytest.raises(errors.DataError, match=r"3 in .*4 in"):
        score(0, 2)
    assert score(0, 3).scores["fid"]["fid"] > 0.0
