import io

import encoded
import numpy as np
import peaks
import PIL.Image
import pytest
from limits import within
from PIL.PngImagePlugin import PngInfo

from tf_mmdgan.data.readers import decode


def round_trip(tmp_path, image, suffix, mode="RGB", **options):
    path = tmp_path / f"a{suffix}"
    image.save(path, **options)
    return np.asarray(decode.decode(path, mode))


@pytest.mark.parametrize("suffix", [".png", ".bmp", ".gif", ".webp"])
def test_lossless_formats_give_back_their_pixels(tmp_path, suffix):
    image = encoded.make("P")
    options = {"lossless": True} if suffix == ".webp" else {}
    image = image.convert("RGB") if suffix == ".webp" else image
    decoded = round_trip(tmp_path, image, suffix, **options)
    np.testing.assert_array_equal(decoded, image.convert("RGB"))


def test_jpeg_is_what_pillow_decodes(tmp_path):
    image = encoded.make("RGB", (40, 30))
    decoded = round_trip(tmp_path, image, ".jpg", quality=95)
    with PIL.Image.open(tmp_path / "a.jpg") as opened:
        np.testing.assert_array_equal(decoded, opened)


def test_the_content_tells_the_format_not_the_name(tmp_path):
    image = encoded.make("RGB")
    decoded = round_trip(tmp_path, image, ".jpg", format="PNG")
    np.testing.assert_array_equal(decoded, image)


@pytest.mark.parametrize("mode", ["1", "L"])
def test_grey_stays_grey_and_becomes_equal_channels(tmp_path, mode):
    image = encoded.make("L").convert(mode)
    grey = round_trip(tmp_path, image, ".png", "L")
    np.testing.assert_array_equal(grey, image.convert("L"))
    colour = round_trip(tmp_path, image, ".png", "RGB")
    np.testing.assert_array_equal(colour, np.stack([grey] * 3, axis=-1))


def over_white(rgba):
    rgb, alpha = np.split(np.asarray(rgba, float), [3], axis=2)
    return 255.0 + (rgb - 255.0) * alpha / 255.0


@pytest.mark.parametrize("mode", ["LA", "RGBA"])
def test_transparent_pixels_are_laid_over_white(tmp_path, mode):
    image = encoded.make(mode)
    decoded = round_trip(tmp_path, image, ".png")
    expected = over_white(image.convert("RGBA"))
    np.testing.assert_allclose(decoded, expected, atol=1.0)


def test_transparent_colour_of_a_palette_is_white(tmp_path):
    image = encoded.make("P")
    hidden = image.getpixel((2, 1))
    decoded = round_trip(tmp_path, image, ".png", transparency=hidden)
    np.testing.assert_array_equal(decoded[1, 2], [255, 255, 255])
    shown = np.asarray(image) != hidden
    expected = np.asarray(image.convert("RGB"))
    np.testing.assert_array_equal(decoded[shown], expected[shown])


def test_grey_of_16_bits_is_scaled(tmp_path):
    image = encoded.make("I;16")
    decoded = round_trip(tmp_path, image, ".png", "L")
    expected = np.asarray(image) * (255.0 / 65535.0)
    np.testing.assert_allclose(decoded, expected, atol=0.5)
    assert decode.inspect(tmp_path / "a.png").grey


