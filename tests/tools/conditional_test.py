"""A run with classes, from training to images of one class."""

import json
import pathlib
import subprocess
import sys

import numpy as np
import pytest

ROOT = pathlib.Path(__file__).parents[2]

pytestmark = pytest.mark.slow


def run(tool, *arguments):
    return subprocess.run(
        [sys.executable, "-m", f"tf_mmdgan.tools.{tool}", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )


def result(tool, *arguments):
    done = run(tool, *arguments)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    """What to draw from: the run, and its export."""
    run_dir = tmp_path_factory.mktemp("runs") / "classes"
    # So high a rate moves the classes apart in ten steps.
    made = result(
        "train", "--dataset=digits", "--conditioning=projection",
        "--steps=10", "--learning_rate=0.05", "--generator_width=4",
        "--critic_width=4", "--critic_steps=1", "--batch_size=16",
        "--evaluate_every=0", "--sample_every=0", "--spectra_every=5",
        f"--run_dir={run_dir}",
    )  # fmt: skip
    assert made["steps"] == 10 and np.isfinite(made["kid"])
    lines = (run_dir / "metrics.jsonl").read_text().splitlines()
    logged = [json.loads(line) for line in lines]
    steep = [line["slope/spectral"] for line in logged if "slope/spectral" in line]  # fmt: skip  # noqa: E501
    assert len(steep) == 2 and min(steep) > 0
    return f"--run_dir={run_dir}", f"--saved_model={run_dir}/export"


def draw(source, label, folder):
    out = folder / "out.npz"
    flags = [source, f"--label={label}", "--num_samples=9", f"--out={out}"]
    assert result("sample", *flags)["num_samples"] == 9
    with np.load(out) as file:
        return file["images"].astype(int)


def test_run_and_export_draw_the_same_class(sources, tmp_path):
    of_run, of_export = (draw(source, 3, tmp_path) for source in sources)
    assert of_run.shape == (9, 16, 16, 1)
    assert np.abs(of_run - of_export).max() <= 1
    # The same latents, another class.
    others = draw(sources[1], 4, tmp_path)
    assert np.abs(of_export - others).max() > 9


def test_classes_are_scored_by_themselves(sources, tmp_path):
    report = result(
        "evaluate", sources[0], "--per_class", "--metrics=kid_exact",
        f"--out={tmp_path}/report.json",
    )  # fmt: skip
    mean = report["classes"].pop("mean")
    assert list(report["classes"]) == [str(label) for label in range(10)]
    counts = [scores["num_images"] for scores in report["classes"].values()]
    assert sum(counts) == 500
    kids = [scores["kid"] for scores in report["classes"].values()]
    assert min(kids) > 1 and np.ptp(kids) > 1  # untrained
    assert mean["kid"] == pytest.approx(np.mean(kids))
    fids = [scores["fid"] for scores in report["classes"].values()]
    assert mean["fid"] == pytest.approx(np.mean(fids))


def test_a_class_that_there_is_not_is_one_line(sources, tmp_path):
    for source, label in zip(sources, (-1, 10), strict=True):
        done = run(
            "sample", source, f"--label={label}", f"--out={tmp_path}/x.png"
        )
        assert done.returncode == 2 and not done.stdout
        assert done.stderr == (f"error: label must be 0 to 9, not {label}\n")
    assert not list(tmp_path.iterdir())
