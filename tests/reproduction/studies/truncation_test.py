import numpy as np
import pytest

from tf_mmdgan.reproduction.studies import truncation


def run(precision, recall):
    return [
        {"precision": p, "recall": r, "kid": 1.0}
        for p, r in zip(precision, recall, strict=True)
    ]


def test_both_scores_must_change_at_each_level_of_each_seed():
    up, down = (0.5, 0.6, 0.7, 0.8, 0.9), (0.9, 0.7, 0.5, 0.3, 0.1)
    good = run(up, down)
    numbers = {"steps": 9, "runs": [good, good]}
    assert truncation.holds(numbers)
    assert "precision 0.50, 0.60" in truncation.caption(numbers)
    ended = run((0.5, 0.9, 1.0, 1.0, 1.0), (0.9, 0.5, 0.1, 0.0, 0.0))
    assert truncation.holds({"steps": 9, "runs": [good, ended]})
    for bad in (run(up, up), run(down, down), run((0.5,) * 5, down)):
        assert not truncation.holds({"steps": 9, "runs": [good, bad]})


@pytest.mark.slow
def test_stronger_truncation_draws_more_alike_images():
    model = truncation.generator(0, 3)
    first, last = (
        truncation.draw_truncated(model, level).astype(float)
        for level in (1.0, 0.05)
    )
    assert first.shape == (truncation._SAMPLES, 16, 16, 1)
    assert np.std(last, axis=0).mean() < np.std(first, axis=0).mean()
