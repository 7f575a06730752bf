"""What is looked at before a scoring, and what is left when writing fails."""

import json
import types

import numpy as np
import pytest

from tf_mmdgan import config, errors, files, training
from tf_mmdgan.evaluation import from_config
from tf_mmdgan.evaluation.report import NotWrittenError
from tf_mmdgan.tools import evaluate as tool
from tf_mmdgan.tools import sample, sources


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
    scorer = types.SimpleNamespace(
        cluster=types.SimpleNamespace(chief=True), report_model=refuse
    )
    run = training.TrainedRun(
        config.TrainConfig(run_dir=settings["real"]), model=None
    )
    with pytest.raises(errors.UsageError, match=r"--out=.*t\.json cannot"):
        run.score(scorer)


@pytest.mark.parametrize("out", ["grid.png", "folder"])
def test_samples_that_cannot_be_written_are_not_drawn(
    settings, monkeypatch, out
):
    monkeypatch.setattr(sources, "predictor", refuse)
    chosen = config.SampleConfig(run_dir="run", out=f"{settings['real']}/{out}")
    with pytest.raises(errors.UsageError, match=r"--out=.* cannot be written"):
        sample.sample(chosen)


def test_metrics_are_looked_up_before_the_work(settings, monkeypatch):
    monkeypatch.setattr(from_config, "load_images", refuse)
    with pytest.raises(errors.UsageError, match="metric 'fidd'"):
        training.evaluate(**settings | {"metrics": "fidd"})


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
