"""Weights that are fetched, from a server on this machine."""

import inspect
import io
import os
import sys
import tarfile
import urllib.request

import file_servers
import h5py
import keras
import numpy as np
import pytest
import tensorflow as tf
from inceptions import Hub, check_inception, frozen_graph
from keras.src.legacy.saving import legacy_h5_format

from tf_mmdgan import errors, features, fetching
from tf_mmdgan import images as images_module
from tf_mmdgan.features import (
    fetch_weights,
    get_extractor,
    keras_applications,
    published_weights,
)
from tf_mmdgan.features.published_weights import WEIGHTS, Published


@pytest.fixture
def images(rng):
    return rng.integers(0, 256, size=(5, 8, 8, 3), dtype=np.uint8)


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """The folder of fetched weights of somebody who has none yet."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.delenv("TFHUB_CACHE_DIR", raising=False)
    monkeypatch.setattr(urllib.request, "getproxies", dict)
    return tmp_path / "cache" / "tf_mmdgan" / "weights"


@pytest.fixture
def server(monkeypatch, cache):
    """Has other addresses of all weights, and none of the files."""
    with file_servers.file_server() as found:
        for name, alternatives in WEIGHTS.items():
            moved = [
                Published(found.url(f"/{p.name}"), p.name, unpacked=p.unpacked)
                for p in alternatives
            ]
            monkeypatch.setitem(WEIGHTS, name, tuple(moved))
        yield found


GRAPH, HUB = (published.name for published in WEIGHTS["inception"])


def tar(**members):
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name, content in members.items():
            member = tarfile.TarInfo(name.replace("__", "/"))
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return packed.getvalue()


def graph_archive(**names):
    return tar(**{"graph.pb": frozen_graph(**names)})


def left(cache):
    """What is there beside the lock."""
    return sorted(p.name for p in cache.iterdir() if p.name != ".lock")


def test_weights_are_fetched_once(server, cache, images, capsys):
    server.files[f"/{GRAPH}"] = graph_archive()
    with pytest.raises(errors.DataError, match=r"by --download, .*:PATH"):
        get_extractor("inception")
    assert not server.asked
    check_inception(get_extractor("inception", download=True), images)
    assert "Fetched http://localhost" in capsys.readouterr().err
    assert left(cache) == [GRAPH, f"{GRAPH}.sha256"]
    server.files.clear()
    check_inception(get_extractor("inception", download=True), images)
    check_inception(get_extractor("inception"), images)
    fetch_weights("inception")
    assert server.asked == [f"/{GRAPH}"]


def test_another_address_where_the_first_has_nothing(
    server, cache, images, tmp_path
):
    tf.saved_model.save(Hub(), tmp_path / "hub")
    files = [p for p in (tmp_path / "hub").rglob("*") if p.is_file()]
    server.files[f"/{HUB}"] = tar(
        **{str(p.relative_to(tmp_path / "hub")): p.read_bytes() for p in files}
    )
    before = os.umask(0o002)
    try:
        fetch_weights("inception")
    finally:
        os.umask(before)
    assert server.asked == [f"/{GRAPH}", f"/{HUB}"]
    assert left(cache) == [HUB, f"{HUB}.sha256"]
    check_inception(get_extractor("inception"), images)


def test_what_cannot_be_fetched_names_all_addresses(server, cache):
    words = (
        f"inception cannot be fetched.*{GRAPH} .*404.*{HUB} .*404.*"
        "inception:PATH"
    )
    with pytest.raises(errors.DataError, match=words) as caught:
        fetch_weights("inception")
    assert "\n" not in str(caught.value) and not left(cache)
    server.files[f"/{GRAPH}"] = graph_archive()
    server.cut.add(f"/{GRAPH}")
    with pytest.raises(errors.DataError, match="was cut short"):
        fetch_weights("inception")
    assert not left(cache)


@pytest.mark.parametrize(
    "content, words",
    [
        (b"<html>Log in to this network</html>", "the file is damaged"),
        (graph_archive(features="pool"), "the file is no Inception graph"),
    ],
    ids=["a page", "another graph"],
)
def test_other_files_are_not_kept(server, cache, content, words):
    server.files[f"/{GRAPH}"] = content
    words = rf"What http://localhost:\d+/{GRAPH} gives is refused: {words}"
    with pytest.raises(errors.DataError, match=words):
        fetch_weights("inception")
    assert not left(cache)


@pytest.mark.parametrize(
    "content",
    [b"<html></html>", tar(**{"..__saved_model.pb": b"a program"})],
    ids=["a page", "out of the folder"],
)
def test_archives_that_are_none_are_not_kept(server, cache, content):
    server.files[f"/{HUB}"] = content
    words = f"{HUB} gives no archive that can be unpacked: "
    with pytest.raises(errors.DataError, match=words):
        fetch_weights("inception")
    assert not left(cache)


@pytest.mark.parametrize("kind", ["sha256", "md5"])
def test_files_of_another_hash_are_refused(server, cache, monkeypatch, kind):
    published = Published(server.url("/a"), "a.h5", **{kind: "00" * 16})
    monkeypatch.setitem(WEIGHTS, "vgg19", (published,))
    server.files["/a"] = b"1"
    words = rf"another file than was published \({kind.upper()} .*need 00000000"
    with pytest.raises(errors.DataError, match=words):
        fetch_weights("vgg19")
    assert not left(cache)


def test_another_file_than_the_first_is_refused(server, cache):
    server.files[f"/{GRAPH}"] = graph_archive()
    fetch_weights("inception")
    path, note = cache / GRAPH, cache / f"{GRAPH}.sha256"
    path.write_bytes(graph_archive(logits="softmax/logits"))
    words = rf"{GRAPH} is another file than was fetched \(SHA-256 .*remove it"
    for use in (get_extractor, fetch_weights):
        with pytest.raises(errors.DataError, match=words):
            use("inception")
    path.unlink()
    words = rf"{GRAPH} gives another file than the first time .*remove .*sha256"
    for other in (graph_archive(logits="softmax/logits"), b"<html></html>"):
        server.files[f"/{GRAPH}"] = other
        with pytest.raises(errors.DataError, match=words):
            fetch_weights("inception")
        assert left(cache) == [note.name]
    server.files[f"/{GRAPH}"] = graph_archive(logits="softmax/logits")
    note.unlink()
    fetch_weights("inception")
    assert left(cache) == [GRAPH, note.name]


def test_weights_that_others_can_change_are_refused(server, cache):
    server.files[f"/{GRAPH}"] = graph_archive()
    fetch_weights("inception")
    (cache / GRAPH).chmod(0o666)
    with pytest.raises(errors.DataError, match="would be run"):
        get_extractor("inception")


def test_without_a_network_it_is_one_line(cache, monkeypatch):
    def check(url, seconds):
        raise fetching.NotFetched(f"No network: {url}.")

    monkeypatch.setattr(fetching, "check", check)
    assert len(WEIGHTS["inception"]) * fetching._REACH_SECONDS < 10
    with pytest.raises(errors.DataError, match=r"No net.*No net") as caught:
        fetch_weights("inception")
    assert "\n" not in str(caught.value) and not left(cache)


@pytest.mark.slow
def test_networks_of_keras_are_fetched_to_be_matched(server, cache, tmp_path):
    network = keras.applications.VGG16(
        include_top=False, weights=None, input_shape=(32, 32, 3)
    )
    with h5py.File(tmp_path / "vgg16.h5", "w") as file:
        legacy_h5_format.save_weights_to_hdf5_group(file, network)
    (name,) = (published.name for published in WEIGHTS["vgg16"])
    server.files[f"/{name}"] = (tmp_path / "vgg16.h5").read_bytes()
    shape = (32, 32, 3)
    words = f"{name}.*by --download.*fetch_weights.'vgg16'.*vgg16:PATH"
    with pytest.raises(errors.DataError, match=words):
        features.get_matched("vgg16@block1_conv1", shape)
    matched = features.get_matched("vgg16@block1_conv1", shape, download=True)
    scaled = images_module.from_uint8(np.zeros((1, *shape), np.uint8))
    blue_first = np.full((1, *shape), [-103.939, -116.779, -123.68], "f4")
    first = network.get_layer("block1_conv1")
    np.testing.assert_allclose(
        matched(scaled), np.reshape(first(blue_first), (1, -1)), rtol=1e-4
    )
    get_extractor("vgg16")
    assert left(cache) == [name, f"{name}.sha256"]
    assert server.asked == [f"/{name}"]


def test_what_is_matched_is_fetched_if_that_is_allowed(server, cache):
    for get in (features.get_matched, features.get_groups):
        places = (3,) if get is features.get_groups else ()
        with pytest.raises(errors.DataError, match="by --download"):
            get("pixels,vgg16", (32, 32, 3), *places)
        assert not server.asked
        with pytest.raises(errors.DataError, match="vgg16 cannot be fetched"):
            get("pixels,vgg16", (32, 32, 3), *places, download=True)
        assert len(server.asked) == 1
        server.asked.clear()


def test_the_cache_of_keras_is_looked_into(cache, tmp_path):
    (name,) = (published.name for published in WEIGHTS["resnet50"])
    path = tmp_path / "keras" / "models" / name
    path.parent.mkdir(parents=True)
    path.write_bytes(b"1")
    assert keras_applications.weights("resnet50") == path
    assert features.remedy("resnet50") is None
    fetch_weights("resnet50")
    assert not cache.exists()


def test_what_has_no_published_weights(cache):
    with pytest.raises(errors.UsageError, match="'lenet_digits'; known: incep"):
        fetch_weights("lenet_digits")
    assert get_extractor("pixels", download=True).name == "pixels"
    assert not cache.exists()


def test_paths_are_not_replaced_by_what_is_fetched(cache, tmp_path):
    with pytest.raises(errors.DataError, match="There is no file"):
        get_extractor(f"inception:{tmp_path}/gone.pb", download=True)
    assert not cache.exists()


@pytest.mark.parametrize(
    "name, network",
    [
        ("vgg16", "VGG16"), ("vgg19", "VGG19"), ("resnet50", "ResNet50"),
        ("keras_inception", "InceptionV3"),
    ],
)  # fmt: skip
def test_addresses_and_hashes_are_those_of_keras(name, network):
    module = sys.modules[getattr(keras.applications, network).__module__]
    if name == "resnet50":
        base = module.BASE_WEIGHTS_PATH
    else:
        top = name == "keras_inception"
        path = module.WEIGHTS_PATH if top else module.WEIGHTS_PATH_NO_TOP
        base = path.rpartition("/")[0] + "/"
    (published,) = WEIGHTS[name]
    assert published.url == base + published.name
    assert f'"{published.md5}"' in inspect.getsource(module)


def test_all_addresses_are_secure():
    for name, alternatives in WEIGHTS.items():
        assert name in features.EXTRACTORS and alternatives
        for published in alternatives:
            assert published.url.startswith("https://")
            assert published_weights.remedy(name).endswith(f"{name}:PATH")
