"""The data tools as a user runs them, with good and with bad input."""

import json
import os
import pathlib
import subprocess
import sys

import numpy as np
import PIL.Image
import pytest
from loading import load

from tf_mmdgan import data, errors, features, images
from tf_mmdgan.tools import prepare_data, show_data

ROOT = pathlib.Path(__file__).parents[2]


def run(tool, *arguments, **environment):
    return subprocess.run(
        [sys.executable, f"tools/{tool}.py", *map(str, arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
    )


def test_prepare_reports_both_splits():
    done = run("prepare_data", "--dataset=digits")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout.splitlines()[-1])
    assert (report["train"]["count"], report["test"]["count"]) == (1297, 500)
    assert sum(report["train"]["class_counts"]) == 1297
    assert report["train"]["image_shape"] == [16, 16, 1]
    assert report["test"]["maximum"] == 255
    assert report["test"]["constant_images"] == 0


def test_show_draws_the_first_batch(tmp_path):
    out = tmp_path / "digits.png"
    done = run(
        "show_data", "--dataset=digits", "--split=test", "--seed=3",
        "--num_images=9", f"--out={out}",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout.splitlines()[-1])
    assert report["count"] == 500 and report["shown"] == 9
    assert report["shown_minimum"] >= -1 and report["shown_maximum"] == 1
    assert "500 images, 16 x 16 x 1" in done.stderr
    for number, count in enumerate(report["class_counts"]):
        assert f"class {number}: {count}" in done.stderr
    batch = next(iter(data.batches(load("digits", "test"), 9, seed=3)))
    grid = images.grid(images.to_uint8(batch).numpy())[..., 0]
    picture = np.asarray(PIL.Image.open(out).convert("L"))
    np.testing.assert_array_equal(
        picture[50 : 50 + len(grid), 50 : 50 + grid.shape[1]], grid
    )


def test_many_classes_are_summed_up():
    found = {
        "count": 5000, "image_shape": [32, 32, 3], "minimum": 1,
        "maximum": 254, "mean": 99.96, "constant_images": 0,
        "class_counts": [48, 52] * 50,
    }  # fmt: skip
    assert show_data._lines("cifar100/test", found) == [
        "cifar100/test: 5,000 images, 32 x 32 x 3",
        "levels 1 to 254, mean 100.0; 0 images of one level",
        "100 classes of 48 to 52",
    ]


@pytest.mark.parametrize("tool", ["prepare_data", "show_data"])
def test_help_needs_no_tensorflow(tool):
    done = run(tool, "--help", PYTHONPROFILEIMPORTTIME="1")
    assert done.returncode == 0
    for flag in ("--dataset", "--data_dir", "--image_size", "--cache_dir"):
        assert flag in done.stdout
    imported = done.stderr.splitlines()
    assert imported and not any("tensorflow" in line for line in imported)


@pytest.fixture
def environment(tmp_path):
    """Of a machine without network or data sets."""
    nowhere = "http://127.0.0.1:9"  # discard: nobody listens
    names = ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY")
    return {
        **dict.fromkeys(names, nowhere),
        "no_proxy": "",
        "NO_PROXY": "",
        "TFDS_DATA_DIR": str(tmp_path / "tfds"),
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
    }


@pytest.mark.parametrize(
    ("tool", "arguments", "code", "words"),
    [
        ("prepare_data", ["--dataset=cifar10", "--download"], 1, "No network"),
        pytest.param(
            "prepare_data",
            ["--features=inception", "--download"],
            1,
            "inception cannot be fetched. No network: ",
            marks=pytest.mark.slow,
        ),
        ("show_data", ["--split=validation"], 2, "train|test"),
        ("show_data", ["--out=picture.jpg"], 2, "must end in .png"),
    ],
    ids=["network", "weights", "split", "out"],
)
def test_bad_input_is_one_line(tool, arguments, code, words, environment):
    done = run(tool, *arguments, **environment)
    assert done.returncode == code
    assert done.stderr.startswith("error: ") and words in done.stderr
    assert done.stderr.count("\n") == 1 and not done.stdout


def prepare(**settings):
    return prepare_data.prepare_data(prepare_data.PrepareDataConfig(**settings))


def test_extractors_are_prepared_too():
    found = prepare(dataset="digits", features="lenet_digits")
    extractor = features.get_extractor("lenet_digits")
    assert found["features"] == extractor.identifier
    assert found["train"]["count"] == 1297
    with pytest.raises(errors.UsageError, match="Unknown extractor 'lenet_d'"):
        prepare(dataset="digits", features="lenet_d")


def test_set_that_is_not_whole_is_told(tmp_path, rng):
    images = rng.integers(0, 256, (40, 32, 32, 3)).astype(np.uint8)
    labels = np.arange(40, dtype=np.uint8) % 9
    records = [
        bytes([label]) + image.tobytes()
        for image, label in zip(images, labels, strict=True)
    ]
    for number in range(1, 6):
        path = tmp_path / f"data_batch_{number}.bin"
        path.write_bytes(b"".join(records[:8]))
    (tmp_path / "test_batch.bin").write_bytes(b"".join(records[:36]))
    with pytest.raises(errors.DataError) as caught:
        prepare(dataset="cifar10", data_dir=str(tmp_path))
    for part in (
        "train has 40 images instead of 50,000",
        "train has no image of class 8, 9",
        "test has 36 images instead of 10,000",
        "test has no image of class 9",
    ):
        assert part in str(caught.value)


def test_unknown_and_absent_sets_are_refused(tmp_path):
    with pytest.raises(errors.UsageError, match="Did you mean 'cifar10'"):
        prepare(dataset="cifar1O")
    command = f"--dataset=celeb_a --data_dir={tmp_path} --download"
    with pytest.raises(errors.DataError, match=command):
        prepare(dataset="celeb_a", data_dir=str(tmp_path))
