import numpy as np
import pytest

from tf_mmdgan.reproduction.studies import colour_disturbances


@pytest.fixture(scope="module")
def squares():
    rng = np.random.default_rng(0)
    return colour_disturbances.squares(("china.jpg",), 3, rng)


@pytest.mark.parametrize("name", colour_disturbances.DISTURBANCES)
def test_the_first_level_changes_nothing_and_each_level_more(squares, name):
    _, levels = colour_disturbances.DISTURBANCES[name]
    found = [
        colour_disturbances.disturbed(squares, name, level, 0)
        for level in levels
    ]
    np.testing.assert_array_equal(found[0], squares)
    changes = [np.abs(f - squares.astype(float)).mean() for f in found]
    assert changes == sorted(set(changes))


def test_a_mosaic_keeps_the_mean_of_each_square(squares):
    found = colour_disturbances.disturbed(squares, "mosaic", 4, 0)
    assert (found[:, :4, :4] == found[:, :1, :1]).all()
    means = squares[:, :4, :4].mean(axis=(1, 2))
    np.testing.assert_allclose(found[:, 0, 0], means, atol=0.5)


def test_a_checkerboard_keeps_the_mean_of_any_two_by_two():
    grey = np.full((1, 4, 4, 3), 100, np.uint8)
    found = colour_disturbances.disturbed(grey, "checkerboard", 20, 0)
    assert found[0, :2, :2, 0].tolist() == [[120, 80], [80, 120]]


def test_squares_are_parts_of_the_photographs_in_turn():
    rng = np.random.default_rng(1)
    found = colour_disturbances.squares(("china.jpg", "flower.jpg"), 4, rng)
    assert found.shape == (4, 64, 64, 3) and found.dtype == np.uint8
    assert found[0].mean() != found[1].mean()


def test_the_claim_fails_for_other_numbers():
    rising, flat = [[0.0, 0.1, 0.2]], [[0.001, 0.0, 0.02]]
    curve = {"levels": (0, 1, 2), "imagenet": rising, "thumbnails": flat}
    numbers = {"count": 2, "curves": {"blur": curve}}
    assert colour_disturbances.holds(numbers)
    assert "blur 0.2000 against 0.0200" in colour_disturbances.caption(numbers)
    for worse in ({"imagenet": flat}, {"thumbnails": rising}):
        assert not colour_disturbances.holds(
            {"count": 2, "curves": {"blur": curve | worse}}
        )
