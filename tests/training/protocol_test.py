"""Scores by the protocols of other tools."""

import keras
import numpy as np
import pytest

from tf_mmdgan import training
from tf_mmdgan.metrics import kid


@pytest.fixture
def sets(tmp_path, rng):
    files = []
    for name in "ab":
        images = rng.integers(0, 256, (40, 6, 6, 3), dtype=np.uint8)
        np.savez(tmp_path / name, images=images)
        files.append((f"{tmp_path}/{name}.npz", images))
    return files


def test_subsets_are_those_that_torch_fidelity_draws(sets):
    (real, x), (fake, y) = sets
    report = training.evaluate(
        real=real, fake=fake, protocol="torch_fidelity", features="pixels",
        metrics="kid_subsets,prdc", subset_size=20, cache="off",
    )  # fmt: skip
    rows = [i.reshape(40, -1) / np.float32(127.5) - 1 for i in (x, y)]
    right = kid.kid(*rows, "subsets", subset_size=20, seed=2020)
    assert report.scores["kid_subsets"]["kid"] == pytest.approx(right.mean)
    assert report.settings["nearest_k"] == 3


def test_a_protocol_names_the_filter_unless_the_network_does(tmp_path, sets):
    (real, _), (fake, _) = sets
    model = keras.Sequential(
        [keras.Input((9, 9, 3)), keras.layers.GlobalAveragePooling2D()]
    )
    model.save(tmp_path / "m.keras")

    def identifier(features):
        return training.evaluate(
            real=real, fake=fake, protocol="clean_fid", features=features,
            metrics="fid", cache="off",
        ).extractor  # fmt: skip

    network = f"keras:{tmp_path}/m.keras"
    assert identifier(network).endswith("-bicubic_clipped-symmetric")
    named = identifier(f"{network},resize=tf1")
    assert named.endswith("-tf1-symmetric")
