"""Every entry point as a user runs it, with good and with bad input."""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import PIL.Image
import pytest
import tensorflow as tf

ROOT = pathlib.Path(__file__).parents[2]
TINY = [
    "--flagfile=flags/digits_mmd.cfg", "--generator_width=4",
    "--critic_width=4", "--critic_steps=1", "--batch_size=16",
    "--evaluate_every=0", "--sample_every=0",
]  # fmt: skip


def command(tool, *arguments):
    return [sys.executable, f"tools/{tool}.py", *map(str, arguments)]


def run(tool, *arguments):
    return subprocess.run(
        command(tool, *arguments), cwd=ROOT, capture_output=True, text=True
    )


def result(tool, *arguments):
    done = run(tool, *arguments)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    run_dir = tmp_path_factory.mktemp("runs") / "tiny"
    flags = [*TINY, f"--run_dir={run_dir}", "--steps=4", "--log_every=2"]
    return run_dir, flags, result("train", *flags)


def test_train_leaves_a_whole_run_behind(trained):
    run_dir, _, last_line = trained
    assert last_line["steps"] == 4
    assert np.isfinite([last_line["kid_before"], last_line["kid"]]).all()
    assert last_line["saved_model"] == str(run_dir / "export" / "1")
    side = 4 * (8 * (16 + 2) - 2)
    assert PIL.Image.open(last_line["samples"]).size == (side, side)
    names = {path.name for path in run_dir.iterdir()}
    assert {
        "config.json", "metrics.jsonl", "report.json", "checkpoints",
        "samples", "export",
    } <= names  # fmt: skip
    report = json.loads((run_dir / "report.json").read_text())
    exact = report["scores"]["kid_exact"]
    low, high = (f"kid_confidence_{side}" for side in ("low", "high"))
    for name in ("kid", "kid_standard_error", low, high):
        assert exact[name] == last_line[name]
    trained_on = report["baseline"]["kid_exact"]["kid"]
    assert last_line["kid_of_training_images"] == trained_on
    assert last_line["features"] == report["extractor"]
    assert last_line["report"] == str(run_dir / "report.json")
    assert last_line["page"] == str(run_dir / "report.html")
    log = (run_dir / "metrics.jsonl").read_text().splitlines()
    logged = [line for line in map(json.loads, log) if "kid" in line]
    assert logged[0]["kid"] == last_line["kid_before"]
    assert logged[-1]["kid"] == pytest.approx(exact["kid"], rel=1e-3)
    by_tfgan = report["scores"]["kid_tfgan"]["kid"]
    assert logged[-1]["kid_tfgan"] == by_tfgan != exact["kid"]


def test_finished_run_is_not_trained_nor_exported_again(trained):
    run_dir, flags, last_line = trained
    files = {p: p.stat().st_mtime_ns for p in run_dir.glob("report.*")}
    done = run("train", *flags)
    assert json.loads(done.stdout) == last_line and not done.returncode
    (line,) = done.stderr.splitlines()
    assert line == (
        f"{run_dir} is done: all its 4 steps were trained. To go on, give "
        "--steps=8, for example."
    )
    assert files == {p: p.stat().st_mtime_ns for p in run_dir.glob("report.*")}


@pytest.mark.slow
def test_longer_run_is_reported_and_exported_anew(trained, tmp_path):
    run_dir, flags, _ = trained
    longer = shutil.copytree(run_dir, tmp_path / "longer")
    last_line = result("train", *flags, f"--run_dir={longer}", "--steps=6")
    assert last_line["steps"] == 6
    assert last_line["saved_model"] == str(longer / "export" / "2")
    report = json.loads((longer / "report.json").read_text())
    assert report["step"] == 6
    assert report["scores"]["kid_exact"]["kid"] == last_line["kid"]


