"""Runs of every method without a critic's game, from data to SavedModel."""

import json
import pathlib
import shutil

import numpy as np
import pytest
import tensorflow as tf

from tf_mmdgan import config
from tf_mmdgan.methods.published import MATCHING
from tf_mmdgan.training import load_run, run

pytestmark = pytest.mark.slow


def train(folder, objective, steps):
    few = {"autoencoder_steps": 1} if objective.endswith("_ae") else {}
    return run.prepare(
        config.TrainConfig(
            run_dir=str(folder), objective=objective, steps=steps,
            architecture="mlp", generator_width=4, critic_width=4,
            batch_size=16, evaluate_every=0, evaluation_samples=20,
            max_block_size=500, checkpoint_every=1, sample_every=0,
            strategy="one_device", allow_matched_score=True, **few,
        )
    ).train().result  # fmt: skip


@pytest.mark.parametrize("objective", MATCHING)
def test_a_run_goes_on_is_scored_and_exported(objective, tmp_path):
    straight = train(tmp_path / "straight", objective, 4)
    train(tmp_path / "first", objective, 2)
    shutil.copytree(tmp_path / "first", tmp_path / "continued")
    continued = train(tmp_path / "continued", objective, 4)
    assert np.isfinite(straight["kid"])
    assert continued["kid"] == straight["kid"]
    assert continued["kid"] != straight["kid_before"]
    report = json.loads(pathlib.Path(straight["report"]).read_text())
    assert report["step"] == 4

    model = load_run(tmp_path / "straight").model
    expected = model.generate(3, seed=7)
    sample = tf.saved_model.load(straight["saved_model"]).signatures["sample"]
    found = sample(num_samples=tf.constant(3), seed=tf.constant(7, tf.int64))
    np.testing.assert_array_equal(found["images"], expected)
    networks = model.ema_generator.weights, model.generator.weights
    assert any((a.numpy() != b.numpy()).any() for a, b in zip(*networks))  # noqa: B905
