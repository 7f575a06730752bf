"""Whole runs, from data to SavedModel, that are interrupted and go on."""

import json
import pathlib
import shutil

import numpy as np
import tensorflow as tf

from tf_mmdgan import config
from tf_mmdgan.training import load_run, run


def train(folder, steps, **settings):
    return run.prepare(
        config.TrainConfig(
            run_dir=str(folder), steps=steps, generator_width=4,
            critic_width=4, batch_size=16, evaluate_every=0,
            evaluation_samples=20, max_block_size=500, checkpoint_every=1,
            sample_every=0, strategy="one_device", **settings,
        )
    ).train().result  # fmt: skip


def check_goes_on(folder, **settings):
    """A run that stops half way ends as one that does not, and is exported."""
    straight = train(folder / "straight", 4, **settings)
    train(folder / "first", 2, **settings)
    shutil.copytree(folder / "first", folder / "continued")
    continued = train(folder / "continued", 4, **settings)
    assert np.isfinite(straight["kid"])
    assert continued["kid"] == straight["kid"]
    assert continued["kid"] != straight["kid_before"]
    report = json.loads(pathlib.Path(straight["report"]).read_text())
    assert report["step"] == 4

    model, other = (
        load_run(folder / name).model for name in ("straight", "continued")
    )
    for one, two in zip(model.weights, other.weights, strict=True):
        np.testing.assert_array_equal(one, two, err_msg=one.path)
    expected = model.generate(3, seed=7)
    sample = tf.saved_model.load(straight["saved_model"]).signatures["sample"]
    found = sample(num_samples=tf.constant(3), seed=tf.constant(7, tf.int64))
    np.testing.assert_array_equal(found["images"], expected)
    networks = model.ema_generator.weights, model.generator.weights
    assert any((a.numpy() != b.numpy()).any() for a, b in zip(*networks))  # noqa: B905
