import dataclasses
import errno
import os
import shutil
import warnings

import numpy as np
import pytest
from cached_sets import Source, entry, load, pixels
from limits import within

from tf_mmdgan import errors
from tf_mmdgan.data.cache import build, cached, row_file


@pytest.mark.parametrize("workers", [1, 3])
@pytest.mark.parametrize("budget", [0, 2**30])
def test_is_filled_once_and_read_ever_after(tmp_path, workers, budget):
    source = Source(workers=workers)
    first = load(tmp_path, source, budget=budget)
    expected = [(i, min(i + 10, 47)) for i in range(0, 47, 10)]
    assert sorted(source.calls) == expected
    again = load(tmp_path, None, budget=budget)
    for loaded in (first, again):
        np.testing.assert_array_equal(loaded.images, pixels(0, 47))
        np.testing.assert_array_equal(loaded.labels, np.arange(47) % 5)
        assert loaded.num_classes == 5
        assert isinstance(loaded.images, np.memmap) == (budget == 0)


def test_budget_is_that_of_the_pixels(tmp_path):
    size = pixels(0, 47).nbytes
    fits = load(tmp_path, Source(), budget=size).images
    assert not isinstance(fits, np.memmap)
    assert fits.ctypes.data % 64 == 0
    too_large = load(tmp_path, None, budget=size - 1).images
    assert isinstance(too_large, np.memmap)


def test_without_labels(tmp_path):
    loaded = load(tmp_path, Source(num_classes=None))
    assert loaded.labels is None and loaded.num_classes is None
    assert not (entry(tmp_path) / "labels.npy").exists()


def test_another_key_is_another_cache(tmp_path):
    load(tmp_path, Source())
    other = Source()
    load(tmp_path, other, key={"v": 2})
    assert other.calls


