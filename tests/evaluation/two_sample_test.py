"""Tests of files: what is read, what is found, what the page shows."""

import base64
import io
import itertools
import json
import re

import numpy as np
import PIL.Image
import pytest

from tf_mmdgan import data, errors, features, mmd
from tf_mmdgan.config import DataConfig, TwoSampleConfig
from tf_mmdgan.evaluation import sample_files, two_sample
from tf_mmdgan.evaluation.loaded import Loaded
from tf_mmdgan.features import extract, get_extractor
from tf_mmdgan.features.extractors import Pixels


def no_run(run_dir, count, seed):
    raise AssertionError("no run is asked for")


def compare(draw_run=no_run, **settings):
    settings = {"num_permutations": 99, **settings}
    return two_sample.compare(TwoSampleConfig(**settings), draw_run)


@pytest.fixture
def arrays(tmp_path, rng):
    """Files of rows: two of one law, one apart."""
    x, y = rng.normal(size=(60, 2)), rng.normal(size=(50, 2))
    np.save(tmp_path / "x.npy", x)
    np.savez(tmp_path / "y.npz", anything=y)
    np.save(tmp_path / "apart.npy", y + 2.0)
    return tmp_path, x, y


def test_rows_are_tested_as_they_are(arrays):
    folder, x, y = arrays
    found = compare(x=f"{folder}/x.npy", y=f"{folder}/y.npz")
    expected = mmd.two_sample_test(x, y, num_permutations=99)
    assert found.test.p_value == expected.p_value
    assert found.extractor is None
    ranking = mmd.rank_by_witness(x, y, expected.kernel)
    outcome = found.to_dict()
    assert outcome["telling_rows_of_x"] == ranking.x_order[:10].tolist()
    assert outcome["telling_rows_of_y"] == ranking.y_order[:10].tolist()


def test_saved_features_are_rows(arrays):
    folder, x, y = arrays
    features.write_features(folder / "f.npz", features.Extracted(x), "pixels")
    found = compare(x=f"{folder}/f.npz", y=f"{folder}/y.npz")
    expected = mmd.two_sample_test(x, y, num_permutations=99)
    assert found.test.p_value == expected.p_value


def test_features_of_unequal_extractors_are_refused(arrays):
    folder, x, _ = arrays
    files = {}
    for name, made_with in (("a", "pixels"), ("b", "lenet"), ("c", "lenet")):
        files[name] = f"{folder}/{name}.npz"
        features.write_features(files[name], features.Extracted(x), made_with)
    with pytest.raises(errors.DataError, match=r"a\.npz by pixels; .* by len"):
        compare(x=files["a"], y=files["b"])
    assert compare(x=files["b"], y=files["c"]).test.p_value > 0.05
    with pytest.raises(errors.DataError, match="unequal extractors"):
        compare(x=files["b"], y=files["c"], than=files["a"])


def test_the_nearer_of_two_is_named_by_its_source(arrays):
    folder, *_ = arrays
    outcome = compare(
        x=f"{folder}/x.npy", y=f"{folder}/apart.npy", than=f"{folder}/y.npz"
    ).to_dict()
    assert outcome["rejected"]
    assert outcome["nearer"] == f"{folder}/y.npz"
    assert outcome["nearer_p_value"] < 0.01
    assert outcome["nearer_rows"] == 50


@pytest.mark.parametrize("method", ["mmdagg", "mmd_fuse", "classifier"])
def test_every_kind_of_method_has_an_outcome_and_a_page(arrays, method):
    folder, *_ = arrays
    found = compare(x=f"{folder}/x.npy", y=f"{folder}/apart.npy", method=method)
    found.write(folder / "found.json", 5)
    outcome = json.loads((folder / "found.json").read_text())
    assert outcome["p_value"] < 0.05 and outcome["method"] == method
    text = (folder / "found.html").read_text()
    assert "are told apart" in text and "<svg" in text
    assert f"that of these samples, {outcome['statistic']:.3g}." in text
    assert text.count("witness ") >= 10  # five rows of each


def test_chosen_rows_keep_their_numbers(arrays):
    folder, x, _ = arrays
    config = TwoSampleConfig(
        x=f"{folder}/x.npy", y=f"{folder}/y.npz", num_samples=20
    )
    (sample, _), _ = sample_files.load_samples(config, no_run)
    assert len(set(sample.numbers)) == 20
    np.testing.assert_array_equal(sample.rows, x[sample.numbers])


