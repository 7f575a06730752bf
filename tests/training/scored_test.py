"""What is looked at before a scoring, and what is left when writing fails."""

import json
import types

import numpy as np
import pytest
import tensorflow as tf

from tf_mmdgan import (
    config,
    errors,
    evaluation,
    export,
    files,
    metrics,
    training,
)
from tf_mmdgan.evaluation import by_statistics, from_config
from tf_mmdgan.evaluation.report import NotWrittenError
from tf_mmdgan.features import lenet
from tf_mmdgan.tools import evaluate as tool
from tf_mmdgan.tools import sample, sources
from tf_mmdgan.training import scored


@pytest.fixture
def settings(tmp_path, rng):
    for name in ("real", "fake"):
        images = rng.integers(0, 256, (24, 4, 4, 1), dtype=np.uint8)
        np.savez(tmp_path / name, images=images)
    return {
        "real": f"{tmp_path}/real.npz",
        "fake": f"{tmp_path}/fake.npz",
        "features": "pixels",
        "metrics": "fid",
        "cache_dir": str(tmp_path / "cache"),
    }


def refuse(*arguments):
    raise AssertionError("the work has begun")


@pytest.mark.parametrize("flag", ["out", "save_statistics"])
def test_files_that_cannot_be_written_are_refused_before_the_work(
    tmp_path, settings, monkeypatch, flag
):
    monkeypatch.setattr(from_config, "load_images", refuse)
    with pytest.raises(errors.UsageError, match=f"--{flag}=.*real.npz/x"):
        training.evaluate(**settings, **{flag: f"{tmp_path}/real.npz/x"})


def test_a_run_that_cannot_be_written_to_is_refused_before_the_work(settings):
    class Scorer(evaluation.Scorer):
        cluster = types.SimpleNamespace(chief=True)
        report_model = refuse

        def __init__(self):
            pass  # It has no images.

    run = training.TrainedRun(
        config.TrainConfig(run_dir=settings["real"]), model=None
    )
    with pytest.raises(errors.UsageError, match=r"--out=.*t\.json cannot"):
        run.score(Scorer())


@pytest.mark.parametrize("out", ["grid.png", "folder"])
def test_samples_that_cannot_be_written_are_not_drawn(
    settings, monkeypatch, out
):
    monkeypatch.setattr(sources, "open_source", refuse)
    chosen = config.SampleConfig(run_dir="run", out=f"{settings['real']}/{out}")
    with pytest.raises(errors.UsageError, match=r"--out=.* cannot be written"):
        sample.sample(chosen)


def test_metrics_are_looked_up_before_the_work(settings, monkeypatch):
    monkeypatch.setattr(from_config, "load_images", refuse)
    with pytest.raises(errors.UsageError, match="metric 'fidd'"):
        training.evaluate(**settings | {"metrics": "fidd"})


def test_no_classifier_is_trained_where_a_setting_is_refused(monkeypatch):
    monkeypatch.setattr(lenet, "train", refuse)
    pair = {"real": "digits/test", "fake": "digits/train", "cas": True}
    with pytest.raises(errors.UsageError, match="metric 'fidd'"):
        training.evaluate(**pair, metrics="fidd")
    with pytest.raises(errors.DataError, match=r"learns of images \(32, 32, 1"):
        training.evaluate(**pair | {"fake": "synthetic_grey"})


@pytest.mark.parametrize(
    "found, error, words",
    [
        ((None, (16, 16, 1)), errors.UsageError, "--conditioning"),
        ((10, (8, 8, 1)), errors.DataError, r"images \(8, 8, 1\)"),
    ],
)
def test_a_run_that_teaches_no_classifier_is_told_before_it_draws(
    found, error, words
):
    classes, shape = found
    run = types.SimpleNamespace(
        config=config.TrainConfig(run_dir="run", dataset="digits"),
        model=types.SimpleNamespace(num_classes=classes, generate=refuse),
        image_shape=shape,
    )
    asked = config.EvaluateConfig(run_dir="run", cas=True)
    with pytest.raises(error, match=words):
        scored._labelled_of_run(asked, run)


