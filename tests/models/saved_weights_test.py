"""Weights that `load_weights` is given may be anybody's, or none."""

import json
import os

import h5py
import numpy as np
import pytest
import tiny
from limits import within

from tf_mmdgan import errors


@pytest.fixture(scope="module")
def model():
    return tiny.model()


@pytest.fixture
def saved(model, tmp_path):
    path = tmp_path / "saved.weights.h5"
    model.save_weights(path)
    return path


def first_kernel(file):
    """The path of the first matrix in a file."""
    found = []

    def note(name, part):
        if isinstance(part, h5py.Dataset) and part.ndim == 2:
            found.append(name)

    file.visititems(note)
    return found[0]


def claims(file, name):
    # Without a chunk that is written, a file of kilobytes.
    file.create_dataset(name, (2**32,), "f4", chunks=(2**20,))


def elsewhere(file, name):
    file[name] = h5py.ExternalLink("/elsewhere.h5", name)


def not_finite(file, name):
    file[name] = np.full((16, 6), np.nan, np.float32)


def a_group(file, name):
    file.create_group(name)


def words(file, name):
    file[name] = [[b"word"] * 8] * 3


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (claims, "claim"),
        (elsewhere, "leads to another file"),
        (not_finite, "96 of the 96 weights .* are NaN"),
        (a_group, "of another model, or none"),
        (words, "of another model, or none"),
    ],
)
def test_weights_of_others_are_looked_at_first(model, saved, spoil, message):
    with h5py.File(saved, "a") as file:
        name = first_kernel(file)
        del file[name]
        spoil(file, name)
    refuses(model, saved, message)


def refuses(model, path, message):
    before = tiny.weights(model)
    with (
        within(seconds=20),
        pytest.raises(errors.DataError, match=message) as caught,
    ):
        model.load_weights(path)
    assert "\n" not in str(caught.value)
    for old, new in zip(before, tiny.weights(model), strict=True):
        np.testing.assert_array_equal(old, new)


def test_half_of_the_weights_are_not_taken(model, saved):
    model.load_weights(saved)
    with h5py.File(saved, "a") as file:
        name = first_kernel(file)
        file[name][...] += 1.0
        del file["critic"]
    refuses(model, saved, "of another model, or none")


@pytest.mark.parametrize("name", ["w.weights.h5", "w.keras", "w.weights.json"])
def test_texts_are_no_weights(model, tmp_path, name):
    (tmp_path / name).write_text("no weights")
    refuses(model, tmp_path / name, "of another model, or none|as JSON")


def test_pipes_are_not_waited_for(model, tmp_path):
    os.mkfifo(tmp_path / "w.weights.h5")
    refuses(model, tmp_path / "w.weights.h5", "is no plain file")


def test_weights_in_several_files_are_looked_at_each(model, tmp_path):
    path = tmp_path / "w.weights.json"
    model.save_weights(path, max_shard_size=1e-6)
    model.load_weights(path)
    parts = sorted(tmp_path.glob("*.h5"))
    assert len(parts) > 1
    with h5py.File(parts[-1], "a") as file:
        claims(file, "more")
    refuses(model, path, "claim")
    path.write_text(json.dumps({"weight_map": {"a": "../w.h5"}}))
    refuses(model, path, "of another model, or none")