def test_all_images_are_brought_to_a_size(tmp_path, rng):
    """Also those of .npy files, of arrays of another name, and of runs."""
    images = rng.integers(0, 256, (30, 12, 12, 1), np.uint8)
    np.save(tmp_path / "x.npy", images)
    np.savez(tmp_path / "y.npz", made=images)
    run = tmp_path / "run"
    (run / "checkpoints").mkdir(parents=True)
    (run / "config.json").write_text("{}")
    config = TwoSampleConfig(
        x=str(tmp_path / "x.npy"), y=str(tmp_path / "y.npz"), than=str(run),
        image_size=8, features="pixels",
    )  # fmt: skip
    samples, _ = sample_files.load_samples(
        config, lambda name, count, seed: Loaded(images[:count], name)
    )
    for sample in samples:
        assert sample.images.shape[1:] == (8, 8, 1)


def test_rows_of_sets_of_equal_length_are_chosen_independently(tmp_path, rng):
    x = rng.normal(size=(1000, 2))
    for name in ("x", "y", "z"):
        np.save(tmp_path / f"{name}.npy", x)
    config = TwoSampleConfig(
        x=f"{tmp_path}/x.npy", y=f"{tmp_path}/y.npy", than=f"{tmp_path}/z.npy",
        num_samples=100,
    )  # fmt: skip
    samples, _ = sample_files.load_samples(config, no_run)
    chosen = [set(sample.numbers) for sample in samples]
    for one, other in ((0, 1), (0, 2), (1, 2)):
        # Hypergeometric: 10 on average, with a deviation of 2.8.
        assert len(chosen[one] & chosen[other]) < 24


def test_folders_are_compared_at_their_own_sizes(tmp_path, rng):
    for name, size in (("x", 40), ("y", 33)):
        (tmp_path / name).mkdir()
        for number in range(12):
            pixels = rng.integers(0, 256, (size, 50, 3), dtype=np.uint8)
            picture = PIL.Image.fromarray(pixels)
            picture.save(tmp_path / name / f"{number}.png")
    given = {"x": f"{tmp_path}/x", "y": f"{tmp_path}/y"}
    found = compare(**given, features="thumbnails")
    assert found.x.images.shapes == {(40, 50, 3): 12}
    assert found.x.rows.shape == found.y.rows.shape == (12, 16 * 16 * 3)
    with pytest.raises(errors.DataError, match=r"\(40, 50, 3\).*--image_size"):
        compare(**given, features="pixels")
    found = compare(**given, image_size=8, features="pixels")
    assert found.x.images.shapes == {(8, 8, 3): 12}


def pictures(text):
    found = re.findall(r'src="data:image/png;base64,([^"]+)"', text)
    return [
        np.asarray(PIL.Image.open(io.BytesIO(base64.b64decode(content))))
        for content in found
    ]


@pytest.fixture
def image_files(tmp_path):
    """Digits, and the same with some of them turned to their negatives."""
    images = data.load(DataConfig(dataset="digits"), "test").images
    x, y = images[:100], images[100:200].copy()
    y[:10] = 255 - y[:10]
    for name, some in (("x", x), ("y", y)):
        np.savez(tmp_path / f"{name}.npz", images=some)
    return tmp_path, x, y


def test_images_are_tested_by_features_and_shown(image_files):
    folder, _, y = image_files
    found = compare(
        x=f"{folder}/x.npz", y=f"{folder}/y.npz", features="thumbnails"
    )
    assert found.extractor.identifier == "thumbnails-16"
    assert found.test.rejected
    # The negatives are what x has not.
    assert set(found.ranking.y_order[:10]) == set(range(10))
    found.write(folder / "found.json", 8)
    page = (folder / "found.html").read_text()
    assert "Compared by the features thumbnails-16; --features choo" in page
    of_x, of_y = pictures(page)
    assert of_x.shape == of_y.shape
    scale = of_y.shape[0] // 16
    first = y[found.ranking.y_order[0], ..., 0]
    np.testing.assert_array_equal(
        of_y[: 16 * scale : scale, : 16 * scale : scale], first
    )


def test_data_sets_have_their_own_features(image_files):
    folder, *_ = image_files
    found = compare(x="digits/test", y=f"{folder}/y.npz", num_samples=50)
    assert found.extractor.identifier.startswith("lenet_digits")
    images = data.load(DataConfig(dataset="digits"), "test").images
    rows = extract(get_extractor("lenet_digits"), images).features
    np.testing.assert_allclose(
        found.x.rows, rows[found.x.numbers], rtol=1e-4, atol=1e-4
    )
    assert found.to_dict()["telling_rows_of_y"][0] in range(100)


