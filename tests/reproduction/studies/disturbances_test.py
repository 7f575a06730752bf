import numpy as np
import pytest

from tf_mmdgan.reproduction.studies import disturbances


@pytest.fixture
def images():
    rng = np.random.default_rng(0)
    return rng.integers(0, 256, (40, 16, 16, 1), dtype=np.uint8)


@pytest.mark.parametrize("name", disturbances.DISTURBANCES)
def test_level_zero_changes_nothing_and_each_level_more(images, name):
    _, levels = disturbances.DISTURBANCES[name]
    smooth = np.repeat(np.repeat(images[:, ::8, ::8], 8, 1), 8, 2)
    found = [disturbances.disturbed(smooth, name, v, 0) for v in levels]
    np.testing.assert_array_equal(found[0], smooth)
    changes = [np.abs(f - smooth.astype(float)).mean() for f in found]
    assert changes == sorted(set(changes))


def test_a_swirl_turns_the_middle_and_leaves_the_corners():
    image = np.zeros((1, 17, 17, 1), np.uint8)
    image[0, 8, 9:11] = 255  # right of the middle
    image[0, :4, :4] = 200
    turned = disturbances.disturbed(image, "swirl", 2.0, 0)[0, ..., 0]
    assert turned[8, 9] < 130 and turned[1, 1] > 120
    angle = np.arctan2(*(np.argwhere(turned[5:, 5:] > 60).mean(0) - 3))
    assert 0.6 < abs(angle) < 2.0


def test_shares_are_those_of_the_level(images):
    grey = np.full_like(images, 100)
    salted = disturbances.disturbed(grey, "salt and pepper", 0.3, 0)
    assert np.mean(salted != 100) == pytest.approx(0.3, abs=0.02)
    assert np.mean(salted == 255) == pytest.approx(0.15, abs=0.02)
    mixed = disturbances.disturbed(images, "contamination", 0.25, 0)
    changed = (mixed != images).any(axis=(1, 2, 3))
    assert changed.sum() == 10
    np.testing.assert_array_equal(
        np.sort(mixed.reshape(40, -1)), np.sort(images.reshape(40, -1))
    )


def test_the_claim_fails_for_other_numbers():
    rising, falling = [[0.0, 1.0, 2.0]], [[3.0, 2.0, 2.5]]
    curve = {"fid": rising, "kid": rising, "inception_score": falling}
    numbers = {"count": 2, "curves": {"noise": curve, "blur": curve}}
    assert disturbances.holds(numbers)
    assert "IS: noise, blur" in disturbances.caption(numbers)
    worse = {"noise": curve, "blur": curve | {"kid": falling}}
    assert not disturbances.holds(numbers | {"curves": worse})
