"""Pictures reach the extractor as they are, and reports say what was done."""

import keras
import numpy as np
import PIL.Image
import pytest
import tensorflow as tf

from tf_mmdgan import config, data, errors, metrics
from tf_mmdgan.evaluation import by_statistics, from_config
from tf_mmdgan.evaluation.images import load_images

SIZE = 96


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    """A network of 96 pixels, which sees fine stripes, and its file."""
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input((SIZE, SIZE, 3)),
            keras.layers.Conv2D(8, 5, strides=3, activation="relu"),
            keras.layers.GlobalAveragePooling2D(),
        ]
    )
    path = tmp_path_factory.mktemp("network") / "a.keras"
    model.save(path)
    return model, f"keras:{path},resize=bilinear"


def save_folder(folder, images):
    folder.mkdir()
    for number, image in enumerate(images):
        squeezed = image[..., 0] if image.shape[-1] == 1 else image
        PIL.Image.fromarray(squeezed).save(folder / f"{number:03}.png")
    return str(folder)


def save_npz(path, images):
    np.savez(path, images=np.stack(images))
    return str(path)


def pair(real, fake, features="pixels", **given):
    return from_config.make_pair(
        config.EvaluateConfig(
            real=real, fake=fake, features=features, metrics="fid", cache="off",
            **given,
        )
    )  # fmt: skip


def report(*args, **given):
    scorer, images = pair(*args, **given)
    return scorer.report(images.images, images.source, images.prepared)


def fid(*args, **given):
    return report(*args, **given).scores["fid"]["fid"]


