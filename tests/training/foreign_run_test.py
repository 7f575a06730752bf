"""Runs that somebody else has made: their records are not believed."""

import json
import pathlib
import shutil
import socket
import sys

import numpy as np
import pytest
from limits import within

from tf_mmdgan import config, errors, export, files, training
from tf_mmdgan.training import checkpoints, run, run_directory

TOY = {
    "generator_width": 2, "critic_width": 2, "batch_size": 8, "steps": 1,
    "critic_steps": 1, "evaluate_every": 0, "evaluation_samples": 100,
    "strategy": "one_device", "export": False,
}  # fmt: skip
NAME = "chosen_by_a_file.members:Thing"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A run of one step."""
    folder = tmp_path_factory.mktemp("made") / "run"
    run.prepare(config.TrainConfig(run_dir=str(folder), **TOY)).train()
    return folder


@pytest.fixture
def run_dir(made, tmp_path):
    """A copy of it, which may be changed."""
    return shutil.copytree(made, tmp_path / "run")


@pytest.fixture
def program(tmp_path, monkeypatch):
    """A module that notes when it is imported: the file that it makes then."""
    package, noted = tmp_path / "chosen_by_a_file", tmp_path / "ran"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "members.py").write_text(f"open({str(noted)!r}, 'w').close()")
    monkeypatch.syspath_prepend(tmp_path)
    yield noted
    for name in ("chosen_by_a_file", "chosen_by_a_file.members"):
        sys.modules.pop(name, None)


def change(run_dir, part="config", **values):
    path = run_dir / run_directory.CONFIG_FILE
    content = json.loads(path.read_text())
    if part is None:
        content |= values
    else:
        content[part] |= values
    path.write_text(json.dumps(content))


def draw(run_dir, trust_run=False):
    found = training.load_run(run_dir, trust_run=trust_run)
    found.generate(2)
    found.export()


def score(run_dir, trust_run=False):
    training.evaluate(run_dir=str(run_dir), trust_run=trust_run)


def go_on(run_dir):
    settings = {**TOY, "steps": 2}
    run.prepare(config.TrainConfig(run_dir=str(run_dir), **settings)).train()


NAMED = (
    "features", "dataset", "architecture", "kernel", "objective", "callbacks",
    "augment", "matched_features", "divergence", "diff_augment",
)  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("part", ["config", "in_force"])
@pytest.mark.parametrize("name", NAMED)
def test_no_module_that_a_record_names_is_imported(
    run_dir, program, part, name
):
    change(run_dir, part, **{name: NAME})
    for act in (draw, score, go_on):
        # Some settings are never looked at again.
        try:
            act(run_dir)
        except (errors.UsageError, errors.DataError) as error:
            assert "\n" not in str(error)
        assert not program.exists()


@pytest.mark.parametrize(
    "name, would, act",
    [
        ("features", "be loaded and run", score),
        ("dataset", "be imported and run", score),
        ("architecture", "be imported and run", draw),
    ],
)
def test_the_message_says_what_would_be_run(run_dir, program, name, would, act):
    change(run_dir, **{name: NAME})
    with pytest.raises(errors.UsageError) as caught:
        act(run_dir)
    for part in (NAME, would, "--trust_run"):
        assert part in str(caught.value)
    assert not program.exists()
    with pytest.raises(errors.UsageError):  # It is not what it should be.
        act(run_dir, trust_run=True)
    assert program.exists()


def test_a_graph_that_a_record_names_is_not_run(run_dir, tmp_path, small_graph):
    graph, ran = small_graph
    for given in (
        f"saved_model:{graph},size=16",
        f"saved_model,path={graph}",
        f"inception:{graph}",
        f"keras:{graph}",
        f"lenet:{graph}.npz",
        f"{graph}.npz",
    ):
        change(run_dir, features=given)
        with pytest.raises(errors.UsageError, match=r"--trust_run") as caught:
            training.evaluate(run_dir=str(run_dir))
        assert str(graph) in str(caught.value)
    # A data set of that name would be the folder of a generator.
    change(run_dir, features=None, dataset=str(graph))
    with pytest.raises(errors.UsageError, match=r"data set .*graph"):
        training.evaluate(run_dir=str(run_dir))
    assert not ran.exists()
    # What users name themselves is used.
    change(run_dir, dataset="digits", features=f"saved_model:{graph}")
    report = training.evaluate(run_dir=str(run_dir), features="pixels")
    assert report.extractor == "pixels"


@pytest.fixture
def small_graph(tmp_path):
    """A SavedModel that writes a file when it is called, and that file."""
    import tensorflow as tf

    ran = tmp_path / "graph_ran"

    class Graph(tf.Module):
        @tf.function(
            input_signature=[tf.TensorSpec([None, 16, 16, 3], tf.float32)]
        )
        def __call__(self, images):
            tf.io.write_file(str(ran), "ran")
            return tf.reshape(images, [tf.shape(images)[0], 768])

    tf.saved_model.save(Graph(), str(tmp_path / "graph"))
    return tmp_path / "graph", ran


def test_folders_and_memory_of_a_record_are_not_taken(run_dir, tmp_path):
    for folder in (tmp_path / "private", tmp_path / "elsewhere"):
        folder.mkdir()
    change(
        run_dir, cache_dir=str(tmp_path / "elsewhere"), memory_budget_gb=1e9,
        download=True, follow_links=True, trust_run=True,
    )  # fmt: skip
    found = training.load_run(run_dir).config
    assert (found.cache_dir, found.memory_budget_gb) == (None, 4.0)
    assert not (found.download or found.follow_links or found.trust_run)
    private = str(tmp_path / "private")
    change(run_dir, dataset="folder", data_dir=private, features="pixels")
    with pytest.raises(errors.UsageError, match=r"private would be read.*--d"):
        training.evaluate(run_dir=str(run_dir))
    with pytest.raises(errors.DataError, match="holds no image"):
        training.evaluate(run_dir=str(run_dir), data_dir=private)
    with pytest.raises(errors.DataError, match="holds no image"):
        training.evaluate(run_dir=str(run_dir), trust_run=True)


@pytest.mark.parametrize(
    "part, values",
    [
        (None, {"image_shape": [16, 16]}),
        (None, {"image_shape": ["16", "16", "1"]}),
        (None, {"image_shape": [2**40, 16, 1]}),
        (None, {"image_shape": [True, 16, 1]}),
        (None, {"image_shape": {"a": 1}}),
        (None, {"num_classes": 2**31}),
        (None, {"num_classes": "3"}),
        (None, {"label_width": 2**20}),
        (None, {"label_width": 2}),
        (None, {"class_shares": ["a"] * 10}),
        (None, {"class_shares": [0.1] * 9}),
        (None, {"config": [1]}),
        (None, {"in_force": [1]}),
        ("config", {"generator_width": "64"}),
        ("config", {"generator_width": 10**7}),
        ("config", {"generator_width": 2**40}),
        ("config", {"generator_width": 2**62}),
        ("config", {"generator_width": 2.5}),
        ("config", {"generator_width": float("nan")}),
        ("config", {"latent_size": 10**10}),
        ("config", {"learning_rate": float("inf")}),
        ("config", {"seed": True}),
        ("config", {"objective": {"a": 1}}),
        ("config", {"weights_of_mine": 1}),
        ("in_force", {"evaluation_samples": "many"}),
        ("config", {"conditioning": "\x1b[2J" * 1000}),
    ],
    ids=range(26),
)
def test_records_out_of_range_are_one_line_and_no_memory(run_dir, part, values):
    change(run_dir, part, **values)
    with (
        within(seconds=60, megabytes=300),
        pytest.raises((errors.DataError, errors.UsageError)) as caught,
    ):
        training.load_run(run_dir)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("size", [100_000, "16x900", 900])
def test_image_sizes_of_a_record_are_those_of_its_images(run_dir, size):
    change(run_dir, "in_force", image_size=size)
    for act in (score, go_on):
        with (
            within(seconds=60, megabytes=300),
            pytest.raises(errors.DataError, match=f"of {size} pixels, and the"),
        ):
            act(run_dir)


def test_image_sizes_of_a_trusted_record_fit_the_memory(run_dir):
    change(run_dir, "in_force", image_size=100_000)
    with (
        within(seconds=60, megabytes=300),
        pytest.raises(errors.UsageError, match="more than --memory_budget_gb"),
    ):
        training.evaluate(run_dir=str(run_dir), trust_run=True)


def test_large_networks_of_which_all_weights_are_there_are_taken(
    run_dir, monkeypatch
):
    monkeypatch.setattr(training.claims, "_USUAL_WIDTH", 1)
    assert training.load_run(run_dir).generate(2).shape == (2, 16, 16, 1)
    (run_dir / "checkpoints" / "step-1.data-00000-of-00001").write_bytes(b"")
    with pytest.raises(errors.DataError, match="weights, of which"):
        training.load_run(run_dir)


def test_weights_that_are_not_finite_are_named(run_dir, tmp_path):
    found = training.load_run(run_dir)
    weight = found.model.network("ema").weights[-1]
    weight.assign(np.full(weight.shape, np.nan))
    saver = checkpoints.Checkpoints(found.model, run_dir / "checkpoints")
    saver.manager.save(checkpoint_number=2)
    with pytest.raises(
        errors.DataError, match=r"the ema weights .* not finite"
    ):
        training.load_run(run_dir)
    kept = checkpoints.EvaluatedWeights(found.model, run_dir / "evaluated")
    kept(7, {})
    with pytest.raises(errors.DataError, match="not finite"):
        training.load_run(run_dir, "7")


def test_checkpoints_claim_no_more_than_they_hold(run_dir):
    data = run_dir / "checkpoints" / "step-1.data-00000-of-00001"
    data.write_bytes(data.read_bytes()[:100])
    with (
        within(seconds=30, megabytes=100),
        pytest.warns(UserWarning, match=r"claims [\d,]+ bytes and holds 100"),
        pytest.raises(errors.DataError, match="No checkpoint in"),
    ):
        training.load_run(run_dir)


@pytest.mark.parametrize(
    "name", ["checkpoints", "samples", "best", "evaluated", "export"]
)
def test_links_in_a_run_lead_to_no_folder_of_the_user(run_dir, tmp_path, name):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    if (run_dir / name).exists():
        shutil.rmtree(run_dir / name)
    (run_dir / name).symlink_to(elsewhere)
    with pytest.raises(errors.UsageError, match=f"{name} is a link"):
        go_on(run_dir)
    assert not list(elsewhere.iterdir())


@pytest.mark.slow
@pytest.mark.parametrize("name", [".lock", "metrics.jsonl"])
def test_links_in_a_run_lead_to_no_file_of_the_user(run_dir, tmp_path, name):
    precious = tmp_path / "precious"
    precious.write_text("good")
    (run_dir / name).unlink()
    (run_dir / name).symlink_to(precious)
    try:
        go_on(run_dir)
    except errors.DataError as error:
        assert "will not be written to" in str(error)
    assert precious.read_text() == "good"


@pytest.mark.parametrize(
    "name", ["checkpoints", "checkpoints/step-1.index", "evaluated/a.npz"]
)
def test_weights_of_others_are_not_drawn_from_by_a_link(
    run_dir, tmp_path, name
):
    path, elsewhere = run_dir / name, tmp_path / "elsewhere"
    path.parent.mkdir(exist_ok=True)
    if path.exists():
        path.rename(elsewhere)
    path.symlink_to(elsewhere)
    with pytest.raises(errors.DataError, match=f"{name} is a link.*--trust_r"):
        training.load_run(run_dir)
    assert training.load_run(run_dir, trust_run=True).step == 1
    (tmp_path / "other_name").symlink_to(run_dir)
    path.unlink()
    if elsewhere.exists():
        elsewhere.rename(path)
    assert training.load_run(tmp_path / "other_name").step == 1


def test_no_link_of_a_run_is_exported(run_dir, tmp_path):
    secret = tmp_path / "secret.json"
    secret.write_text(json.dumps({"step": 1, "key": "very secret"}))
    (run_dir / "report.json").unlink()
    (run_dir / "report.json").symlink_to(secret)
    path = training.load_run(run_dir).export(tmp_path / "exported")
    for file in path.rglob("*"):
        assert not file.is_file() or b"very secret" not in file.read_bytes()
    (run_dir / "export").symlink_to(tmp_path / "exported")
    with pytest.raises(errors.UsageError, match="export is a link"):
        training.load_run(run_dir).export()
    assert len(list((tmp_path / "exported").iterdir())) == 1


def test_what_is_published_names_no_folder_of_this_machine(run_dir, tmp_path):
    training.evaluate(run_dir=str(run_dir))
    path = training.load_run(run_dir).export(tmp_path / "exported")
    report = run_dir / "report.json"
    published = [report, report.with_suffix(".html"), *path.rglob("*")]
    published += run_dir.glob("events*")
    hidden = [str(tmp_path), socket.getfqdn(), str(pathlib.Path.home())]
    for file in filter(lambda file: file.is_file(), published):
        assert not any(name in file.name for name in hidden), file
        for name in hidden:
            assert name.encode() not in file.read_bytes(), (file, name)
    described = files.read_json(path / export.METADATA)
    assert described["config"]["run_dir"] == "run"


def test_standing_statistics_are_in_the_export_and_not_in_the_run(
    run_dir, tmp_path
):
    found = training.load_run(run_dir)
    before = found.model.ema_generator.get_weights()
    latents = found.model.latents.sample((0, 0), 3)
    drawn = []
    for batches in (None, 2):
        path = found.export(tmp_path / "out", standing_batches=batches)
        loaded = export.load_generator(path)
        assert loaded.metadata["standing_batches"] == (batches or 0)
        served = loaded.signatures["serving_default"](latents=latents)
        drawn.append(served["images"].numpy())
    assert np.abs(drawn[0] - drawn[1]).max() > 1e-4
    for old, new in zip(
        before, found.model.ema_generator.get_weights(), strict=True
    ):
        np.testing.assert_array_equal(old, new)
