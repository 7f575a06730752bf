"""Games on digits, and what their studies conclude from them."""

import math

import numpy as np
import pytest

from tf_mmdgan import methods
from tf_mmdgan.reproduction.studies import (
    digit_games,
    rank_collapse_digits,
    sn_robustness_digits,
    sn_wgan_digits,
    two_seeds_digits,
)
from tf_mmdgan.reproduction.studies.study import (
    Budget,
    Parts,
    packed,
    unpacked,
)

PICTURES = packed(np.zeros((16, 16, 16)))


def run(*kid, ranks=(10.0, 10.0)):
    """A run with these KIDs and first and last ranks of one layer."""
    looks = [{"step": i, "kid": value} for i, value in enumerate(kid)]
    for look, rank in zip((looks[0], looks[-1]), ranks, strict=True):
        look["ranks"] = {"conv1": rank, "conv2": 8.0}
    looks[-1]["pictures"] = PICTURES
    return looks


def test_what_has_diverged_is_infinitely_far():
    assert digit_games.share_left(run(40.0, 30.0, 10.0)) == 0.25
    assert digit_games.share_left(run(40.0, None)) == math.inf


def test_rank_must_fall_without_the_parametrisation_alone():
    def decide(free, normed):
        runs = {
            "SMMD": [run(40.0, 9.0, ranks=(10.0, last)) for last in free],
            "SN-SMMD": [run(40.0, 8.0, ranks=(10.0, last)) for last in normed],
        }
        numbers = {"steps": 9, "runs": runs}
        assert "KID 9.0, 9.0" in rank_collapse_digits.caption(numbers)
        return rank_collapse_digits.holds(numbers)

    assert decide(free=(3.0, 5.0), normed=(9.0, 9.9))
    assert not decide(free=(3.0, 8.0), normed=(9.0, 9.9))
    assert not decide(free=(3.0, 5.0), normed=(9.0, 4.0))
    assert rank_collapse_digits.largest_loss(run(40.0, 9.0)) == 0.0
    gone = [*run(40.0, 9.0)[:1], {"step": 9, "kid": None, "ranks": {}}]
    assert rank_collapse_digits.largest_loss(gone) == 1.0


def test_the_normalised_wgan_must_be_behind_on_every_seed():
    def decide(*kid):
        others = {"WGAN-GP": [run(40.0, 5.0)], "SN-SMMD": [run(40.0, 6.0)]}
        runs = {"SN-WGAN": [run(40.0, last) for last in kid], **others}
        numbers = {"steps": 9, "runs": runs}
        assert "WGAN-GP 5.0" in sn_wgan_digits.caption(numbers)
        return sn_wgan_digits.holds(numbers)

    assert decide(30.0, 7.0)
    assert not decide(30.0, 5.5)


def test_seeds_must_be_good_and_broken():
    def decide(*kid):
        numbers = {"steps": 9, "runs": [run(40.0, last) for last in kid]}
        assert "40.0 before" in two_seeds_digits.caption(numbers)
        return two_seeds_digits.holds(numbers)

    assert decide(5.0, 30.0)
    assert not decide(5.0, 15.0)
    assert not decide(15.0, 30.0)


def test_normalisation_must_learn_always_and_others_fail_somewhere():
    def decide(last):
        runs = {
            method: {
                key: [run(40.0, last.get((method, key), 5.0))]
                for key in sn_robustness_digits.ADAM
            }
            for method in sn_robustness_digits.COMPARED
        }
        numbers = {"steps": 9, "runs": runs}
        assert "SN-GAN A" in sn_robustness_digits.caption(numbers)
        return sn_robustness_digits.holds(numbers)

    failing = {("WGAN-GP", "B"): 30.0, ("WGAN, clipped", "F"): None}
    assert decide(failing)
    assert not decide(failing | {("SN-GAN", "A"): 21.0})
    assert not decide({("WGAN-GP", "B"): 30.0})


def test_every_setting_of_adam_is_tried_by_every_method():
    games = sn_robustness_digits.games()
    assert len(games) == 18
    assert games["SN-GAN, F"] == {
        "objective": "sn_gan",
        "learning_rate": 1e-3,
        "beta_1": 0.9,
        "beta_2": 0.999,
        "critic_steps": 5,
    }


@pytest.mark.parametrize(
    "games",
    [
        rank_collapse_digits.COMPARED,
        sn_wgan_digits.COMPARED,
        sn_robustness_digits.games(),
    ],
)
def test_settings_of_games_go_together(games):
    for settings in games.values():
        config = digit_games.config_of(settings, 0, 10)
        assert methods.check_method(config).critic_steps >= 1


@pytest.mark.slow
def test_a_game_is_looked_at_on_its_way(tmp_path):
    found = digit_games.play_all(
        Parts(tmp_path), {"it": {"objective": "smmd"}}, Budget(True, (3,)), 4, 2
    )
    (looks,) = found["it"]
    assert [look["step"] for look in looks] == [0, 2, 4]
    assert np.isfinite(digit_games.curve(looks)).all()
    assert all(0.99 < rank < 300.0 for rank in looks[-1]["ranks"].values())
    assert len(looks[0]["ranks"]) >= 4
    assert unpacked(looks[-1]["pictures"]).shape == (16, 16, 16)