def stripes(rng, count, wide):
    """Pictures whose left and right thirds differ, and fine noise."""
    images = rng.integers(0, 60, (count, SIZE, SIZE, 3))
    images[:, :, : SIZE // 3] += rng.integers(0, wide, (count, 1, 1, 3))
    return images.astype(np.uint8)


def test_a_folder_and_a_file_of_the_same_pictures_are_equal(
    tmp_path, rng, network
):
    model, features = network
    first, second = stripes(rng, 30, 90), stripes(rng, 30, 180)
    folders = [
        save_folder(tmp_path / name, images)
        for name, images in (("a", first), ("b", second))
    ]
    files = [
        save_npz(tmp_path / f"{name}.npz", images)
        for name, images in (("a", first), ("b", second))
    ]
    rows = [model(i / 127.5 - 1.0).numpy() for i in (first, second)]
    right = metrics.METRICS["fid"](*rows)["fid"]
    for real in (folders[0], files[0]):
        assert fid(real, folders[0], features) == pytest.approx(0, abs=1e-9)
        for fake in (folders[1], files[1]):
            found = fid(real, fake, features)
            assert found == pytest.approx(right, rel=1e-4)


@pytest.mark.parametrize("features", ["pixels", "thumbnails"])
def test_features_of_places_are_of_images_of_one_size(tmp_path, rng, features):
    sizes = [(8, 12), (12, 8)] * 4  # as many pixels
    images = [rng.integers(0, 256, (*s, 1), dtype=np.uint8) for s in sizes]
    both = save_folder(tmp_path / "both", images)
    with pytest.raises(errors.DataError, match=r"2 sizes, such as \(8, 12, 1"):
        pair(both, both, features)
    assert fid(both, both, features, image_size=8) < 1e-9
    wide, high = (
        save_folder(tmp_path / name, images[start::2])
        for start, name in enumerate(("wide", "high"))
    )
    with pytest.raises(errors.DataError, match=r"and \(12, 8, 1\)"):
        pair(wide, high, features)
    assert fid(wide, wide, features) < 1e-9


def test_each_file_is_resized_from_its_own_size(tmp_path, rng, network):
    model, features = network
    sizes = [(200, 120), (96, 96), (40, 333)] * 5
    images = [rng.integers(0, 256, (*s, 3), dtype=np.uint8) for s in sizes]
    folder = save_folder(tmp_path / "a", images)
    scorer, _ = pair(folder, folder, features)
    expected = [
        model(tf.image.resize(i[None], (SIZE, SIZE)) / 127.5 - 1.0)[0]
        for i in images
    ]
    np.testing.assert_allclose(
        scorer.real_features, expected, rtol=1e-4, atol=1e-5
    )
    told = report(folder, folder, features).preprocessing
    assert told["real"] == told["fake"]
    assert told["real"] == (
        "3 sizes, 40 x 333 to 200 x 120 pixels; whole, as in the files; "
        "resized whole to 96 x 96 by bilinear or taken as they are"
    )


def test_a_size_that_is_named_wins_and_is_told(tmp_path, rng):
    images = rng.integers(0, 256, (25, 20, 30, 3), dtype=np.uint8)
    real = save_folder(tmp_path / "a", images)
    fake = save_npz(tmp_path / "a.npz", images)
    found = report(real, fake, image_size=10)
    assert found.scores["fid"]["fid"] == pytest.approx(0.0, abs=1e-9)
    assert found.extractor == "pixels-square-10-antialias"
    told = "10 x 10 pixels; middle squares, brought to that size by antialias"
    for side in ("real", "fake"):
        assert found.preprocessing[side] == f"{told}; taken as they are"
    native = report(real, fake)
    assert native.extractor == "pixels"
    assert native.scores["fid"]["fid"] == pytest.approx(0.0, abs=1e-9)


def test_statistics_of_other_sizes_do_not_compare(tmp_path, rng):
    images = rng.integers(0, 256, (100, 16, 16, 1), dtype=np.uint8)
    fake = save_npz(tmp_path / "a.npz", images)
    scorer, _ = pair(fake, fake, image_size=8)
    path = tmp_path / "stats.npz"
    moments = metrics.Moments.of(scorer.real_features)
    metrics.write_moments(path, moments, scorer.identifier)
    given = {"real": str(path), "fake": fake, "features": "pixels"}
    with pytest.raises(
        errors.DataError, match=r"pixels-square-8-anti.*not pix"
    ):
        by_statistics.score_by_statistics(config.EvaluateConfig(**given))
    found = by_statistics.score_by_statistics(
        config.EvaluateConfig(**given, image_size=8)
    )
    assert found.scores["fid"]["fid"] == pytest.approx(0.0, abs=1e-6)


@pytest.mark.parametrize(
    "real, fake, words",
    [
        ((9, 3, 8, 8), (9, 8, 8, 3), r"\(9, 3, 8, 8\).*transpose\(0, 2, 3, 1"),
        ((9, 8, 8, 3), (9, 1, 8, 8), r"\(9, 1, 8, 8\)"),
        ((9, 8, 8, 3), (9, 8, 6, 3), r"\(8, 8, 3\).*\(8, 6, 3\).*image_size"),
        ((9, 8, 8, 3), (9, 8, 8, 5), r"\(8, 8, 3\).*\(8, 8, 5\)"),
    ],
)
def test_arrays_of_other_shapes_are_refused(tmp_path, rng, real, fake, words):
    paths = [
        save_npz(tmp_path / f"{n}.npz", rng.integers(0, 256, s, dtype=np.uint8))
        for n, s in enumerate((real, fake))
    ]
    with pytest.raises((errors.DataError, errors.UsageError), match=words):
        pair(*paths, "thumbnails")


def test_pictures_of_unequal_widths_are_refused_before_the_work(tmp_path, rng):
    images = [rng.integers(0, 256, (n, 9, 3), np.uint8) for n in (9, 8, 9)]
    folder = save_folder(tmp_path / "a", images)
    with pytest.raises(errors.DataError, match=r"\(8, 9, 3\).*--image_size"):
        pair(folder, folder)


def test_transparency_is_over_white_in_folders_and_in_files(tmp_path, rng):
    images = rng.integers(0, 256, (20, 8, 8, 4), dtype=np.uint8)
    folder = save_folder(tmp_path / "a", images)
    file = save_npz(tmp_path / "a.npz", images)
    alpha = images[..., 3:] / 255.0
    over_white = np.rint(images[..., :3] * alpha + 255.0 * (1.0 - alpha))
    opaque = save_npz(tmp_path / "b.npz", over_white.astype(np.uint8))
    found = report(folder, file)
    assert found.scores["fid"]["fid"] == pytest.approx(0.0, abs=1e-9)
    remarks = " ".join(found.remarks)
    assert "20 of 20 pictures have transparency" in remarks
    assert "a.npz: transparent pixels are laid over white" in remarks
    assert fid(file, opaque) < 1e-3
    assert remarks.split(": ", 1)[1].split(".")[0] in str(
        found.to_dict()["notes"]
    )


def test_grey_is_repeated_against_colour_and_that_is_told(tmp_path, rng):
    grey = rng.integers(0, 256, (20, 8, 8, 1), dtype=np.uint8)
    colour = save_npz(tmp_path / "b.npz", grey.repeat(3, axis=-1))
    for real in (
        save_folder(tmp_path / "a", grey),
        save_npz(tmp_path / "a.npz", grey),
    ):
        for sides in ((real, colour), (colour, real)):
            found = report(*sides)
            assert found.scores["fid"]["fid"] == pytest.approx(0.0, abs=1e-9)
            assert f"{real}: grey levels are repeated" in found.remarks[0]


def test_some_grey_pictures_of_a_folder_are_told(tmp_path, rng):
    images = [
        rng.integers(0, 256, (8, 8, c), dtype=np.uint8) for c in (1, 3, 3, 1)
    ]
    found = report(*[save_folder(tmp_path / "a", images)] * 2)
    assert "2 of 4 pictures are grey" in found.remarks[0]


@pytest.mark.parametrize("channels, count", [("grey", 1), ("rgb", 3)])
def test_pictures_have_the_channels_that_are_asked_for(
    tmp_path, rng, channels, count
):
    """As in training, whose grey runs would be compared with colours."""
    images = [rng.integers(0, 256, (9, 8, c), dtype=np.uint8) for c in (1, 3)]
    # Of these numbers 22, 38, 41, 48 and 52 are held out.
    folder = save_folder(tmp_path / "a", images * 30)
    reading = {"data_dir": folder, "channels": channels, "cache": "off"}
    place = config.DataConfig(dataset="folder", image_size=8, **reading)
    given = {"run_dir": "run", "features": "pixels", **reading}
    run = config.TrainConfig(run_dir="run", dataset="folder", image_size=8)
    made = from_config.make_scorer(
        config.EvaluateConfig(**given, real="folder/test"), run, (8, 8, count)
    )
    right = data.load(place, "test").images
    found = np.concatenate(list(made.real))
    np.testing.assert_array_equal(found, right)
    told = {1: "in colour, and taken in grey", 3: "are grey, and repeated"}
    assert told[count] in " ".join(made.prepared.remarks)
    assert load_images(folder, config.ReadConfig(channels=channels)).shapes == {
        (9, 8, count): 60
    }