@pytest.mark.slow
def test_best_checkpoint_is_used_on_demand(trained, tmp_path):
    run_dir, _, _ = trained
    with np.load(run_dir / "best" / "best.npz") as found:
        best = {name: found[name].item() for name in ("step", "kid")}
    log = (run_dir / "metrics.jsonl").read_text().splitlines()
    lines = [line for line in map(json.loads, log) if "kid" in line]
    kids = {line["step"]: line["kid"] for line in lines}
    assert kids[best["step"]] == best["kid"] <= kids[0]
    report = result(
        "evaluate", f"--run_dir={run_dir}", "--checkpoint=best",
        "--metrics=kid_exact", f"--out={tmp_path}/r.json",
    )  # fmt: skip
    assert report["step"] == best["step"]
    found = report["scores"]["kid_exact"]["kid"]
    assert found == pytest.approx(best["kid"], rel=1e-3)


@pytest.mark.slow
def test_report_says_where_the_same_bits_come_again(trained, tmp_path):
    run_dir, _, _ = trained
    found = json.loads((run_dir / "report.json").read_text())["reproducible"]
    assert found["bitwise"] and found["where_equal"]["replicas"] == 1
    again = result("evaluate", f"--run_dir={run_dir}", "--metrics=kid_exact", f"--out={tmp_path}/r.json")  # fmt: skip  # noqa: E501
    assert again["reproducible"] == found


def test_other_settings_in_the_same_folder_are_refused(trained):
    _, flags, _ = trained
    done = run("train", *flags, "--batch_size=32")
    assert done.returncode == 2 and not done.stdout
    assert done.stderr.count("\n") == 1
    assert "batch_size is 16 there, 32 here" in done.stderr


def test_evaluate_reports_every_metric(trained, tmp_path):
    run_dir, _, last_line = trained
    report = result(
        "evaluate", f"--run_dir={run_dir}", f"--out={tmp_path}/r.json"
    )
    assert report["scores"]["kid_exact"]["kid"] == last_line["kid"]
    assert set(report["scores"]) == {
        "kid_tfgan", "kid_blocks", "kid_subsets", "kid_exact", "fid",
        "gaussian_mmd", "prdc", "nearest_neighbor", "inception_score",
    }  # fmt: skip
    # The file may be published, so it holds no absolute path.
    fake = f"{run_dir.name}, ema weights, seed 0"
    written = json.loads((tmp_path / "r.json").read_text())
    assert written == {**report, "fake": fake}
    assert "kid_exact" in (tmp_path / "r.html").read_text()


@pytest.mark.slow
def test_run_saved_model_and_saved_samples_have_the_same_scores(
    trained, tmp_path
):
    run_dir, _, _ = trained
    images, pictures = tmp_path / "images.npz", tmp_path / "pictures"
    for out in (images, pictures):
        result(
            "sample", f"--run_dir={run_dir}", "--num_samples=200",
            f"--out={out}",
        )  # fmt: skip
    of_run = result(
        "evaluate", f"--run_dir={run_dir}", "--num_samples=200",
        f"--out={tmp_path}/r.json", f"--save_statistics={tmp_path}/s.npz",
    )["scores"]  # fmt: skip
    real = ("--real=digits/test", "--features=lenet_digits")
    for fake in (f"{run_dir}/export", images):
        report = result("evaluate", *real, f"--fake={fake}", "--num_samples=200")  # fmt: skip  # noqa: E501
        assert report["scores"] == of_run, fake
    # Files of pictures come by name, in another order.
    report = result(
        "evaluate", *real, f"--fake={pictures}", "--metrics=kid_exact,fid",
        f"--cache_dir={tmp_path}/cache", f"--out={tmp_path}/f.json",
    )  # fmt: skip
    assert (tmp_path / "f.html").exists()
    for metric, number in (("kid_exact", "kid"), ("fid", "fid")):
        assert report["scores"][metric][number] == pytest.approx(
            of_run[metric][number], rel=1e-4
        )
    report = result("evaluate", f"--real={tmp_path}/s.npz", "--features=lenet_digits", f"--fake={images}")  # fmt: skip  # noqa: E501
    assert report["scores"] == {"fid": pytest.approx(of_run["fid"], rel=1e-5)}


