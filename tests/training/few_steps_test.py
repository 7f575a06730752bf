"""A run of few steps, used in other numbers of steps than it has."""

import numpy as np
import pytest
import tensorflow as tf

from tf_mmdgan import config, errors
from tf_mmdgan.training import evaluate, load_run, run

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("objective", ["energy_score", "imm"])
def test_a_run_is_sampled_scored_and_exported_in_other_steps(
    objective, tmp_path
):
    run_dir = str(tmp_path / "two")
    chosen = config.TrainConfig(
        run_dir=run_dir, objective=objective, steps=2, sampling_steps=2,
        architecture="mlp", generator_width=4, batch_size=16,
        evaluate_every=0, evaluation_samples=20, max_block_size=500,
        sample_every=0, strategy="one_device", export=False,
    )  # fmt: skip
    run.prepare(chosen).train()
    two, three = (load_run(run_dir, sampling_steps=n) for n in (None, 3))
    drawn = three.generate(3, seed=7)
    assert (drawn != two.generate(3, seed=7)).any()
    folder = three.export(tmp_path / "three")
    sample = tf.saved_model.load(str(folder)).signatures["sample"]
    found = sample(num_samples=tf.constant(3), seed=tf.constant(7, tf.int64))
    np.testing.assert_array_equal(found["images"], drawn)
    scored = {"metrics": "kid_exact", "num_samples": 20, "run_dir": run_dir}
    scores = [
        evaluate(**scored, sampling_steps=n, out=str(tmp_path / f"{n}.json"))
        for n in (2, 3)
    ]
    own = evaluate(**scored, out=str(tmp_path / "own.json"))
    assert own.scores == scores[0].scores != scores[1].scores
    assert "3 sampling steps" in scores[1].fake and "steps" not in own.fake
    assert (two.export() / "assets.extra" / "report.json").exists()
    assert not (three.export() / "assets.extra" / "report.json").exists()
    with pytest.raises(errors.UsageError, match="with --out: the run's own"):
        evaluate(**scored, sampling_steps=3)
