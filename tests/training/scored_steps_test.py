"""Every checkpoint that is kept is scored, and the curve is drawn."""

import json
import types

import numpy as np
import PIL.Image
import pytest
import tiny

from tf_mmdgan import config, errors, evaluation, training
from tf_mmdgan.training import callbacks, checkpoints, kept_steps
from tf_mmdgan.training.finished import TrainedRun


def test_steps_come_from_every_place(tmp_path):
    model = tiny.adam_model()
    seen = {}

    def keep(step, saver):
        model.step.assign(step)
        weights = model.network("ema").weights
        weights[0].assign(np.full(weights[0].shape, float(step)))
        seen[step] = float(step)
        saver(step, {})

    last = checkpoints.Checkpoints(model, tmp_path / "checkpoints")
    best = checkpoints.Checkpoints(model, tmp_path / "best")
    evaluated = checkpoints.EvaluatedWeights(model, tmp_path / "evaluated")
    for step, saver in enumerate((best.act, evaluated, last.act, last.act), 1):
        keep(step, saver)
    run = TrainedRun(config.TrainConfig(run_dir=str(tmp_path)), model)
    kept = kept_steps.KeptSteps(run)
    assert kept.steps() == [1, 2, 3, 4]
    for step in (3, 1, 4, 2):
        kept.restore(step)
        found = model.network("ema").weights[0].numpy()
        assert (found == step).all()
    (path,) = (tmp_path / "best").glob("step-1.data*")
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(errors.DataError, match=r"step-1 is damaged"):
        kept.restore(1)


def test_a_step_that_was_kept_has_averaged_weights_alone(tmp_path):
    # Current ones are then those of a network that nobody has trained.
    settings = config.TrainConfig(
        run_dir=str(tmp_path), evaluation_weights="current"
    )
    run = TrainedRun(settings, tiny.model(), averaged_alone=True)
    for use in (
        lambda: run.generate(1, weights="current"),
        lambda: run.score(weights="current"),
        lambda: run.export(tmp_path / "made", weights="current"),
    ):
        with pytest.raises(errors.UsageError, match="averaged weights alone"):
            use()
    assert run.generate(1).shape == (1, *tiny.SHAPE)

    class Asked(Exception):
        pass

    class Scorer(evaluation.Scorer):
        settings = types.SimpleNamespace(seed=0)
        cluster = types.SimpleNamespace(chief=False)

        def __init__(self):
            pass  # It has no images.

        def report_model(self, model, weights, *others):
            raise Asked(weights)

    with pytest.raises(Asked, match="ema"):
        run.score(Scorer())
    assert not (tmp_path / "made").exists()


def test_names_that_are_no_steps_are_passed_over(tmp_path):
    for name in ("step_0000003.npz", "step_x.npz", f"step_{2**63}.npz"):
        (tmp_path / name).touch()
    for name in ("step-4.index", "step--1.index", f"step-{2**63}.index"):
        (tmp_path / name).touch()
    model = tiny.adam_model()
    assert checkpoints.EvaluatedWeights(model, tmp_path).steps() == [3]
    assert checkpoints.Checkpoints(model, tmp_path).saved_steps() == [4]


def test_a_picture_of_others_beside_the_report_stays(tmp_path):
    (tmp_path / "all_curve.png").write_bytes(b"\x89PNG of a holiday")
    with pytest.raises(errors.UsageError, match=r"would replace.*_curve\.png"):
        training.evaluate(
            run_dir="x", checkpoint="all", out=str(tmp_path / "all.json")
        )


@pytest.mark.parametrize(
    "wrong",
    [
        {"run_dir": "x", "per_class": True},
        {"run_dir": "x", "save_features": "f.npz"},
        {"run_dir": "x", "save_statistics": "s.npz"},
        {"fake": "y", "real": "z"},
    ],
)
def test_all_is_of_runs_alone(wrong):
    with pytest.raises(errors.UsageError, match="checkpoint=all is "):
        config.EvaluateConfig(checkpoint="all", **wrong)
    with pytest.raises(errors.UsageError, match="must be last, best or"):
        config.SampleConfig(checkpoint="all", run_dir="x")


def test_kept_steps_are_scored_with_averaged_weights_alone():
    with pytest.raises(errors.UsageError, match="weights=current: kept steps"):
        training.Curve.of(run_dir="x", weights="current")


@pytest.mark.slow
def test_all_checkpoints_of_a_run_are_scored(tmp_path):
    run_dir = tmp_path / "run"
    training.train(
        run_dir=str(run_dir), dataset="digits", generator_width=4,
        critic_width=4, critic_steps=1, strategy="one_device", steps=3,
        evaluate_every=1, checkpoint_every=1, keep_checkpoints="all",
        evaluation_samples=50, export=False,
    )  # fmt: skip
    (damaged,) = (run_dir / "checkpoints").glob("step-2.data*")
    damaged.write_bytes(damaged.read_bytes()[:-9])
    kept = {p.stem for p in run_dir.glob("best/step-*.index")}
    with pytest.warns(UserWarning, match="step-2 is damaged"):
        report = training.evaluate(
            run_dir=str(run_dir), checkpoint="all", num_samples=50,
            metrics="kid_exact,fid",
        )  # fmt: skip
    scored = {int(step) for step in report.steps}
    assert {1, 3} <= scored and (2 in scored) <= ("step-2" in kept)
    log = callbacks.read_log(run_dir / "metrics.jsonl")
    for line in log:
        if "kid" in line and line["step"] in scored:
            found = report.steps[str(line["step"])]["kid_exact"]["kid"]
            assert found == pytest.approx(line["kid"], rel=1e-3)
    told = json.loads((run_dir / "report.json").read_text())
    assert told["step"] == 3 and told["scores"] == told["steps"]["3"]
    assert "Kept steps" in (run_dir / "report.html").read_text()
    assert PIL.Image.open(run_dir / "report_curve.png").width > 300
