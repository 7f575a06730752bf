"""A run whose samples are training images is told of: JSON, page and line."""

import json

import numpy as np
import pytest
import tensorflow as tf

from tf_mmdgan import config, evaluation, training
from tf_mmdgan.data import load
from tf_mmdgan.evaluation import memorized
from tf_mmdgan.features import extract, get_extractor
from tf_mmdgan.metrics import MetricSettings

LENET = get_extractor("lenet_digits")


@pytest.fixture(scope="module")
def digits():
    given = config.DataConfig(dataset="digits")
    return load(given, "train").images, load(given, "test").images


@pytest.fixture(scope="module")
def held_out(digits):
    return extract(LENET, digits[1]).features


def look(digits, held_out, fake):
    found = extract(LENET, fake).features
    return memorized.look_for_copies(LENET, digits[0], held_out, found)


def test_training_images_are_found_and_where_they_are(digits, held_out):
    found = look(digits, held_out, digits[0][100:300])
    assert found["copies"] and found["num_training"] == 1297
    assert max(found["c_t_p_value"], found["hits_p_value"]) < 1e-3
    nearest = np.array(found["nearest"])
    assert nearest.shape == (8, 7)
    np.testing.assert_array_equal(nearest[:, 0], np.arange(100, 108))
    assert "Samples are copies of training" in memorized.warning(found)


def test_held_out_images_raise_none(digits, held_out):
    found = look(digits, held_out, digits[1])
    assert not found["copies"] and memorized.warning(found) is None
    assert found["share_nearer"] == pytest.approx(0.5)


def test_parts_change_nothing(digits, held_out, monkeypatch):
    whole = look(digits, held_out, digits[0][:50])
    monkeypatch.setattr(memorized, "_NUMBERS", 1)
    assert look(digits, held_out, digits[0][:50]) == whole


def test_of_a_large_set_slow_extractors_see_a_part(
    digits, held_out, monkeypatch
):
    monkeypatch.setattr(memorized, "_MOST_IMAGES", 400)
    monkeypatch.setattr(LENET, "slow", True)
    found = look(digits, held_out, digits[0][:50])
    assert found["num_training"] == 400
    # Numbers are those of the whole set.
    assert 400 < np.max(found["nearest"]) < 1297


def test_too_few_samples_are_not_tested(digits, held_out):
    assert look(digits, held_out, digits[0][:3]) is None


class Copier:
    """A generator of training images."""

    num_classes = condition = None

    def __init__(self, images):
        self.images = images
        self.generator = type("", (), {"output_shape": (None, 16, 16, 1)})

    def generate(self, count, seed, weights, first=0):
        return self.images[first : first + count]


def test_it_is_told_in_the_report_the_page_and_on_stderr(tmp_path, digits):
    train, test = digits
    scorer = evaluation.Scorer(
        LENET, test, "digits/test", MetricSettings(max_block_size=100), 200,
        ["kid_tfgan"],
    )  # fmt: skip
    run = training.TrainedRun(
        config.TrainConfig(run_dir=str(tmp_path), dataset="digits"),
        Copier(train),
    )
    run.model.step = tf.constant(7)
    with pytest.warns(UserWarning, match=r"are copies .*C_T = -\d") as told:
        run.score(scorer, training=train)
    (line,) = (t for t in (str(w.message) for w in told) if "copies" in t)
    assert line.startswith(f"{tmp_path}: ") and "\n" not in line
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["memorization"]["copies"]
    page = (tmp_path / "report.html").read_text()
    assert page.index('class="warning"') < page.index("Samples</h2>")
    assert "Nearest training images" in page
    run.model.images = test
    run.score(scorer, training=train)
    assert 'class="warning"' not in (tmp_path / "report.html").read_text()
