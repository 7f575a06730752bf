"""Files of Keras that claim more than they hold, or lie elsewhere."""

import gzip
import json
import os
import tarfile
import zipfile

import h5py
import keras
import numpy as np
import pytest
from limits import within

from tf_mmdgan import errors
from tf_mmdgan.features import (
    get_extractor,
    keras_applications,
    weight_files,
)


def repacked(path, name, change, packing=zipfile.ZIP_STORED):
    """The archive with one part changed."""
    with zipfile.ZipFile(path) as archive:
        parts = {part: archive.read(part) for part in archive.namelist()}
    parts[name] = change(parts.get(name, b""))
    with zipfile.ZipFile(path, "w", packing) as archive:
        for part, content in parts.items():
            archive.writestr(part, content)
    return path


def test_sound_files_pass(saved, tmp_path):
    weight_files.check_claims(saved)
    assert get_extractor(f"keras:{saved}").name == "keras-small-last"
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["x"] = np.zeros(1000)
    weight_files.check_claims(tmp_path / "a.h5")


def test_weights_are_no_archives_in_the_archive(saved):
    """Keras takes them where there are no others, packed and bound by 4 GiB."""
    repacked(saved, "model.weights.npz", lambda _: b"")
    with pytest.raises(errors.DataError, match=r"weights\.npz is no file of H"):
        get_extractor(f"keras:{saved}")


def test_networks_are_no_larger_than_their_weights(saved):
    def widen(content):
        text = content.decode()
        assert '"units": 5' in text
        return text.replace('"units": 5', '"units": 1000000000').encode()

    repacked(saved, "config.json", widen)
    with (
        within(seconds=20, megabytes=100),
        pytest.raises(errors.DataError, match=r"48,000,000,000|weights in"),
    ):
        get_extractor(f"keras:{saved}")


@pytest.mark.parametrize("kind", ["folder", "hdf5", "archive"])
def test_networks_come_from_files_whose_claims_are_known(saved, tmp_path, kind):
    """Keras reads others too, and makes what their descriptions claim."""
    path = tmp_path / {"folder": "unpacked"}.get(kind, f"wide.{kind}")
    if kind == "folder":
        with zipfile.ZipFile(saved) as archive:
            archive.extractall(path)
        described = json.loads((path / "config.json").read_text())
        described["config"]["layers"][-1]["config"]["units"] = 10**9
        (path / "config.json").write_text(json.dumps(described))
    elif kind == "hdf5":
        keras.models.load_model(saved).save(path)
        with h5py.File(path, "r+") as file:
            text = file.attrs["model_config"]
            file.attrs["model_config"] = text.replace(
                '"units": 5', '"units": 1000000000'
            )
    else:
        saved.rename(path)
    with (
        within(seconds=20, megabytes=50),
        pytest.raises(errors.DataError, match=r"Keras model: need a file of"),
    ):
        get_extractor(f"keras:{path}")


def test_parts_are_no_bombs(saved):
    size = 2**28 + 2**20
    repacked(saved, "more.bin", lambda _: bytes(size), zipfile.ZIP_DEFLATED)
    with (
        within(seconds=20, megabytes=50),
        pytest.raises(errors.DataError, match="too many"),
    ):
        get_extractor(f"keras:{saved}")


def test_records_that_are_nested_are_one_line(saved):
    repacked(saved, "config.json", lambda _: b"[" * 10**5)
    with within(20), pytest.raises(errors.DataError, match="is damaged"):
        get_extractor(f"keras:{saved}")
    repacked(saved, "config.json", lambda _: b"[" + b"[]," * 2**21 + b"1]")
    with (
        within(seconds=20, megabytes=100),
        pytest.raises(errors.DataError, match="too large"),
    ):
        get_extractor(f"keras:{saved}")


def test_code_is_not_run(saved, tmp_path):
    ran = tmp_path / "ran"

    def to_lambda(content):
        config = json.loads(content)
        layer = config["config"]["layers"][-1]
        layer["class_name"] = "Lambda"
        layer["config"] = {
            "name": "last",
            "function": {
                "class_name": "__lambda__",
                "config": {"code": "4wEAAAA=", "defaults": None},
            },
        }
        return json.dumps(config).encode()

    def to_module(content):
        config = json.loads(content)
        layer = config["config"]["layers"][-1]
        layer |= {"module": "os", "class_name": "system"}
        layer["config"] = {"command": f"touch {ran}"}
        return json.dumps(config).encode()

    content = saved.read_bytes()
    for change in (to_lambda, to_module):
        saved.write_bytes(content)
        repacked(saved, "config.json", change)
        with pytest.raises(errors.DataError):
            get_extractor(f"keras:{saved}")
        assert not ran.exists()


def described(made):
    return lambda _: json.dumps(
        keras.saving.serialize_keras_object(made)
    ).encode()


