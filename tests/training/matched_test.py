"""Scores by a network that the generator is trained on are never silent."""

import pytest

from tf_mmdgan import errors
from tf_mmdgan.config import TrainConfig
from tf_mmdgan.features import LENETS
from tf_mmdgan.training import matched


def config(**settings):
    return TrainConfig(run_dir="run", dataset="digits", **settings)


SHARED = {
    "by default": {"objective": "gfmn"},
    "at another layer": {
        "objective": "gmmn", "matched_features": "lenet_digits@conv_1",
    },
    "among others": {
        "objective": "gmmn", "matched_features": "pixels,lenet_digits",
    },
    "by its file": {
        "objective": "gmmn",
        "matched_features": f"lenet:{LENETS['lenet_digits']}",
        "features": f"{LENETS['lenet_digits']}",
    },
    "in the refining": {
        "objective": "drift_ae", "refine_features": "lenet_digits",
        "code_steps": 5,
    },
}  # fmt: skip


@pytest.mark.parametrize("settings", SHARED.values(), ids=SHARED)
def test_a_score_on_matched_features_is_asked_for_and_marked(settings, capsys):
    with pytest.raises(errors.UsageError, match="--allow_matched_score"):
        matched.check(config(**settings))
    asked = config(**settings, allow_matched_score=True)
    matched.check(asked)
    (remark,) = matched.remarks(asked)
    assert "on matched features" in remark
    assert remark in capsys.readouterr().err


def test_a_score_by_other_features_than_the_runs_own_is_marked_too():
    plain = config(objective="gfmn", features="pixels")
    assert not matched.remarks(plain)
    assert "lenet_digits" in matched.remarks(plain, "lenet_digits")[0]
    asked = config(objective="gfmn", allow_matched_score=True)
    assert not matched.remarks(asked, "pixels")


@pytest.mark.parametrize(
    "settings",
    [{"objective": "mmd"}, {"objective": "gmmn"},
     {"objective": "gmmn", "features": "pixels"},
     {"objective": "gfmn", "features": "masked_digits"},
     {"objective": "drift_ae", "refine_features": "masked_digits,pixels",
      "code_steps": 5}],
)  # fmt: skip
def test_other_scores_need_no_leave(settings):
    matched.check(config(**settings))
    assert not matched.remarks(config(**settings))