def test_goes_on_where_it_was_interrupted(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        load(tmp_path, Source(fails_at=30))
    # A line that was cut short, and a shard that was not written to the disk.
    partial = entry(tmp_path)
    with open(partial / "progress.jsonl", "a") as file:
        file.write("\n[30, 4")
    with open(partial / "pixels.npy", "r+b") as file:
        file.seek(128 + 15 * 192)
        file.write(b"\xff")
    source = Source()
    loaded = load(tmp_path, source)
    assert source.calls == [(10, 20), (30, 40), (40, 47)]
    np.testing.assert_array_equal(loaded.images, pixels(0, 47))
    assert entry(tmp_path).name.startswith("set_train-")
    assert not list(tmp_path.glob("*.partial"))


def test_too_small_a_disk_is_told_before_anything_is_decoded(
    tmp_path, monkeypatch
):
    usage = shutil.disk_usage(tmp_path)._replace(free=pixels(0, 47).nbytes - 1)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    source = Source()
    with pytest.raises(errors.DataError, match="--cache_dir"):
        load(tmp_path, source)
    assert not source.calls


def test_disk_that_fills_up_is_told_and_the_work_kept(tmp_path, monkeypatch):
    write = row_file.RowFile.write

    def full(self, first, rows):
        if first >= 20:
            raise OSError(errno.ENOSPC, "No space left on device")
        write(self, first, rows)

    with monkeypatch.context() as patches:
        patches.setattr(row_file.RowFile, "write", full)
        with pytest.raises(errors.DataError, match="47 decoded images take"):
            load(tmp_path, Source())
    source = Source()
    loaded = load(tmp_path, source)
    assert min(source.calls) == (20, 30)
    np.testing.assert_array_equal(loaded.images, pixels(0, 47))


def test_refused_at_the_end_it_leaves_nothing(tmp_path):
    def refuse():
        raise errors.DataError("3 files are damaged")

    plan = dataclasses.replace(Source()(), finish=refuse)
    with pytest.raises(errors.DataError, match="3 files"):
        load(tmp_path, lambda: plan)
    assert not [path for path in tmp_path.iterdir() if path.is_dir()]


def test_images_of_another_shape_are_refused(tmp_path):
    plan = dataclasses.replace(Source()(), image_shape=(8, 8, 1))
    with pytest.raises(errors.DataError, match=r"\(8, 8, 3\) instead of"):
        load(tmp_path, lambda: plan)


def test_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(errors.DataError, match="--cache_dir"):
        load(tmp_path / "file" / "cache", Source())


def test_cache_of_a_read_only_folder_is_read(tmp_path, monkeypatch):
    load(tmp_path, Source())
    monkeypatch.setattr(cached, "_lock", None)
    np.testing.assert_array_equal(load(tmp_path, None).images, pixels(0, 47))


def test_shards_of_another_size_are_not_taken_for_these(tmp_path, monkeypatch):
    with pytest.raises(KeyboardInterrupt):
        load(tmp_path, Source(fails_at=30))
    monkeypatch.setattr(build, "_SHARD_IMAGES", 20)
    loaded = load(tmp_path, Source())
    np.testing.assert_array_equal(loaded.images, pixels(0, 47))


def test_images_that_are_left_out_leave_no_gap(tmp_path):
    kept = np.array([i for i in range(47) if i % 7 and not 20 <= i < 30])

    class Partial(Source):
        def fill(self, start, stop):
            images, labels = super().fill(start, stop)
            chosen = np.isin(np.arange(start, stop), kept)
            return images[chosen], labels[chosen]

    for loaded in (load(tmp_path, Partial()), load(tmp_path, None)):
        np.testing.assert_array_equal(loaded.images, pixels(0, 47)[kept])
        np.testing.assert_array_equal(loaded.labels, kept % 5)
    flat = np.load(entry(tmp_path) / "pixels.npy")
    np.testing.assert_array_equal(flat, pixels(0, 47)[kept])


def damage_bits(folder):
    with open(folder / "pixels.npy", "r+b") as file:
        file.seek(1000)
        file.write(b"\xff")


def damage_labels(folder):
    np.save(folder / "labels.npy", np.zeros(47, np.int64))


def damage_length(folder):
    content = (folder / "pixels.npy").read_bytes()
    (folder / "pixels.npy").write_bytes(content[:-1])


def damage_shape(folder):
    np.save(folder / "pixels.npy", pixels(0, 46))


def damage_record(folder):
    (folder / "about.json").write_text("{")


def damage_files(folder):
    (folder / "labels.npy").unlink()


def damage_kind(folder):
    (folder / "pixels.npy").unlink()
    os.mkfifo(folder / "pixels.npy")


@pytest.mark.parametrize(
    "damage",
    [
        damage_bits, damage_labels, damage_length, damage_shape,
        damage_record, damage_files, damage_kind,
    ],
)  # fmt: skip
def test_damaged_cache_is_built_again(tmp_path, damage):
    load(tmp_path, Source())
    damage(entry(tmp_path))
    source = Source()
    with pytest.warns(UserWarning, match="is damaged"):
        loaded = load(tmp_path, source)
    assert source.calls
    np.testing.assert_array_equal(loaded.images, pixels(0, 47))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        load(tmp_path, None)


def interrupted(folder):
    """The folder of a build that has begun."""
    with pytest.raises(KeyboardInterrupt):
        load(folder, Source(fails_at=20))
    (partial,) = folder.glob("*.partial")
    return partial


@pytest.mark.parametrize("name", ["lock", build.PIXELS, "progress.jsonl"])
def test_links_in_a_cache_lead_to_no_file_of_the_user(tmp_path, name):
    precious = tmp_path / "precious"
    precious.write_text("good")
    folder = tmp_path / "cache"
    partial = interrupted(folder)
    path = partial / name
    if name == "lock":
        path = partial.with_name(partial.name.replace("partial", "lock"))
    path.unlink()
    path.symlink_to(precious)
    with pytest.raises(errors.DataError, match="is a link, or no plain file"):
        load(folder, Source())
    assert precious.read_text() == "good"


def test_builds_that_others_have_begun_are_not_continued(tmp_path):
    partial = interrupted(tmp_path / "a")
    partial.chmod(0o777)
    with pytest.raises(errors.DataError, match="written to by others"):
        load(tmp_path / "a", Source())
    partial = interrupted(tmp_path / "b")
    elsewhere = partial.rename(tmp_path / "elsewhere")
    partial.symlink_to(elsewhere)
    with pytest.raises(errors.DataError, match="is no folder of yours"):
        load(tmp_path / "b", Source())


def test_a_damaged_cache_with_something_else_in_it_is_left_alone(tmp_path):
    load(tmp_path, Source())
    damage_bits(entry(tmp_path))
    (entry(tmp_path) / "thesis.tex").touch()
    with (
        pytest.warns(UserWarning, match="is damaged"),
        pytest.raises(errors.DataError, match=r"holds thesis\.tex"),
    ):
        load(tmp_path, Source())
    assert (entry(tmp_path) / "thesis.tex").exists()


@pytest.mark.parametrize(
    "old, new",
    [
        ('"num_classes": 5', '"num_classes": 1099511627776'),
        ('"count": 47', '"count": 1099511627776'),
        ('"count": 47', '"count": {"a": ' * 5000),
    ],
    ids=["classes", "count", "nested"],
)
def test_records_of_a_cache_are_not_believed(tmp_path, old, new):
    load(tmp_path, Source())
    about = entry(tmp_path) / build.ABOUT
    about.write_text(about.read_text().replace(old, new))
    with (
        within(seconds=10, megabytes=100),
        pytest.warns(UserWarning, match="is damaged"),
    ):
        again = load(tmp_path, Source())
    assert again.num_classes == 5 and len(again.images) == 47


def test_labels_of_a_cache_claim_no_more_than_their_file(tmp_path):
    load(tmp_path, Source())
    labels = entry(tmp_path) / build.LABELS
    content = labels.read_bytes()
    claim = b"(99999999999,), }"
    true = b"(47,), }".ljust(len(claim))
    assert true in content
    labels.write_bytes(content.replace(true, claim))
    with (
        within(seconds=10, megabytes=100),
        pytest.warns(UserWarning, match="is damaged"),
    ):
        load(tmp_path, Source())