def test_export_and_sample_give_the_same_images(trained, tmp_path):
    run_dir, _, _ = trained
    done = run("export", f"--run_dir={run_dir}", f"--export_dir={tmp_path}/m")
    assert json.loads(done.stdout)["saved_model"].endswith("m/1")
    configs = f"--model_config_file={tmp_path}/m/models.config"
    commands = done.stderr.splitlines()[-2:]
    assert commands[0].startswith("docker run ") and configs in commands[0]
    assert commands[1].startswith("tensorflow_model_server --port=8500 ")
    version = tmp_path / "m" / "1"
    assert {path.name for path in (version / "assets.extra").iterdir()} == {
        "README.md", "config.json", "report.json", "samples.png",
        "tf_mmdgan.json",
        "tf_serving_warmup_requests",
    }  # fmt: skip
    (tmp_path / "m" / "models.config").write_text("")
    done = run("export", f"--run_dir={run_dir}", f"--export_dir={tmp_path}/m")
    assert done.returncode == 1 and "is not about the model" in done.stderr
    assert not (tmp_path / "m" / "2").exists()
    saved = tf.train.list_variables(str(version / "variables" / "variables"))
    # Of the generator alone: no critic, no optimizer, one set of weights.
    assert len([name for name, _ in saved if "VALUE" in name]) == 26
    drawn = []
    for source in (f"--run_dir={run_dir}", f"--saved_model={tmp_path}/m"):
        out = tmp_path / f"{len(drawn)}.npz"
        result("sample", source, "--num_samples=9", "--seed=5", f"--out={out}")
        drawn.append(np.load(out)["images"])
    assert drawn[0].shape == (9, 16, 16, 1) and drawn[0].dtype == np.uint8
    np.testing.assert_array_equal(*drawn)
    grid = tmp_path / "grid.png"
    result("sample", f"--saved_model={tmp_path}/m", "--num_samples=9", "--seed=5", f"--out={grid}")  # fmt: skip  # noqa: E501
    pixels = np.asarray(PIL.Image.open(grid))
    np.testing.assert_array_equal(pixels[:16, :16], drawn[0][0, :, :, 0])


@pytest.mark.slow
def test_images_of_a_file_are_scored(trained, tmp_path):
    run_dir, _, _ = trained
    out = tmp_path / "images.npz"
    result(
        "sample", f"--run_dir={run_dir}", "--num_samples=200", f"--out={out}"
    )
    report = result("evaluate", "--real=digits/test", f"--fake={out}", "--metrics=kid_exact")  # fmt: skip  # noqa: E501
    assert report["num_fake"] == 200 and report["num_real"] == 500
    assert report["scores"]["kid_exact"]["kid"] > 5


@pytest.mark.slow
def test_train_lenet_writes_weights_that_score(tmp_path):
    out = tmp_path / "lenet.npz"
    made = result("train_lenet", "--dataset=digits", "--epochs=5", "--width=4", f"--out={out}")  # fmt: skip  # noqa: E501
    assert made["test_accuracy"] > 0.2
    report = result("evaluate", "--real=digits/test", "--fake=digits/train", f"--features={out}", "--metrics=kid_blocks")  # fmt: skip  # noqa: E501
    assert report["num_fake"] == 1297


@pytest.mark.slow
def test_train_features_writes_weights_that_refine(tmp_path):
    out = tmp_path / "mine.npz"
    made = result("train_features", "--dataset=digits", "--steps=30", "--width=2", f"--out={out}")  # fmt: skip  # noqa: E501
    assert 0.0 < made["error_at_hidden_pixels"] < 1.0
    done = result(
        "train", "--recipe=digits_refined", f"--refine_features=masked:{out}",
        "--autoencoder_steps=5", "--code_steps=5", "--steps=15",
        "--evaluate_every=0", f"--run_dir={tmp_path / 'run'}",
    )  # fmt: skip
    assert done["steps"] == 15