def test_a_report_that_cannot_be_written_is_printed(
    tmp_path, settings, monkeypatch, capsys
):
    def full(path, content):
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr(files, "write_bytes", full)
    chosen = config.EvaluateConfig(**settings, out=f"{tmp_path}/r.json")
    with pytest.raises(NotWrittenError, match=r"No space .*--out"):
        tool.evaluate(chosen)
    printed = json.loads(capsys.readouterr().out)
    assert printed["scores"]["fid"]["fid"] > 0.0


def test_a_run_scored_by_statistics_has_its_report_and_page(
    tmp_path, monkeypatch, rng
):
    rows = rng.normal(size=(90, 4))
    stats = f"{tmp_path}/stats.npz"
    metrics.write_moments(stats, metrics.Moments.of(rows), "pixels")
    model = types.SimpleNamespace(
        step=tf.Variable(7, dtype=tf.int64),
        generator=types.SimpleNamespace(output_shape=(None, 2, 2, 1)),
        generate=lambda count, *_, **__: rng.integers(
            0, 256, (count, 2, 2, 1), np.uint8
        ),
    )
    run = training.TrainedRun(
        config.TrainConfig(run_dir=str(tmp_path), dataset="digits"), model
    )
    monkeypatch.setattr(scored, "load_run", lambda *_: run)
    given = {
        "run_dir": str(tmp_path), "real": stats, "features": "pixels",
        "num_samples": 30,
    }  # fmt: skip
    report = training.evaluate(**given)
    told = json.loads((tmp_path / "report.json").read_text())
    assert (told["step"], told["num_fake"]) == (7, 30)
    assert told["weights"] == "ema"
    assert told["scores"] == report.scores
    assert "FID" in (tmp_path / "report.html").read_text()
    (tmp_path / "report.json").unlink()
    (tmp_path / "report.json").mkdir()
    monkeypatch.setattr(by_statistics, "score_by_statistics", refuse)
    with pytest.raises(errors.UsageError, match=r"--out=.*report\.json"):
        training.evaluate(**given)


def _exported(monkeypatch, tmp_path, weights="ema", **given):
    """The names of the files that go with an export of a run at step 7."""
    seen = []
    monkeypatch.setattr(
        export, "export_generator", lambda *_, **o: seen.append(o["documents"])
    )
    model = types.SimpleNamespace(
        step=tf.Variable(7, dtype=tf.int64), latents=None, condition=None
    )
    chosen = config.TrainConfig(run_dir=str(tmp_path))
    monkeypatch.setattr(training.TrainedRun, "network", lambda *_: None)
    monkeypatch.setattr(training.TrainedRun, "table", None)
    training.TrainedRun(chosen, model, **given).export(weights=weights)
    (found,) = seen
    return set(found)


def test_an_export_has_the_report_of_no_other_generator(tmp_path, monkeypatch):
    whole = {"config.json", "report.json"}
    report = {"step": 7, "weights": "ema", "scores": {}}
    (tmp_path / "report.json").write_text(json.dumps(report))
    assert _exported(monkeypatch, tmp_path) == whole
    for other in ({"weights": "current"}, {"in_own_steps": False}):
        assert _exported(monkeypatch, tmp_path, **other) == {"config.json"}
    (tmp_path / "report.json").write_text(json.dumps(report | {"step": 6}))
    assert _exported(monkeypatch, tmp_path) == {"config.json"}


def test_a_run_in_other_steps_does_not_replace_its_own_report(
    tmp_path, monkeypatch
):
    chosen = config.TrainConfig(run_dir=str(tmp_path))
    run = training.TrainedRun(chosen, None, in_own_steps=False)
    with pytest.raises(errors.UsageError, match="its own number of steps"):
        run.report_file()
    out = tmp_path / "other.json"
    assert run.report_file(out) == out
    monkeypatch.setenv("HOME", str(tmp_path))
    assert run.report_file("~/other.json") == out
