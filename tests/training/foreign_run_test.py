"""Runs that somebody else has made: their records are not believed."""

import json
import sys

import numpy as np
import pytest
import received
from limits import within

from tf_mmdgan import errors, training
from tf_mmdgan.training import checkpoints, run_directory

NAME = "chosen_by_a_file.members:Thing"


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
    for act in (draw, score, received.go_on):
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
    for act in (score, received.go_on):
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
