import os

import pytest

from tf_mmdgan import errors
from tf_mmdgan.data.readers import folder_scan


def touch(folder, *names):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(name.encode())


def names(folder, **options):
    return [file.name for file in folder_scan.scan(folder, **options)]


def test_finds_what_ends_like_an_image_at_any_depth(tmp_path):
    touch(
        tmp_path, "b.JPEG", "a/x.png", "a/b/c/y.webp", "a/notes.txt",
        ".hidden.png", ".cache/z.png", "c.gif", "d.bmp", "e.heic",
    )  # fmt: skip
    expected = ["a/b/c/y.webp", "a/x.png", "b.JPEG", "c.gif", "d.bmp"]
    assert names(tmp_path) == expected


def test_loops_of_links_end(tmp_path):
    touch(tmp_path, "a/x.png", "b/y.png")
    (tmp_path / "a" / "up").symlink_to(tmp_path)
    (tmp_path / "b" / "across").symlink_to(tmp_path / "a")
    (tmp_path / "b" / "self").symlink_to(tmp_path / "b" / "self")
    assert names(tmp_path) == ["a/x.png", "b/y.png"]


def test_links_are_followed_once_and_after_what_is_no_link(tmp_path):
    touch(tmp_path, "elsewhere/x.png", "pictures/z/y.png")
    (tmp_path / "pictures" / "a").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "pictures" / "b").symlink_to(tmp_path / "pictures" / "z")
    (tmp_path / "pictures" / "c").symlink_to(tmp_path / "elsewhere")
    followed = names(tmp_path / "pictures", follow_links=True)
    assert followed == ["a/x.png", "z/y.png"]


def test_links_that_lead_out_are_counted_and_refused(tmp_path):
    touch(tmp_path, "private/x.png", "private/notes.txt", "pictures/y.png")
    pictures = tmp_path / "pictures"
    (pictures / "a.txt").symlink_to(tmp_path / "private" / "notes.txt")
    (pictures / "b.png").symlink_to(pictures / "y.png")
    (tmp_path / "here").symlink_to(pictures)
    assert names(tmp_path / "here") == ["b.png", "y.png"]
    (pictures / "sub").mkdir()
    (pictures / "sub" / "c").symlink_to("../../private")
    (pictures / "d.png").symlink_to("/dev/zero")
    (pictures / "e.png").symlink_to(tmp_path / "private" / "x.png")
    with pytest.raises(errors.DataError) as caught:
        folder_scan.scan(pictures)
    assert "3 links in" in str(caught.value)
    assert "--follow_links" in str(caught.value)
    found = names(pictures, follow_links=True)
    assert found == ["b.png", "d.png", "e.png", "sub/c/x.png", "y.png"]


def test_broken_link_is_a_file_of_no_size(tmp_path):
    (tmp_path / "a.png").symlink_to(tmp_path / "nowhere.png")
    assert folder_scan.scan(tmp_path) == [("a.png", 0, ())]


def test_digest_tells_any_change(tmp_path):
    touch(tmp_path, "a.png", "b.png")
    digests = [folder_scan.digest(folder_scan.scan(tmp_path))]

    def changed():
        digests.append(folder_scan.digest(folder_scan.scan(tmp_path)))
        return len(set(digests)) == len(digests)

    os.utime(tmp_path / "a.png", ns=(0, 1))
    assert changed()
    (tmp_path / "a.png").write_bytes(b"longer")
    os.utime(tmp_path / "a.png", ns=(0, 1))
    assert changed()
    (tmp_path / "b.png").rename(tmp_path / "c.png")
    assert changed()
    (tmp_path / "notes.txt").write_text("no image")
    assert not changed()


def test_one_name_in_ten_is_held_out_for_ever():
    chosen = [folder_scan.is_held_out(f"{i:06}.jpg") for i in range(20_000)]
    assert abs(sum(chosen) - 2000) < 4 * (20_000 * 0.1 * 0.9) ** 0.5
    # Another hash would move pictures of old runs from train to test.
    assert [i for i, held in enumerate(chosen[:40]) if held] == [
        5, 18, 23, 34,
    ]  # fmt: skip


@pytest.mark.parametrize(
    "names, expected",
    [
        (["a/1.png", "b/2.png", "a/c/3.png"], ["a", "b"]),
        (["a/1.png", "b/2.png", "3.png"], None),
        (["1.png", "2.png"], None),
        (["a/b/1.png", "a/c/2.png"], None),
    ],
)
def test_folders_at_the_top_are_classes_if_all_is_in_them(names, expected):
    files = [folder_scan.File(name, 1, (1,)) for name in names]
    assert folder_scan.classes(files) == expected


def test_unusable_folder_is_named(tmp_path):
    with pytest.raises(errors.DataError, match="nowhere cannot be read"):
        folder_scan.scan(tmp_path / "nowhere")
    touch(tmp_path, "a.txt", "b/c.csv")
    with pytest.raises(errors.DataError, match="no image among its 2 files"):
        folder_scan.scan(tmp_path)
    with pytest.raises(errors.DataError, match=r"a.txt.*Not a directory"):
        folder_scan.scan(tmp_path / "a.txt")
    (tmp_path / "empty").mkdir()
    with pytest.raises(errors.DataError, match="no image among its 0 files"):
        folder_scan.scan(tmp_path / "empty")