def test_runs_are_drawn_from_as_often_as_the_first_sample_has_rows(
    tmp_path, image_files
):
    folder, x, _ = image_files
    run = tmp_path / "run"
    (run / "checkpoints").mkdir(parents=True)
    (run / "config.json").write_text("{}")
    asked = []

    def draw(run_dir, count, seed):
        asked.append((run_dir, count, seed))
        return Loaded(x[:count], run_dir)

    found = compare(
        draw, x=f"{folder}/x.npz", y=str(run), seed=4, features="pixels"
    )
    assert asked == [(str(run), 100, 5)]
    assert found.test.p_value > 0.05


def test_samples_are_independent_of_each_other(tmp_path, rng):
    """Of equal files, other rows are chosen; of generators, other latents."""
    for name in ("x", "y", "than"):
        np.save(tmp_path / f"{name}.npy", rng.normal(size=(400, 2)))
    run = tmp_path / "run"
    (run / "checkpoints").mkdir(parents=True)
    (run / "config.json").write_text("{}")
    sources = {name: f"{tmp_path}/{name}.npy" for name in ("x", "y", "than")}
    found = compare(**sources, num_samples=50)
    chosen = [s.numbers for s in (found.x, found.y, found.than)]
    for first, second in itertools.combinations(chosen, 2):
        assert (first == second).sum() < 5  # 50 / 400 are expected
    seeds = []

    def draw(run_dir, count, seed):
        seeds.append(seed)
        own = np.random.default_rng(seed)
        images = own.integers(0, 256, (count, 4, 4, 1), np.uint8)
        return Loaded(images, run_dir)

    last = 2**63 - 1
    runs = dict.fromkeys(("x", "y", "than"), str(run))
    compare(draw, **runs, seed=last, features="pixels")
    assert seeds == [last, 0, 1]


def test_an_extractor_is_tried_before_it_looks_at_images(image_files, rng):
    folder, _, _ = image_files
    looked = []

    class Colours(Pixels):
        def check(self, image_shape):
            raise errors.UsageError(f"{image_shape[-1]} channel(s)")

        def __call__(self, images):
            looked.append(len(images))
            return super().__call__(images)

    with pytest.raises(errors.UsageError, match=r"channel\(s\)"):
        compare(x=f"{folder}/x.npz", y=f"{folder}/x.npz", features=Colours())
    assert not looked


@pytest.mark.parametrize(
    "settings, error, message",
    [
        ({"method": "fuse"}, errors.UsageError, "Unknown method"),
        ({"kernel": "rbff"}, errors.UsageError, "Did you mean 'rbf'"),
        (
            {"kernel": "rbf", "method": "mmdagg"},
            errors.UsageError,
            "--kernel is not for --method=mmdagg",
        ),
        (
            {"estimator": "linear", "method": "deep_kernel"},
            errors.UsageError,
            "--estimator is not for",
        ),
        ({"method": "normal"}, errors.UsageError, "no normal null"),
        ({"y": "digits/test"}, errors.UsageError, "do not compare"),
        ({"y": "nowhere.npy"}, errors.DataError, "There is no file nowhere"),
        ({"y": "nowhere"}, errors.UsageError, "neither a data set"),
    ],
)
def test_what_does_not_go_together_is_refused(arrays, settings, error, message):
    folder, *_ = arrays
    given = {"x": f"{folder}/x.npy", "y": f"{folder}/y.npz", **settings}
    with pytest.raises(error, match=message):
        compare(**given)


def test_files_of_other_things_are_refused(tmp_path, arrays):
    folder, x, _ = arrays
    np.savez(folder / "two.npz", one=x, other=x)
    with pytest.raises(errors.DataError, match="has the arrays one, other"):
        compare(x=f"{folder}/x.npy", y=f"{folder}/two.npz")
    (folder / "text.npy").write_text("no array")
    with pytest.raises(errors.DataError, match=r"not an \.npy file"):
        compare(x=f"{folder}/x.npy", y=f"{folder}/text.npy")
    np.save(folder / "single.npy", 3.0)
    with pytest.raises(errors.DataError, match="holds a single value"):
        compare(x=f"{folder}/x.npy", y=f"{folder}/single.npy")
    np.save(folder / "objects.npy", np.array([{}]), allow_pickle=True)
    with pytest.raises(errors.DataError, match=r"not an \.npy file"):
        compare(x=f"{folder}/x.npy", y=f"{folder}/objects.npy")
