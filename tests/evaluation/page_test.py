"""The page of a report: what is on it, and that nothing breaks out of it."""

import base64
import io
import re

import numpy as np
import PIL.Image
import pytest

from tf_mmdgan import evaluation


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
