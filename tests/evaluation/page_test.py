"""The page of a report: what is on it, and that nothing breaks out of it."""

import base64
import io
import re

import numpy as np
import PIL.Image
import pytest
from limits import within

from tf_mmdgan import evaluation

HISTORY = evaluation.RunHistory(
    log=[
        {"step": 0, "kid": 40.0, "kid_standard_error": 1.0, "fid": 30.0},
        {"step": 5, "critic/loss": 1.0, "learning_rate": 2e-4},
        {"step": 9, "kid": 2.0, "kid_standard_error": 1.0, "fid": 3.0},
    ],
    changed={"kernel": ("<rbf>", None), "steps": (9, 150_000)},
    in_force={"kernel": "rbf", "beta_1": 0.5},
    class_names=[f"class {c}" for c in "abcdefgh"],
)


def folds(text):
    """What is folded, by the title of its fold."""
    return dict(
        re.findall("<summary>([^<]+)</summary>(.*?)</details>", text, re.S)
    )


@pytest.fixture
def report():
    return {
        "scores": {
            "kid_tfgan": {"kid": 1.234567, "kid_standard_error": None},
            "fid": {"fid": 7.0},
        },
        "real": "digits/test",
        "fake": "<b>my & images</b>",
        "num_real": 500,
        "step": None,
        "settings": {"max_block_size": 123},
        "classes": {"7": {"num_images": 50, "fid": 8.25}},
        "versions": {"keras": "3.15"},
        "notes": ["KID is raw."],
    }


def pictures(text):
    found = re.findall(r'src="data:image/png;base64,([^"]+)"', text)
    return [
        np.asarray(PIL.Image.open(io.BytesIO(base64.b64decode(content))))
        for content in found
    ]


def test_page_has_numbers_settings_and_notes(report, rng):
    samples = rng.integers(0, 256, (4, 8, 8, 3), dtype=np.uint8)
    text = evaluation.render_page(report, samples)
    for words in (
        "1.2346",
        "not defined",
        "500",
        "3.15",
        "KID is raw.",
        "123",
        "8.25",
    ):
        assert words in text
    assert "None" not in text
    assert "&lt;b&gt;my &amp; images&lt;/b&gt; against digits/test" in text
    assert "<b>" not in text
    (picture,) = pictures(text)
    # Two rows and columns of 8 pixels and gaps of 2, eight times as large.
    assert picture.shape == (144, 144, 3)
    np.testing.assert_array_equal(picture[:64:8, :64:8], samples[0])


def test_neighbours_are_in_rows(report, rng):
    samples = rng.integers(0, 256, (2, 64, 64, 1), dtype=np.uint8)
    neighbours = rng.integers(0, 256, (2, 3, 64, 64, 1), dtype=np.uint8)
    _, picture = pictures(evaluation.render_page(report, samples, neighbours))
    assert picture.shape == (2 * 66 - 2, 3 * 66 - 2)
    np.testing.assert_array_equal(picture[66:, 132:], neighbours[1, 2, :, :, 0])


def test_what_matters_comes_first_with_what_training_images_have(report):
    report["scores"]["kid_exact"] = {
        "kid": 0.5, "kid_confidence_low": -0.25, "kid_confidence_high": 1.25,
    }  # fmt: skip
    report["baseline"] = {"kid_exact": {"kid": -0.125}, "fid": {"fid": 2.0}}
    text = evaluation.render_page(report, None)
    main = text[: text.index("<details")]
    assert "0.5 (95 %: -0.25 to 1.25)" in main and "-0.125" in main
    assert main.index("KID, exact") < main.index("FID")
    assert "training images" in main and "&darr;" in main
    # No number of a metric that is not there.
    assert "precision" not in main and "kid_tfgan" not in main
    assert "1.2346" in folds(text)["All numbers"]


def test_a_run_has_curves_and_the_settings_that_differ(report):
    text = evaluation.render_page(report, None, history=HISTORY)
    titles = re.findall("<figcaption>([^<]+)", text)
    assert titles == [
        "KID, exact (band: 95 %)",
        "FID",
        "losses",
        "learning rate",
    ]
    main = text[: text.index("<details")]
    assert "&lt;rbf&gt;" in main and "by default" in main and "150000" in main
    assert "run: beta_1" in folds(text)["All settings"]
    assert "7: class h" in main


def test_logs_of_others_are_read_a_few_times():
    """Not once for each of a hundred thousand keys of one line."""
    keys = {f"slope/{number}": 1.0 for number in range(20_000)}
    log = [{"step": 0, **keys}, *({"step": n} for n in range(1, 3_000))]
    with within(seconds=20):
        *_, slopes = evaluation.RunHistory(log).charts()
    assert len(slopes.lines) == 32 and slopes.lines[0].name == "0"


def test_the_drawn_kid_is_exact_with_its_band():
    by_tfgan = {"kid_tfgan": 5.0, "kid_tfgan_standard_error": 1.0}
    log = [{"step": 1, "kid": 4.0, "kid_standard_error": 0.5, **by_tfgan}]
    drawn = evaluation.RunHistory(log).charts()[0]
    assert drawn.title.startswith("KID, exact")
    assert list(drawn.lines[0].y) == [4.0]
    assert list(drawn.lines[0].spread) == [1.96 * 0.5]


def test_a_probability_that_follows_the_critic_has_a_chart():
    log = [
        {"step": s, "critic/augmentation_p": s / 10, "critic/real_sign": 0.5}
        for s in (1, 2)
    ]
    (chart,) = (
        chart
        for chart in evaluation.RunHistory(log).charts()
        if chart.title.startswith("probability of changes")
    )
    found = {line.name: list(line.y) for line in chart.lines}
    assert found == {"probability": [0.1, 0.2], "sign": [0.5, 0.5]}


def test_a_page_needs_no_network(report, rng):
    samples = rng.integers(0, 256, (4, 8, 8, 3), dtype=np.uint8)
    text = evaluation.render_page(report, samples, history=HISTORY)
    assert not re.search(r"https?:|@import|url\(|<link|<script", text)


def test_each_class_has_a_row_under_its_name(report, rng):
    rows = rng.integers(0, 256, (2, 3, 8, 8, 1), dtype=np.uint8)
    names = ["<b>лампа</b>", "-7", "last"]
    history = evaluation.RunHistory(class_names=names, class_rows=rows)
    text = evaluation.render_page(report, None, history=history)
    assert "&lt;b&gt;лампа&lt;/b&gt;</td><td><img" in text
    assert "<td>-7</td><td><img" in text and "<td>last</td>" not in text
    assert "The first 2 of 3 classes." in text
    shown = pictures(text)
    np.testing.assert_array_equal(shown[1][:64:8, :64:8], rows[1, 0, ..., 0])


def test_copies_are_explained_in_two_sentences(report):
    report["memorization"] = {
        "share_nearer": 0.512345678, "c_t": -0.25, "hits": 31,
        "copies": False, "nearest": [[1, 2]],
    }  # fmt: skip
    text = evaluation.render_page(report, None)
    found = folds(text)["Copies of training images"]
    explained = re.findall("<p[^>]*>([^<]+)</p>", found)
    assert len(explained) == 2
    assert all(told.count(". ") == 0 for told in explained)
    assert "held-out ones" in explained[0] and "low p-value" in explained[1]
    assert "0.51235" in found and "31" in found
    assert "<td>nearest</td>" not in found