def with_layer(**changes):
    def change(content):
        config = json.loads(content)
        config["config"]["layers"][-1] |= changes
        return json.dumps(config).encode()

    return change


_ELSEWHERE = {"name": "last", "filepath": "/absent", "call_endpoint": "serve"}


@pytest.mark.parametrize(
    "change",
    [
        described(keras.layers.Dense(5)),
        described(keras.optimizers.Adam()),
        with_layer(class_name="TorchModuleWrapper", config={"module": "gASV"}),
        with_layer(class_name="TFSMLayer", config=_ELSEWHERE),
        with_layer(
            class_name="StringLookup", config={"vocabulary": "/etc/hostname"}
        ),
        with_layer(class_name="Dense", config={"units": [5]}),
    ],
    ids=["layer", "optimizer", "torch", "program", "file", "units"],
)
def test_what_is_no_network_of_this_file_is_refused(saved, change):
    repacked(saved, "config.json", change)
    with (
        within(seconds=20, megabytes=100),
        pytest.raises(errors.DataError, match="no Keras model"),
    ):
        get_extractor(f"keras:{saved}")


@pytest.mark.parametrize(
    "text",
    [
        "inception:{}", "inception:{}.tgz", "keras:{}.keras", "lenet:{}.npz",
        "vgg19:{}.h5", "keras_inception:{}.h5",
    ],
)  # fmt: skip
def test_pipes_are_no_weights(tmp_path, text):
    for suffix in ("", ".tgz", ".keras", ".npz", ".h5"):
        os.mkfifo(tmp_path / f"fifo{suffix}")
    with (
        within(seconds=10),
        pytest.raises(errors.DataError, match=r"no (plain|such) file"),
    ):
        get_extractor(text.format(tmp_path / "fifo"))


def test_pipes_in_a_saved_model_are_refused(tmp_path):
    (tmp_path / "variables").mkdir()
    (tmp_path / "saved_model.pb").write_bytes(b"a program")
    os.mkfifo(tmp_path / "variables" / "variables.index")
    with (
        within(seconds=10),
        pytest.raises(errors.DataError, match=r"index is no plain file"),
    ):
        get_extractor(f"saved_model:{tmp_path}")


@pytest.mark.parametrize("kind", [tarfile.XHDTYPE, tarfile.GNUTYPE_LONGNAME])
@pytest.mark.parametrize("name", ["graph.pb", "other"])
def test_archives_claim_no_more_than_they_hold(tmp_path, kind, name):
    claim = tarfile.TarInfo(name)
    claim.size, claim.type = 2**32, kind if name == "other" else claim.type
    path = tmp_path / "graph.tar.gz"
    path.write_bytes(gzip.compress(claim.tobuf() + bytes(10**6)))
    with (
        within(seconds=10, megabytes=20),
        pytest.raises(errors.DataError, match="too many"),
    ):
        get_extractor(f"inception:{path}")


def test_sound_weights_of_another_network_are_not_called_damaged(tmp_path):
    path = tmp_path / "other.weights.h5"
    other = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    other.save_weights(path)
    with pytest.raises(errors.DataError, match="holds no weights of vgg19"):
        get_extractor(f"vgg19:{path}")
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(errors.DataError, match="is damaged, or no weights of"):
        get_extractor(f"vgg19:{path}")


def test_small_images_are_no_fault_of_the_weights(tmp_path):
    path = tmp_path / "vgg19.weights.h5"
    path.write_bytes(b"")
    with pytest.raises(errors.UsageError, match="no images of 8 x 8 pixels"):
        keras_applications.vgg19(path, image_shape=(8, 8, 3))


def test_networks_of_sound_are_not_drawn_up(tmp_path):
    """A window of any length would be made, for a file of kilobytes."""
    sound = keras.layers.Conv1D(2, 3, kernel_initializer="stft")
    layers = [keras.Input((8, 8, 1)), keras.layers.Reshape((64, 1)), sound]
    path = tmp_path / "sound.keras"
    keras.Sequential(layers).save(path)
    with pytest.raises(ValueError, match="layers of sound"):
        weight_files.check_claims(path)


@pytest.mark.parametrize(
    "program, words",
    [
        ("while True: pass", "cannot be read in 1 seconds"),
        ("import os; os.abort()", "ends the process"),
        ("print('\\x1b[2J' + 'x' * 9999)", r"x1b\[2Jxxx"),
    ],
)
def test_files_that_hdf5_cannot_bear_are_told(
    saved, tmp_path, monkeypatch, program, words
):
    """What its library does with some damaged files, by other programs."""
    path = tmp_path / "reading.py"
    path.write_text(program)
    monkeypatch.setattr(weight_files.hdf5_reading, "__file__", str(path))
    monkeypatch.setattr(weight_files, "_SECONDS", 1)
    with within(20), pytest.raises(errors.DataError, match=words) as caught:
        get_extractor(f"keras:{saved}")
    assert str(caught.value).isprintable() and len(str(caught.value)) < 500
