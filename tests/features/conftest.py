"""A small network of Keras' in a file."""

import keras
import pytest


@pytest.fixture
def saved(tmp_path):
    """The path of a network of one dense layer."""
    path = tmp_path / "small.keras"
    model = keras.Sequential(
        [
            keras.Input((4, 4, 3)),
            keras.layers.Flatten(),
            keras.layers.Dense(5, name="last"),
        ]
    )
    model.save(path)
    return path
