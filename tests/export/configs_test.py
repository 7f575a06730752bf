"""Configurations of a server, by the official protos."""

import csv
import os
import shlex

import pytest
from google.protobuf import text_format
from limits import within

from tf_mmdgan import errors
from tf_mmdgan.export import configs


def test_models_config_names_the_folder_and_the_model(tmp_path):
    from tensorflow_serving.config import model_server_config_pb2

    paths = configs.write(tmp_path, "digits")
    assert paths == [str(tmp_path / name) for name in configs.NAMES]
    text = (tmp_path / "models.config").read_text()
    official = model_server_config_pb2.ModelServerConfig()
    text_format.Parse(text, official)
    (model,) = official.model_config_list.config
    assert model.name == "digits" and model.base_path == str(tmp_path)
    assert model.model_platform == "tensorflow"
    assert model.model_version_policy.latest.num_versions == 2


def test_batching_and_monitoring_read_back(tmp_path):
    configs.write(tmp_path, "digits")
    found = configs.parse(tmp_path)
    assert found["batching.config"].max_batch_size.value == 64
    sizes = list(found["batching.config"].allowed_batch_sizes)
    assert sizes == [1, 2, 4, 8, 16, 32, 64]
    prometheus = found["monitoring.config"].prometheus_config
    assert prometheus.enable
    assert prometheus.path == "/monitoring/prometheus/metrics"


def test_joined_rows_are_no_more_than_the_model_makes(tmp_path):
    configs.write(tmp_path, "digits", max_samples=20)
    found = configs.parse(tmp_path)["batching.config"]
    assert found.max_batch_size.value == 20
    assert list(found.allowed_batch_sizes) == [1, 2, 4, 8, 16, 20]


def test_more_joined_rows_than_a_later_version_takes_are_refused(tmp_path):
    configs.write(tmp_path, "digits")
    configs.check(tmp_path, "digits", max_samples=64)
    with pytest.raises(errors.DataError, match=r"joins up to 64.* takes 20"):
        configs.check(tmp_path, "digits", max_samples=20)


def test_fields_that_the_server_knows_are_read(tmp_path):
    configs.write(tmp_path, "digits")
    (tmp_path / "batching.config").write_text(
        "max_batch_size { value: 8 } thread_pool_name { value: 'mine' }\n"
        "allowed_batch_sizes: 4 allowed_batch_sizes: 8\n"
        "pad_variable_length_inputs: true\n"
    )
    found = configs.parse(tmp_path)["batching.config"]
    assert list(found.allowed_batch_sizes) == [4, 8]
    assert found.thread_pool_name.value == "mine"
    assert found.pad_variable_length_inputs


def test_edited_files_stay(tmp_path):
    configs.write(tmp_path, "digits")
    path = tmp_path / "batching.config"
    path.write_text("max_batch_size { value: 8 }")
    configs.write(tmp_path, "digits")
    assert path.read_text() == "max_batch_size { value: 8 }"


@pytest.mark.parametrize(
    "name, text, message",
    [
        ("batching.config", "max_batch: 8", "batching.config cannot be read"),
        ("monitoring.config", "\0", "monitoring.config cannot be read"),
        ("models.config", "", "is not about the model digits in"),
    ],
)
def test_files_that_a_server_would_refuse(tmp_path, name, text, message):
    (tmp_path / name).write_text(text)
    with pytest.raises(errors.DataError, match=message):
        configs.write(tmp_path, "digits")
    assert (tmp_path / name).read_text() == text


def test_what_is_not_written_yet_is_fine(tmp_path):
    configs.check(tmp_path / "new", "digits")
    assert configs.parse(tmp_path / "new") == {}


def test_another_name_is_refused(tmp_path):
    configs.write(tmp_path, "digits")
    with pytest.raises(errors.DataError, match="is not about the model faces"):
        configs.write(tmp_path, "faces")


@pytest.mark.parametrize("name", ["a:b", 'a:b, "c"'])
def test_a_folder_with_a_colon_is_mounted_by_name(name):
    container, _ = configs.server_commands(f"/{name}")
    parts = shlex.split(container)
    assert "-v" not in parts
    (fields,) = csv.reader([parts[parts.index("--mount") + 1]])
    places = [f"source=/{name}", f"target=/{name}"]
    assert fields == ["type=bind", *places, "readonly"]


def test_commands_name_files_that_are_there(tmp_path):
    folder = tmp_path / "with space"
    configs.write(folder, "digits")
    container, server = configs.server_commands(folder)
    assert container.startswith("docker run --rm -p 8500:8500 -p 8501:8501 -v")
    assert server.startswith(
        "tensorflow_model_server --port=8500 --rest_api_port=8501 "
    )
    for command in (container, server):
        options = [part for part in shlex.split(command) if "_file=" in part]
        assert options == [
            f"--model_config_file={folder}/models.config",
            f"--monitoring_config_file={folder}/monitoring.config",
        ]
    assert f"{folder}:{folder}:ro" in shlex.split(container)


@pytest.mark.parametrize("name", configs.NAMES)
def test_configurations_are_plain_files(tmp_path, name):
    os.mkfifo(tmp_path / name)
    with (
        within(seconds=5, megabytes=50),
        pytest.raises(errors.DataError, match=f"{name} cannot be read"),
    ):
        configs.write(tmp_path, "digits")
