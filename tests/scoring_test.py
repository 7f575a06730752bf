"""What is scored against what."""

import numpy as np
import pytest

from tf_mmdgan import config, data, errors, evaluation, scoring


def train_config(**kwargs):
    return config.TrainConfig(**{"run_dir": "run", **kwargs})


def evaluate_config(**kwargs):
    return config.EvaluateConfig(**{"run_dir": "run", **kwargs})


@pytest.fixture(scope="module")
def scorer():
    return scoring.scorer_of_run(train_config())


def test_run_is_scored_against_held_out_images(scorer):
    held_out = data.load("digits", "test").images
    np.testing.assert_array_equal(scorer.real, held_out)
    assert scorer.settings == {"max_block_size": 100}
    assert scorer.count == 500 and scorer.source == "digits/test"


def test_noise_is_far_and_training_images_are_near(scorer, rng):
    noise = rng.integers(0, 256, (200, 16, 16, 1), dtype=np.uint8)
    near = scorer.kid(data.load("digits", "train").images)
    assert abs(near) < 5 and scorer.kid(noise) > 5 * abs(near) + 5


def test_order_of_the_images_is_one_of_chance(rng):
    order = scoring.shuffled(np.arange(1000))
    np.testing.assert_array_equal(order, scoring.shuffled(np.arange(1000)))
    np.testing.assert_array_equal(np.sort(order), np.arange(1000))
    assert abs(np.corrcoef(order, np.arange(1000))[0, 1]) < 0.1


def test_same_images_have_no_exact_distance(scorer):
    report = scorer.report_images(scorer.real, "itself")
    exact = report.scores["kid_exact"]
    # Unbiased: the diagonal of the cross term is all that is left.
    assert exact["kid"] < 0
    assert set(report.scores) == set(evaluation.METRICS) - {"fid_infinity"}
    assert report.extractor.startswith("lenet_digits-")


def test_evaluation_takes_what_it_leaves_out_from_the_run():
    run = train_config(features="pixels", max_block_size=50)
    made = scoring.make_scorer(evaluate_config(metrics="kid_blocks"), run)
    assert made.extractor.name == "pixels"
    assert made.settings["max_block_size"] == 50
    assert made.metrics == "kid_blocks"
    given = evaluate_config(
        features="lenet_digits", max_block_size=25, num_samples=77, seed=4
    )
    made = scoring.make_scorer(given, run)
    assert made.extractor.name == "lenet_digits"
    assert made.settings["max_block_size"] == 25
    assert (made.count, made.seed) == (77, 4)


@pytest.mark.parametrize(
    "counts, expected", [((10, 10), 2), ((31, 12), 7), ((9_000, 60_000), 1000)]
)
def test_blocks_are_five_or_as_many_as_are_not_too_large(counts, expected):
    assert scoring.block_size(*counts) == expected


def test_too_few_images_to_score_with_are_told():
    with pytest.raises(errors.DataError, match="9 images are too few"):
        scoring.block_size(40, 9)


def test_shuffled_batches_are_the_shuffled_images(rng):
    images = rng.integers(0, 256, (1203, 2, 2, 1), dtype=np.uint8)
    batches = list(scoring.shuffled_batches(images))
    assert max(map(len, batches)) == 500
    np.testing.assert_array_equal(
        np.concatenate(batches), scoring.shuffled(images)
    )
    some = np.concatenate(list(scoring.shuffled_batches(images, 700)))
    np.testing.assert_array_equal(some, scoring.shuffled(images)[:700])


def test_images_of_a_file(tmp_path, rng):
    images = rng.integers(0, 256, (5, 8, 8, 3), dtype=np.uint8)
    np.savez(tmp_path / "a.npz", images=images)
    loaded = scoring.load_images(str(tmp_path / "a.npz"))
    np.testing.assert_array_equal(loaded, images)
    with pytest.raises(errors.UsageError, match="--features is missing"):
        scoring.make_scorer(
            config.EvaluateConfig(fake="x", real=str(tmp_path / "a.npz")), None
        )


@pytest.mark.parametrize(
    "arrays, words",
    [
        ({"pictures": np.zeros(3)}, "no array named 'images'"),
        ({"images": np.full((2, 4, 4, 1), np.nan)}, "holds NaN: 32 of 32"),
        ({"images": np.zeros((2, 4, 4, 1), np.float32)}, "holds float32"),
        ({"images": np.zeros((4, 4), np.uint8)}, r"shape \(4, 4\)"),
        ({"images": np.array([{}], object)}, "damaged or not"),
    ],
    ids=["name", "nan", "floats", "rank", "pickle"],
)
def test_unusable_arrays_are_named(tmp_path, arrays, words):
    np.savez(tmp_path / "a.npz", **arrays)
    with pytest.raises(errors.DataError, match=words):
        scoring.load_images(str(tmp_path / "a.npz"))


@pytest.mark.parametrize("keep", [0, 10, 200])
def test_truncated_file_is_named(tmp_path, keep):
    path = tmp_path / "a.npz"
    np.savez(path, images=np.zeros((9, 4, 4, 1), np.uint8))
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(errors.DataError, match=r"a\.npz is damaged"):
        scoring.load_images(str(path))


def test_file_of_another_kind_is_named(tmp_path):
    path = tmp_path / "a.npz"
    with open(path, "wb") as file:
        np.save(file, np.zeros((9, 4, 4, 1), np.uint8))
    with pytest.raises(errors.DataError, match="not a zip archive"):
        scoring.load_images(str(path))


def test_flipped_bits_are_noticed(tmp_path, rng):
    path = tmp_path / "a.npz"
    images = rng.integers(0, 256, (9, 4, 4, 1), dtype=np.uint8)
    np.savez_compressed(path, images=images)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0x55
    path.write_bytes(content)
    with pytest.raises(errors.DataError, match=r"a\.npz is damaged"):
        scoring.load_images(str(path))


@pytest.mark.parametrize("source", ["digitz", "digits/validation"])
def test_unknown_source_lists_the_known(source):
    with pytest.raises(errors.UsageError, match="known: "):
        scoring.load_images(source)
