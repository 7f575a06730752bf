"""The tool as a user runs it."""

import json
import pathlib
import subprocess
import sys

import numpy as np
import PIL.Image

from tf_mmdgan import published

ROOT = pathlib.Path(__file__).parents[2]


def run(*arguments):
    return subprocess.run(
        [sys.executable, "tools/two_sample.py", *map(str, arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )


def test_folders_of_pictures_have_a_p_value_and_a_page(tmp_path):
    rng = np.random.default_rng(0)
    for name, level in (("dark", 60), ("light", 160)):
        (tmp_path / name).mkdir()
        for number in range(12):
            pixels = rng.integers(0, level, (20, 20, 3), np.uint8)
            picture = PIL.Image.fromarray(pixels)
            picture.save(tmp_path / name / f"{number}.png")
    out = tmp_path / "apart.json"
    done = run(
        f"--x={tmp_path}/dark", f"--y={tmp_path}/light", f"--out={out}",
        f"--cache_dir={tmp_path}/cache", "--image_size=16",
        "--features=thumbnails",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["rejected"] and told["features"] == "thumbnails-16"
    assert (told["num_x"], told["num_y"]) == (12, 12)
    assert f"in {out}, and as a page in {tmp_path}/apart.html" in done.stderr
    assert json.loads(out.read_text()) == published.without_places(told)
    assert out.with_suffix(".html").read_text().count("<img") == 2


def test_bad_input_gets_one_line(tmp_path):
    np.save(tmp_path / "x.npy", np.arange(9.0))
    np.save(tmp_path / "nan.npy", np.array([1.0, np.nan, 2.0]))
    done = run(f"--x={tmp_path}/x.npy", f"--y={tmp_path}/nan.npy")
    assert done.returncode == 1 and not done.stdout
    assert done.stderr.count("\n") == 1, done.stderr
    assert "y is NaN or infinite in 1 of 3 rows" in done.stderr