def newest_weights(run_dir):
    reader = tf.train.load_checkpoint(tf.train.latest_checkpoint(run_dir / "checkpoints"))  # fmt: skip  # noqa: E501
    names = reader.get_variable_to_shape_map()
    return {
        name: reader.get_tensor(name)
        for name in names
        if name.startswith("model/") and "OBJECT_GRAPH" not in name
    }


@pytest.mark.slow
def test_killed_run_continues_and_ends_with_the_same_bits(tmp_path):
    flags = [*TINY, "--steps=60", "--checkpoint_every=10", "--noexport"]
    killed, whole = tmp_path / "killed", tmp_path / "whole"
    with subprocess.Popen(
        command("train", *flags, f"--run_dir={killed}"),
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        deadline = time.monotonic() + 120
        # Written when the first checkpoint is whole.
        while not (killed / "checkpoints" / "checkpoint").exists():
            assert process.poll() is None and time.monotonic() < deadline
            time.sleep(0.01)
        os.kill(process.pid, signal.SIGKILL)
    assert not (killed / "report.json").exists()
    result("train", *flags, f"--run_dir={killed}")
    result("train", *flags, f"--run_dir={whole}")
    first, second = newest_weights(killed), newest_weights(whole)
    assert first.keys() == second.keys() and len(first) > 50
    for name, value in first.items():
        np.testing.assert_array_equal(value, second[name], err_msg=name)
    lines = (killed / "metrics.jsonl").read_text().splitlines()
    steps = [json.loads(line)["step"] for line in lines]
    assert steps == [0, 20, 40, 60, 60]


@pytest.mark.parametrize(
    "tool", ["train", "evaluate", "export", "sample", "train_lenet"]
)
def test_help_is_quick_and_lists_the_flags(tool):
    start = time.monotonic()
    done = run(tool, "--help")
    assert done.returncode == 0 and "--seed" in done.stdout + "--seed" * (
        tool == "export"
    )
    # TensorFlow alone takes longer; it must not have been imported.
    assert "tensorflow" not in done.stderr.lower()
    assert time.monotonic() - start < 5


@pytest.mark.parametrize(
    "tool, arguments, code, words",
    [
        ("train", ["--bacth_size=3"], 2, "Did you mean: batch_size"),
        ("train", ["digits"], 2, "Unexpected argument 'digits'"),
        ("train", ["--batch_size=many"], 2, "batch_size"),
        ("train", ["--flagfile=nowhere.cfg"], 2, "nowhere.cfg"),
        ("train", [], 2, "--run_dir is missing"),
        ("train", ["--strategy=tpus"], 2, "one_device"),
        ("evaluate", [], 2, "either --run_dir or --fake"),
        ("export", [], 2, "--run_dir is missing"),
        ("sample", ["--run_dir=a", "--out=x.jpg"], 2, ".png, .npz or .gif"),
        ("sample", ["--run_dir=/nonexistent"], 1, "is not a run"),
        pytest.param(
            "sample",
            ["--saved_model=flags"],
            1,
            "not a generator exported",
            marks=pytest.mark.slow,
        ),
        pytest.param(
            "sample",
            ["--target=127.0.0.1:1", "--retries=0"],
            1,
            "No server",
            marks=pytest.mark.slow,
        ),
        ("train", ["--run_dir=flags"], 2, "it is not empty"),
        ("train_lenet", ["--out=weights.bin"], 2, ".npz"),
        ("train_features", ["--out=weights.bin"], 2, ".npz"),
    ],
    ids=lambda value: "".join(value)[:30] if isinstance(value, list) else None,
)
def test_bad_input_is_one_line(tool, arguments, code, words):
    done = run(tool, *arguments)
    assert done.returncode == code
    assert done.stderr.startswith("error: ")
    assert words in done.stderr
    assert done.stderr.count("\n") == 1 and not done.stdout
