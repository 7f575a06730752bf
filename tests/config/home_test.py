"""A ~ at the beginning of a path is the home folder, in every setting."""

import dataclasses
import pathlib

import pytest

from tf_mmdgan import config, errors, export
from tf_mmdgan.config.data import user_cache
from tf_mmdgan.data.readers import tfds_build
from tf_mmdgan.features import keras_applications, names
from tf_mmdgan.tools import (
    prepare_data,
    show_data,
    train_features,
    train_lenet,
)
from tf_mmdgan.training import load_run, resume

PATHS = {
    config.TrainConfig: {"run_dir", "data_dir", "cache_dir", "init_from"},
    config.EvaluateConfig: {
        "run_dir", "real", "data_dir", "cache_dir", "out", "save_statistics",
    },
    config.TwoSampleConfig: {"x", "y", "than", "out", "data_dir"},
    config.ExportConfig: {"run_dir", "export_dir"},
    config.SampleConfig: {"run_dir", "out"},
    config.DemoConfig: {"saved_model"},
    config.StudyConfig: {"output_dir", "write_docs"},
    config.CompareConfig: {"output_dir", "data_dir", "flags_dir", "docs_dir"},
    prepare_data.PrepareDataConfig: {"data_dir", "cache_dir"},
    show_data.ShowDataConfig: {"out", "data_dir"},
    train_lenet.TrainLeNetConfig: {"out", "data_dir"},
    train_features.TrainFeaturesConfig: {"out", "data_dir"},
}  # fmt: skip
ENDS = {
    (config.EvaluateConfig, "out"): ".json",
    (config.TwoSampleConfig, "out"): ".json",
    (config.SampleConfig, "out"): ".npz",
    (show_data.ShowDataConfig, "out"): ".png",
    (train_lenet.TrainLeNetConfig, "out"): ".npz",
    (train_features.TrainFeaturesConfig, "out"): ".npz",
}


@pytest.mark.parametrize("kind", PATHS, ids=lambda kind: kind.__name__)
def test_home_folder_stands_for_it(kind, monkeypatch):
    monkeypatch.setenv("HOME", "/home/me")
    rest = {name: f"/x{ENDS.get((kind, name), '')}" for name in PATHS[kind]}
    made = kind(**{name: f"~{path}" for name, path in rest.items()})
    found = {name: getattr(made, name) for name in rest}
    assert found == {name: f"/home/me{path}" for name, path in rest.items()}
    assert dataclasses.replace(made) == made


def test_files_of_a_connection(monkeypatch):
    monkeypatch.setenv("HOME", "/home/me")
    made = config.SampleConfig(
        target="host:1", tls=True, tls_ca="~/ca.pem", token_file="~/token"
    )
    assert made.tls_ca == "/home/me/ca.pem"
    assert made.token_file == "/home/me/token"


def test_runs_that_are_compared(monkeypatch):
    monkeypatch.setenv("HOME", "/home/me")
    runs = ("~/one", pathlib.Path("~/two"))
    made = config.CompareRunsConfig(runs=runs, out="~/found.json")
    assert made.runs == ("/home/me/one", "/home/me/two")
    assert made.out == "/home/me/found.json"


def test_files_of_extractors(monkeypatch):
    monkeypatch.setenv("HOME", "/home/me")
    (keras,) = names.parse("keras:~/model.keras@pooled,range=unit")
    assert keras.path == "/home/me/model.keras"
    (lenet,) = names.parse("~/lenet.npz")
    assert (lenet.name, lenet.path) == ("lenet", "/home/me/lenet.npz")


def test_functions_of_the_library(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(ValueError, match=f"{tmp_path}/runs/a"):
        load_run("~/runs/a")
    with pytest.raises(ValueError, match=f"{tmp_path}/served"):
        export.load_generator("~/served")


def test_homes_that_there_are_not(monkeypatch):
    with pytest.raises(errors.UsageError, match="no such home folder; set the"):
        export.load_generator("~no such user/served")
    for name, use in {
        "XDG_CACHE_HOME": user_cache,
        "TFDS_DATA_DIR": lambda: tfds_build.data_folder(None),
        "KERAS_HOME": lambda: keras_applications.remedy("vgg16"),
    }.items():
        with monkeypatch.context() as patch:
            patch.setenv(name, "~no such user/x")
            with pytest.raises(errors.UsageError, match="no such home folder"):
                use()


@pytest.mark.parametrize("use", [load_run, resume, export.load_generator])
def test_what_is_no_path(use):
    with pytest.raises(errors.UsageError, match="None is no path: give a text"):
        use(None)


@pytest.mark.parametrize(
    "given", [{"checkpoint": "best"}, {"weights": "current"}]
)
def test_weights_are_of_a_run(given):
    (name,) = given
    with pytest.raises(
        errors.UsageError, match=f"--{name}=.* is for --run_dir"
    ):
        config.SampleConfig(saved_model="served", **given)
    with pytest.raises(
        errors.UsageError, match=f"--{name}=.* is for --run_dir"
    ):
        config.EvaluateConfig(fake="a", real="b", **given)


def test_checkpoints_that_no_run_has():
    with pytest.raises(errors.UsageError, match="checkpoint=bset: must be las"):
        load_run("runs/a", "bset")
    with pytest.raises(errors.DataError):  # Of a step there may be one.
        load_run("runs/a", 100)


def test_variables_that_are_empty_count_as_unset(monkeypatch):
    monkeypatch.setenv("HOME", "/home/me")
    for name in ("TFDS_DATA_DIR", "KERAS_HOME"):
        monkeypatch.setenv(name, "")
    assert "/home/me/.keras/" in keras_applications.remedy("vgg16")
    home = pathlib.Path("/home/me")
    assert tfds_build.data_folder(None) == home / "tensorflow_datasets"
    for value in ("", "cache", "./cache"):
        monkeypatch.setenv("XDG_CACHE_HOME", value)
        assert user_cache() == home / ".cache/tf_mmdgan"
