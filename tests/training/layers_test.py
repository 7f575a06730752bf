"""Metrics of several layers of one network."""

import numpy as np
import pytest
from loading import load

from tf_mmdgan import errors, features, metrics, training


@pytest.fixture
def settings(tmp_path):
    images = load("digits", "test").images
    for name, some in (("a", images[:60]), ("b", images[60:130])):
        np.savez(tmp_path / name, images=some)
    return {
        "real": f"{tmp_path}/a.npz", "fake": f"{tmp_path}/b.npz",
        "features": "lenet_digits", "cache": "off",
    }  # fmt: skip


def test_each_metric_has_its_layer(settings, tmp_path):
    report = training.evaluate(
        **settings, out=f"{tmp_path}/r.json",
        metrics="fid,kid_exact@conv_1,prdc@conv_1+conv_2,fid@conv_1",
    )  # fmt: skip
    assert list(report.scores) == [
        "fid", "kid_exact@conv_1", "fid@conv_1", "prdc@conv_1+conv_2",
    ]  # fmt: skip
    images = load("digits", "test").images
    for name in report.scores:
        metric, _, layers = name.partition("@")
        extractor = features.get_extractor(
            f"lenet_digits@{layers}" if layers else "lenet_digits"
        )
        rows = [
            features.extract(extractor, some).features
            for some in (images[:60], images[60:130])
        ]
        right = metrics.METRICS[metric](*rows)
        assert report.scores[name] == pytest.approx(
            right, rel=1e-3, abs=1e-4, nan_ok=True
        )
    told = " ".join(report.remarks)
    assert "@conv_1: features of lenet_digits@conv_1-" in told
    assert "kid_exact@conv_1" in (tmp_path / "r.html").read_text()


def test_all_metrics_may_name_layers(settings):
    report = training.evaluate(**settings, metrics=["fid@conv_1", "fid@conv_2"])
    assert list(report.scores) == ["fid@conv_1", "fid@conv_2"]


@pytest.mark.parametrize(
    "given, words",
    [
        ({"metrics": "fid@conv_9"}, "conv_9"),
        ({"features": "pixels", "metrics": "fid@conv_1"}, "takes no layers"),
        ({"features": None, "metrics": "fid@conv_1"}, "by --features"),
        ({"metrics": "fit@conv_1"}, "metric 'fit@conv_1'"),
    ],
)
def test_layers_that_there_are_not_are_refused(settings, given, words):
    with pytest.raises(errors.UsageError, match=words):
        training.evaluate(**{**settings, **given})


def test_statistics_are_those_of_the_layer_that_a_metric_names(
    settings, tmp_path
):
    path = f"{tmp_path}/s.npz"
    given = {**settings, "metrics": "fid@logits"}
    right = training.evaluate(**given, save_statistics=path)
    found = training.evaluate(**{**given, "real": path})
    assert list(found.scores) == ["fid@logits"]
    fid = right.scores["fid@logits"]["fid"]
    assert found.scores["fid@logits"]["fid"] == pytest.approx(fid, rel=1e-3)
    listed = training.evaluate(
        **{**given, "real": path, "metrics": given["metrics"].split(",")}
    )
    assert listed.scores == found.scores
    for metrics_ in ("fid@features", "fid", ["fid"]):
        with pytest.raises(errors.DataError, match="made with the extractor"):
            training.evaluate(**{**given, "real": path, "metrics": metrics_})
    with pytest.raises(errors.UsageError, match="of the same layers"):
        training.evaluate(
            **{**given, "real": path, "metrics": "fid,fid@logits"}
        )
