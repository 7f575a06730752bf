"""A ~ at the beginning of a path is the home folder, in every setting."""

import dataclasses
import pathlib

import pytest

from tf_mmdgan import config, export
from tf_mmdgan.features import names
from tf_mmdgan.tools import (
    prepare_data,
    show_data,
    train_features,
    train_lenet,
)
from tf_mmdgan.training import load_run

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
