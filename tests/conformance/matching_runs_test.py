"""Runs of every method without a critic's game, from data to SavedModel."""

import pytest
import whole_runs

from tf_mmdgan.methods.published import MATCHING

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("objective", MATCHING)
def test_a_run_goes_on_is_scored_and_exported(objective, tmp_path):
    few = {"autoencoder_steps": 1} if objective.endswith("_ae") else {}
    if objective == "molm":
        few = {"moment_updates": 2, "objective_steps": 3}
    whole_runs.check_goes_on(
        tmp_path,
        objective=objective,
        architecture="mlp",
        allow_matched_score=True,
        **few,
    )
