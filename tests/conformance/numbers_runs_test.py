"""Runs that are told numbers, from an .npz to SavedModel, and bars to turn."""

import json

import bars
import numpy as np
import PIL.Image
import pytest
import whole_runs

from tf_mmdgan import config, errors
from tf_mmdgan.conditions import Numbers
from tf_mmdgan.methods import make_model
from tf_mmdgan.tools.sample import sample
from tf_mmdgan.training import class_rows, evaluate, load_run

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def turned(tmp_path_factory):
    """Bars and their labels in an .npz."""
    angles = np.random.default_rng(0).uniform(-np.pi / 2, np.pi / 2, 400)
    path = tmp_path_factory.mktemp("data") / "turned.npz"
    np.savez(path, images=bars.draw(angles), labels=bars.labels_of(angles))
    return path


def settings(turned, **changes):
    return {
        "dataset": "npz", "data_dir": str(turned), "critic_steps": 1,
        "latent_size": 12, **changes,
    }  # fmt: skip


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param(
            {"architecture": "biggan", "objective": "gan_hinge",
             "conditioning": "projection"},
            id="biggan, projection",
        ),
        pytest.param(
            {"objective": "mmd", "conditioning": "concatenation",
             "accumulate": 4},
            id="dcgan, concatenation, in parts",
        ),
    ],
)  # fmt: skip
def test_a_run_goes_on_is_scored_and_exported(turned, changes, tmp_path):
    whole_runs.check_goes_on(tmp_path, **settings(turned, **changes))


@pytest.fixture(scope="module")
def run_dir(turned, tmp_path_factory):
    folder = tmp_path_factory.mktemp("run") / "run"
    given = settings(turned, conditioning="projection", objective="gan_hinge")
    whole_runs.train(folder, 1, **given)
    return folder


def test_a_run_draws_the_labels_of_its_data(run_dir, turned):
    run = load_run(str(run_dir))
    with np.load(turned) as arrays:
        labels = {row.tobytes() for row in arrays["labels"]}
    rows = run.model.condition.rows
    assert 300 < len(rows) < 400
    assert all(row.tobytes() in labels for row in rows)
    drawn = run.generate(8, seed=1)
    fixed = run.generate(8, seed=1, label=[1.0, 0.0])
    assert np.abs(drawn.astype(int) - fixed).max() > 0


def test_samples_of_the_tool_have_the_labels_asked_for(run_dir, tmp_path):
    out = tmp_path / "a.npz"
    given = {"run_dir": str(run_dir), "num_samples": 5, "out": str(out)}
    sample(config.SampleConfig(label="0.5,-0.5", **given))
    with np.load(out) as arrays:
        np.testing.assert_array_equal(arrays["labels"], [[0.5, -0.5]] * 5)
        drawn = arrays["images"]
    expected = load_run(str(run_dir)).generate(5, label=[0.5, -0.5])
    assert np.abs(drawn.astype(int) - expected).max() <= 1


def test_what_needs_classes_is_refused(run_dir, tmp_path):
    given = {"run_dir": str(run_dir)}
    out = str(tmp_path / "drawn")
    with pytest.raises(errors.UsageError, match="told 2 numbers, and no class"):
        sample(config.SampleConfig(per_class=2, out=out, **given))
    trusted = {**given, "metrics": "kid_exact", "trust_run": True}
    with pytest.raises(errors.UsageError, match="has no classes and the data"):
        evaluate(per_class=True, **trusted)
    with pytest.raises(errors.DataError, match="2 numbers, and --cas needs cl"):
        evaluate(cas=True, **trusted)


def test_grids_have_rows_of_some_labels(run_dir):
    (path,) = (run_dir / "samples").glob("step_*1.png")
    with PIL.Image.open(path) as picture:
        told = json.loads(picture.text[class_rows.NAMES])
    rows = load_run(str(run_dir)).model.condition.rows
    shown = [[float(part) for part in text.split(", ")] for text in told]
    assert len(shown) == 8
    np.testing.assert_allclose(shown[0], rows[0], atol=0.01)
    np.testing.assert_allclose(shown[-1], rows[-1], atol=0.01)


def test_methods_without_a_critic_refuse_numbers(turned, tmp_path):
    given = settings(turned, objective="gmmn", conditioning="concatenation")
    del given["critic_steps"]
    with pytest.raises(errors.UsageError, match="npz has labels of 2 numbers"):
        whole_runs.train(tmp_path / "run", 1, **given)


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param(
            {"objective": "gan_hinge", "conditioning": "projection",
             "architecture": "biggan", "generator_width": 4,
             "critic_width": 4, "critic_steps": 1},
            id="hinge, projection",
        ),
        pytest.param(
            {"objective": "mmd", "kernel": "rq",
             "conditioning": "concatenation"},
            id="mmd, concatenation",
        ),
    ],
)  # fmt: skip
def test_drawn_bars_have_the_angle_that_is_asked_for(changes):
    """Twice the drawn angle, regressed on twice the asked one.

    The mean cosine of their difference is 1 where all agree, and 0 for angles
    by chance.
    """
    sizes = {"generator_width": 8, "critic_width": 8, "critic_steps": 2}
    chosen = config.TrainConfig(
        run_dir="run", latent_size=8, learning_rate=1e-3,
        critic_learning_rate=2e-3, beta_1=0.0, beta_2=0.99, ema_decay=0.99,
        **{**sizes, **changes},
    )  # fmt: skip
    model = make_model(chosen, (16, 16, 1), Numbers(2))
    angles = np.random.default_rng(0).uniform(-np.pi / 2, np.pi / 2, 2000)
    model.fit(
        bars.draw(angles), bars.labels_of(angles), batch_size=64,
        epochs=1, steps_per_epoch=500, verbose=0,
    )  # fmt: skip
    asked = np.linspace(-np.pi / 2, np.pi / 2, 40, endpoint=False)
    agreement = [
        np.cos(2.0 * (bars.angles_of(model.generate(8, label=label)) - angle))
        for angle, label in zip(asked, bars.labels_of(asked), strict=True)
    ]
    assert np.mean(agreement) > 0.9
