"""Runs on the rows of a table: every method, from a file to a SavedModel."""

import json
import shutil

import numpy as np
import pytest

from tf_mmdgan import config, errors, export, files, serving
from tf_mmdgan.methods.published import MATCHING
from tf_mmdgan.tools import sample
from tf_mmdgan.training import evaluate, load_run, run


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """A file of 80 rows of three numbers, in two classes."""
    path = tmp_path_factory.mktemp("tables") / "table.csv"
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(80, 3)) * [1.0, 20.0, 0.1] + [0.0, 300.0, 5.0]
    lines = ["length,weight,depth,kind"]
    for number, row in enumerate(rows.round(4).tolist()):
        lines.append(",".join([*map(str, row), ("small", "big")[number % 2]]))
    path.write_text("\n".join(lines))
    return path


def settings(table, folder, **given):
    toy = {
        "dataset": "rows", "data_dir": str(table), "label_column": "kind",
        "architecture": "mlp", "generator_width": 4, "critic_width": 4,
        "latent_size": 3, "batch_size": 16, "steps": 2, "evaluate_every": 0,
        "sample_every": 2, "checkpoint_every": 1, "strategy": "one_device",
        "run_dir": str(folder), "generator_batch_norm": False,
    }  # fmt: skip
    return config.TrainConfig(**{**toy, **given})


def test_what_rows_do_not_take_is_refused(table, tmp_path):
    for given, words in (
        ({"augment": "flip"}, "--augment is for images"),
        ({"architecture": "dcgan"}, "the architecture mlp makes both"),
        ({"batch_size": 80}, "batch_size=80, need 1 to"),
        ({"label_column": "colour"}, "label_column=colour: .* length, weight"),
        ({"features": "pixels"}, "takes no rows of a table: take columns"),
        ({"objective": "gfmn"}, "--matched_features is missing"),
    ):
        with pytest.raises(errors.UsageError, match=words) as caught:
            run.prepare(settings(table, tmp_path / "run", **given))
        assert "\n" not in str(caught.value)
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
@pytest.mark.parametrize("objective", [*MATCHING, "mmd", "wgan_gp"])
def test_every_method_trains_on_rows(objective, table, tmp_path):
    few = {"autoencoder_steps": 1} if objective.endswith("_ae") else {}
    if objective == "gfmn":
        few = {"matched_features": "columns"}
    if objective == "molm":
        few = {"moment_updates": 2}
    made = run.prepare(settings(table, tmp_path, objective=objective, **few))
    before = [w.numpy() for w in made.model.generator.weights]
    trained = made.train()
    assert any(
        (a != b.numpy()).any()
        for a, b in zip(before, trained.model.generator.weights, strict=True)
    )
    scores = json.loads((tmp_path / "report.json").read_text())["scores"]
    assert np.isfinite(scores["kid_exact"]["kid"])
    assert 0.0 < scores["energy_distance"]["energy_p_value"] <= 1.0
    assert (tmp_path / "samples" / "step_0000002.csv").exists()


@pytest.mark.slow
def test_a_run_with_classes_from_a_table_to_a_table(table, tmp_path):
    chosen = {"objective": "drift", "conditioning": "concatenation"}
    straight = settings(table, tmp_path / "straight", steps=4, **chosen)
    run.prepare(straight).train()
    run.prepare(settings(table, tmp_path / "first", **chosen)).train()
    shutil.copytree(tmp_path / "first", tmp_path / "continued")
    continued = settings(table, tmp_path / "continued", steps=4, **chosen)
    run.prepare(continued).train()
    one, two = (load_run(tmp_path / name) for name in ("straight", "continued"))
    expected = one.generate(6, seed=7)
    np.testing.assert_array_equal(two.generate(6, seed=7), expected)
    # In the units of the table, in the SavedModel too.
    assert 150.0 < expected[:, 1].mean() < 450.0
    loaded = export.load_generator(tmp_path / "straight" / "export")
    predictor = serving.LocalPredictor(loaded.signatures)
    drawn = serving.Sampler(predictor).sample(6, seed=7)
    np.testing.assert_array_equal(drawn.images, expected)
    written = []
    for number, source in enumerate(
        ({"run_dir": "straight"}, {"saved_model": "straight/export"})
    ):
        ((name, place),) = source.items()
        out = str(tmp_path / f"{number}.csv")
        sample.sample(
            config.SampleConfig(
                **{name: str(tmp_path / place)}, num_samples=6, seed=7, out=out
            )
        )
        written.append((tmp_path / f"{number}.csv").read_text())
    assert written[0] == written[1]
    head, *lines = written[0].splitlines()
    assert head == "length,weight,depth,kind" and len(lines) == 6
    assert {line.rpartition(",")[2] for line in lines} <= {"small", "big"}
    numbers = [[float(x) for x in line.split(",")[:3]] for line in lines]
    np.testing.assert_array_equal(np.float32(numbers), expected)
    report = evaluate(
        run_dir=str(tmp_path / "straight"), data_dir=str(table), per_class=True
    )
    assert set(report.classes) and report.scores["energy_distance"]


@pytest.mark.slow
def test_a_table_is_written_of_rows_alone(table, tmp_path):
    run.prepare(settings(table, tmp_path / "run", objective="gmmn")).train()
    with pytest.raises(errors.UsageError, match=r"rows of a table; give \.npy"):
        sample.sample(
            config.SampleConfig(
                run_dir=str(tmp_path / "run"), out=str(tmp_path / "x.png")
            )
        )
    out = str(tmp_path / "x.npy")
    sample.sample(config.SampleConfig(run_dir=str(tmp_path / "run"), out=out))
    assert files.read_npy(out).shape == (64, 3)
    # Other numbers are not what was trained on.
    shutil.copytree(tmp_path / "run", tmp_path / "copy")
    other = tmp_path / "other.csv"
    other.write_text(table.read_text().replace("30", "31"))
    with pytest.raises(errors.UsageError, match="other images or labels"):
        run.prepare(
            settings(other, tmp_path / "copy", objective="gmmn", steps=3)
        )
