"""The report as a file."""

import json

import numpy as np
import pytest

from tf_mmdgan.evaluation import Report


@pytest.fixture
def report():
    return Report(
        scores={
            "kid_exact": {
                "kid": -0.25,
                "kid_standard_error": np.float64(0.5),
                "kid_subset_std": float("nan"),
            },
            "other": {"value": float("inf")},
        },
        num_real=500,
        num_fake=400,
        extractor="lenet_digits-0123456789ab",
        real="digits/test",
        fake="runs/digits",
        seconds=1.5,
    )


def test_it_comes_back_as_it_was_written(report, tmp_path):
    path = tmp_path / "deep" / "report.json"
    report.write(path)
    text = path.read_text()
    content = json.loads(text, parse_constant=pytest.fail)  # no NaN, Infinity
    assert content == report.to_dict()
    assert content["scores"]["kid_exact"] == {
        "kid": -0.25,
        "kid_standard_error": 0.5,
        "kid_subset_std": None,
    }
    assert content["scores"]["other"] == {"value": None}
    assert content["num_real"] == 500
    assert content["num_fake"] == 400
    assert content["extractor"] == "lenet_digits-0123456789ab"
    assert (content["real"], content["fake"]) == ("digits/test", "runs/digits")
    assert content["seconds"] == 1.5


def test_it_says_what_was_installed_and_that_kid_can_be_negative(report):
    content = report.to_dict()
    assert content["versions"]["tensorflow_gan"] == "2.1.0"
    assert {"tf_mmdgan", "tensorflow", "keras"} < set(content["versions"])
    notes = " ".join(content["notes"])
    assert "can be negative" in notes
    assert "kernel_classifier_distance_and_std" in notes


def test_a_failed_write_leaves_the_old_report(report, tmp_path):
    path = tmp_path / "report.json"
    report.write(path)
    before = path.read_bytes()
    bad = Report(**vars(report) | {"extractor": object()})
    with pytest.raises(TypeError):
        bad.write(path)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["report.json"]
