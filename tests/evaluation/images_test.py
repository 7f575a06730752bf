"""Images to score: files, data sets, folders, exported generators."""

import keras
import numpy as np
import PIL.Image
import pytest
from loading import load

from tf_mmdgan import config, errors, export
from tf_mmdgan.evaluation.images import load_images
from tf_mmdgan.latents import Latents
from tf_mmdgan.metrics import shuffled_order


def test_order_of_the_images_is_one_of_chance(rng):
    order = shuffled_order(1000)
    np.testing.assert_array_equal(order, shuffled_order(1000))
    np.testing.assert_array_equal(np.sort(order), np.arange(1000))
    assert abs(np.corrcoef(order, np.arange(1000))[0, 1]) < 0.1


def test_images_of_a_file(tmp_path, rng):
    images = rng.integers(0, 256, (5, 8, 8, 3), dtype=np.uint8)
    np.savez(tmp_path / "a.npz", images=images)
    loaded = load_images(str(tmp_path / "a.npz")).images
    np.testing.assert_array_equal(loaded, images)
    some = load_images(str(tmp_path / "a.npz"), count=3).images
    # By lot, and in their own order, which --order=given keeps.
    chosen = np.sort(shuffled_order(5)[:3])
    np.testing.assert_array_equal(some, images[chosen])


def test_images_of_a_data_set():
    test, train = (load_images(f"digits{s}").images for s in ("", "/train"))
    np.testing.assert_array_equal(test, load("digits", "test").images)
    assert len(train) == 1297
    enlarged = load_images("digits", image_size=20)
    assert enlarged.images.shape == (500, 20, 20, 1)
    assert enlarged.prepared.tag == "-square-20-published"


def test_pictures_of_a_folder_are_all_taken(tmp_path, rng):
    colours = rng.integers(0, 256, (30, 3), dtype=np.uint8)
    for index, colour in enumerate(colours):
        picture = np.tile(colour, (9, 9, 1))
        PIL.Image.fromarray(picture).save(tmp_path / f"{index}.png")
    reading = config.ReadConfig(cache_dir=str(tmp_path / "cache"))
    loaded = load_images(str(tmp_path), reading, image_size=8)
    assert loaded.shapes == {(8, 8, 3): 30}
    images = np.concatenate(list(loaded.images))
    found = {tuple(image[4, 4]) for image in images}
    assert found == {tuple(colour) for colour in colours}


def test_an_exported_generator_draws_by_its_seed(tmp_path):
    generator = keras.Sequential(
        [
            keras.Input((3,)),
            keras.layers.Dense(16, activation="tanh"),
            keras.layers.Reshape((4, 4, 1)),
        ]
    )
    export.export_generator(generator, Latents(3, "normal"), tmp_path)
    first = load_images(str(tmp_path), count=300, seed=5).images
    assert first.shape == (300, 4, 4, 1) and first.dtype == np.uint8
    again = load_images(str(tmp_path / "1"), count=300, seed=5).images
    np.testing.assert_array_equal(first, again)
    other = load_images(str(tmp_path), count=300, seed=6).images
    assert (other != first).any()
    (tmp_path / "photos").mkdir()
    PIL.Image.new("L", (8, 8)).save(tmp_path / "photos" / "a.PNG")
    with pytest.raises(errors.UsageError, match=r"a\.PNG, and a SavedModel"):
        load_images(str(tmp_path), count=300)


def test_a_program_among_pictures_is_not_run_by_the_name_of_a_folder(tmp_path):
    # Exports show samples in a folder of this name.
    folder = tmp_path / "assets.extra" / "photos"
    for path in (folder, folder / "assets.extra"):
        path.mkdir(parents=True)
        PIL.Image.new("L", (8, 8)).save(path / "a.png")
    (folder / "saved_model.pb").touch()
    for source in (folder, tmp_path / "assets.extra"):
        (source / "saved_model.pb").touch()
        with pytest.raises(errors.UsageError, match=r"a\.png, and a SavedM"):
            load_images(str(source))


def test_classes_of_pictures_may_be_numbers(tmp_path, rng):
    for index in range(30):
        folder = tmp_path / "digits" / str(index % 2)
        folder.mkdir(parents=True, exist_ok=True)
        picture = rng.integers(0, 256, (8, 8), dtype=np.uint8)
        PIL.Image.fromarray(picture).save(folder / f"{index}.png")
    reading = config.ReadConfig(cache_dir=str(tmp_path / "cache"))
    loaded = load_images(str(tmp_path / "digits"), reading, image_size=8)
    assert loaded.shapes == {(8, 8, 1): 30}


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
        load_images(str(tmp_path / "a.npz"))


@pytest.mark.parametrize("keep", [0, 10, 200])
def test_truncated_file_is_named(tmp_path, keep):
    path = tmp_path / "a.npz"
    np.savez(path, images=np.zeros((9, 4, 4, 1), np.uint8))
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(errors.DataError, match=r"a\.npz is damaged"):
        load_images(str(path))


def test_file_of_another_kind_is_named(tmp_path):
    path = tmp_path / "a.npz"
    with open(path, "wb") as file:
        np.save(file, np.zeros((9, 4, 4, 1), np.uint8))
    with pytest.raises(errors.DataError, match="not a zip file"):
        load_images(str(path))


def test_flipped_bits_are_noticed(tmp_path, rng):
    path = tmp_path / "a.npz"
    images = rng.integers(0, 256, (9, 4, 4, 1), dtype=np.uint8)
    np.savez_compressed(path, images=images)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0x55
    path.write_bytes(content)
    with pytest.raises(errors.DataError, match=r"a\.npz is damaged"):
        load_images(str(path))


@pytest.mark.parametrize("source", ["digitz", "digits/validation"])
def test_unknown_source_lists_the_known(source):
    with pytest.raises(errors.UsageError, match=r"digits|known: "):
        load_images(source)


def test_fewer_images_than_asked_for_are_not_taken_in_silence(tmp_path, rng):
    images = rng.integers(0, 256, (5, 8, 8, 3), dtype=np.uint8)
    np.savez(tmp_path / "a.npz", images=images)
    with pytest.warns(UserWarning, match=r"a.npz has 5 images, not 6"):
        assert len(load_images(str(tmp_path / "a.npz"), count=6)) == 5


def test_a_folder_named_like_a_data_set_is_not_passed_over_in_silence(
    tmp_path, monkeypatch
):
    (tmp_path / "digits" / "test").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    with pytest.warns(UserWarning, match=r"data set .* give \./digits/test"):
        assert len(load_images("digits/test")) == 500
    with pytest.raises(errors.DataError, match="no image"):
        load_images("./digits/test")


def test_a_bare_array_of_images_is_read(tmp_path):
    images = np.arange(48, dtype=np.uint8).reshape(3, 4, 4, 1)
    np.save(tmp_path / "a.npy", images)
    found = load_images(str(tmp_path / "a.npy"))
    np.testing.assert_array_equal(found.pixels, images)
