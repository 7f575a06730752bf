import loading
import numpy as np
import pytest

from tf_mmdgan import data, errors


@pytest.fixture
def table(tmp_path, rng):
    """The path of 60 rows, and their numbers."""
    rows = rng.normal(size=(60, 3)) * [1.0, 50.0, 1e-3] + [5.0, -100.0, 0.0]
    path = tmp_path / "table.csv"
    lines = [
        ",".join([*map(repr, row.tolist()), "ab"[n % 2]])
        for n, row in enumerate(rows)
    ]
    path.write_text("\n".join(["x,y,z,kind", *lines]))
    return path, rows


def load(split, path, **settings):
    return loading.load("rows", split, data_dir=str(path), **settings)


def test_standardised_by_the_training_rows(table):
    path, rows = table
    train, test = (load(s, path, label_column="kind") for s in data.SPLITS)
    assert train.images.dtype == np.float32 and train.image_shape == (3,)
    assert train.count + test.count == 60 and 5 <= test.count <= 20
    np.testing.assert_allclose(train.images.mean(axis=0), 0.0, atol=1e-5)
    np.testing.assert_allclose(train.images.std(axis=0), 1.0, rtol=1e-5)
    assert train.table == test.table and train.table.columns == tuple("xyz")
    assert train.num_classes == 2 and train.class_names == ("a", "b")
    # Together they are the rows of the file, each with its class.
    found = np.concatenate([x.table.in_units(x.images) for x in (train, test)])
    labels = np.concatenate([train.labels, test.labels])
    order, expected = np.argsort(found[:, 1]), np.argsort(rows[:, 1])
    np.testing.assert_allclose(found[order], rows[expected], rtol=1e-4)
    np.testing.assert_array_equal(labels[order], expected % 2)


def test_the_beginning_of_a_longer_table_is_split_alike(tmp_path, rng):
    rows = rng.normal(size=(90, 2))
    sets = []
    for count in (60, 90):
        path = tmp_path / f"{count}.npy"
        np.save(path, rows[:count])
        sets.append(load("test", path))
    shorter, longer = (x.table.in_units(x.images) for x in sets)
    np.testing.assert_allclose(longer[: len(shorter)], shorter, atol=1e-5)


def test_batches_are_the_rows_as_they_are(table):
    train = load("train", table[0], label_column="kind")
    rows, labels = next(iter(data.batches(train, 8, 0, with_labels=True)))
    for row, label in zip(rows.numpy(), labels.numpy(), strict=True):
        (number,) = np.flatnonzero((train.images == row).all(axis=1))
        assert train.labels[number] == label
    assert load("train", table[0], label_column="kind").digest == train.digest


def test_refusals(tmp_path, table):
    path = tmp_path / "rows.npy"
    rows = np.random.default_rng(0).normal(size=(30, 2))
    rows[:, 1] = 3.0
    np.save(path, rows)
    with pytest.raises(errors.DataError, match="column '1' is 3 in all train"):
        load("train", path)
    np.save(path, rows[:2, :1])
    with pytest.raises(errors.DataError, match="holds 2 rows, too few"):
        load("train", path)
    with pytest.raises(errors.UsageError, match="rows needs a table"):
        loading.load("rows", "train")
    with pytest.raises(errors.UsageError, match="image_size=16: rows are no"):
        load("train", table[0], label_column="kind", image_size=16)
    with pytest.raises(errors.UsageError, match="nothing to resize in 'rows'"):
        load("train", table[0], label_column="kind", resize="area")


@pytest.mark.parametrize("factor", [1e200, 1e-40])
def test_units_that_float32_does_not_have(tmp_path, rng, factor):
    path = tmp_path / "rows.npy"
    np.save(path, rng.normal(size=(30, 2)) * factor)
    with pytest.raises(errors.DataError, match="column '0' has the mean"):
        load("train", path)


def test_held_out_numbers_that_float32_does_not_have(tmp_path, rng):
    path = tmp_path / "rows.npy"
    rows = rng.normal(size=(30, 2))
    np.save(path, rows)
    numbers = load("test", path).images
    (first,) = np.flatnonzero(
        np.isin(rows[:, 0], rows[np.abs(
            load("train", path).table.standardised(rows) - numbers[:1]
        ).max(axis=1) < 1e-6, 0])
    )  # fmt: skip
    rows[first, 1] = 1e80
    np.save(path, rows)
    with pytest.raises(errors.DataError, match="column '1' has a held-out num"):
        load("test", path)