def test_colour_of_16_bits_keeps_its_high_byte(tmp_path):
    levels = np.random.default_rng(2).integers(0, 65536, (4, 6, 3))
    rows = [b"\0" + row.astype(">u2").tobytes() for row in levels]
    path = tmp_path / "a.png"
    path.write_bytes(encoded.png(6, 4, 16, b"".join(rows)))
    decoded = np.asarray(decode.decode(path, "RGB"))
    np.testing.assert_array_equal(decoded, levels // 256)


def test_cmyk_becomes_rgb(tmp_path):
    cyan = PIL.Image.new("CMYK", (8, 8), (255, 0, 0, 0))
    decoded = round_trip(tmp_path, cyan, ".jpg", quality=95)
    np.testing.assert_allclose(decoded[4, 4], [0, 255, 255], atol=4)
    assert not decode.inspect(tmp_path / "a.jpg").grey


@pytest.mark.parametrize("orientation", range(1, 9))
def test_is_upright_as_exif_says(tmp_path, orientation):
    image = encoded.make("RGB")
    exif = PIL.Image.Exif()
    exif[0x0112] = orientation
    decoded = round_trip(tmp_path, image, ".png", exif=exif)
    pixels = np.asarray(image)
    upright = {
        1: pixels,
        2: pixels[:, ::-1],
        3: pixels[::-1, ::-1],
        4: pixels[::-1],
        5: pixels.transpose(1, 0, 2),
        6: np.rot90(pixels, -1),
        7: pixels[::-1, ::-1].transpose(1, 0, 2),
        8: np.rot90(pixels, 1),
    }[orientation]
    np.testing.assert_array_equal(decoded, upright)


def test_still_gif_is_read_and_animations_are_not(tmp_path):
    frames = [encoded.make("L"), encoded.make("L").transpose(1)]
    for name in ("a.gif", "a.webp", "a.png"):
        frames[0].save(tmp_path / name, save_all=True, append_images=frames[1:])
        for read in (decode.inspect, lambda p: decode.decode(p, "L")):
            with pytest.raises(decode.UnreadableError, match="an animation"):
                read(tmp_path / name)
    np.testing.assert_array_equal(
        round_trip(tmp_path, frames[0], ".gif", "L"), frames[0]
    )


def test_photograph_with_a_preview_is_one_image(tmp_path):
    image = encoded.make("RGB", (40, 30))
    path = tmp_path / "a.jpg"
    image.save(
        path, format="MPO", save_all=True, append_images=[image.resize((8, 6))]
    )
    assert decode.decode(path, "RGB").size == (40, 30)


@pytest.mark.parametrize("mode, grey", [("L", True), ("RGB", False)])
def test_header_tells_size_and_channels(tmp_path, mode, grey):
    encoded.make(mode, (9, 5)).save(tmp_path / "a.png")
    expected = decode.Header(9, 5, grey, transparent=False, turned=False)
    assert decode.inspect(tmp_path / "a.png") == expected


@pytest.mark.parametrize(
    "content, words",
    [
        (b"", "is empty"),
        (b"no image at all", "is no PNG, JPEG, BMP, GIF, WebP, TIFF"),
        (b"II*\0\x08\0\0\0", "is no PNG"),
        (
            encoded.png(10_000, 10_000, 8, b""),
            "10000 x 10000 pixels, more than",
        ),
        (encoded.png(60_000, 60_000, 8, b""), "has more than"),
    ],
    ids=["empty", "text", "tiff", "large", "bomb"],
)
@pytest.mark.filterwarnings("ignore:Image size")
def test_unusable_file_says_why(tmp_path, content, words):
    path = tmp_path / "a.png"
    path.write_bytes(content)
    for read in (decode.inspect, lambda p: decode.decode(p, "L")):
        with pytest.raises(decode.UnreadableError, match=words):
            read(path)


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".bmp"])
def test_truncated_file_says_why(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    encoded.make("RGB", (64, 64)).save(path)
    path.write_bytes(path.read_bytes()[:-600])
    with pytest.raises(decode.UnreadableError, match=r"\w"):
        decode.decode(path, "RGB")


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".bmp"])
def test_no_file_stays_open(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    encoded.make("RGB", (8, 8)).save(path)
    for mode in ("RGB", "L"):
        for picture in (
            decode.decode(path, mode), decode.stored(path.read_bytes(), mode),
        ):  # fmt: skip
            assert getattr(picture, "fp", None) is None
            assert picture.mode == mode and picture.getpixel((7, 7))


def test_missing_file_says_why(tmp_path):
    with pytest.raises(decode.UnreadableError, match="No such file"):
        decode.inspect(tmp_path / "a.png")


@pytest.mark.slow
@pytest.mark.parametrize("mode, depth", [("RGBA", 8), ("I;16", 16)])
def test_large_pictures_take_little_more_than_their_pixels(
    tmp_path, mode, depth
):
    """In a process of its own, because Pillow's memory is not Python's."""
    path = tmp_path / "a.png"
    side = 9000  # of 81 million pixels, in a small file
    encoded.write_black(path, mode, side, compress_level=1)
    assert path.stat().st_size < 4 * 2**20
    code = (
        "import sys; from tf_mmdgan.data.readers import decode\n"
        "before = peak(); decode.decode(sys.argv[1], 'RGB')\n"
        "print(peak() - before)"
    )
    needed = (4 if mode == "RGBA" else 2) + 3
    used = peaks.printed_peak(code, path)
    assert side**2 / 2**20 < used < needed * side**2 / 2**20 + 300


def test_pictures_of_thousands_of_scans_are_refused(tmp_path):
    whole = io.BytesIO()
    PIL.Image.new("L", (2000, 2000)).save(whole, "JPEG", progressive=True)
    content = whole.getvalue()
    last = content[content.rindex(b"\xff\xda") : -2]
    path = tmp_path / "a.jpg"
    for count in (10, 10_000):
        path.write_bytes(content[:-2] + last * count + content[-2:])
        if count == 10:
            assert decode.decode(path, "L").size == (2000, 2000)
            continue
        assert decode.inspect(path).grey
        for act in (
            lambda: decode.decode(path, "RGB"),
            lambda: decode.stored(path.read_bytes(), "RGB"),
        ):
            with (
                within(seconds=5),
                pytest.raises(decode.UnreadableError, match=r"has 10,\d+ sc"),
            ):
                act()


XMP = '<x:xmpmeta><rdf:Description tiff:Orientation="{}"/></x:xmpmeta>'


@pytest.mark.parametrize("orientation", [1, 3, 6])
@pytest.mark.parametrize("kind", ["xmp", "raw"])
def test_headers_of_png_files_know_all_that_turns_them(
    tmp_path, kind, orientation
):
    """Pixels are turned by it, and so sizes are checked by it."""
    told = PngInfo()
    if kind == "xmp":
        told.add_itxt("XML:com.adobe.xmp", XMP.format(orientation))
    else:
        exif = PIL.Image.Exif()
        exif[0x0112] = orientation
        profile = exif.tobytes().hex()
        told.add_text(
            "Raw profile type exif", f"\nexif\n{len(profile) // 2}\n{profile}"
        )
    path = tmp_path / "a.png"
    encoded.make("RGB", (16, 8)).save(path, pnginfo=told)
    header = decode.inspect(path)
    assert header.turned == (orientation == 6)
    width, height = decode.decode(path, "RGB").size
    assert header.upright == (height, width)
