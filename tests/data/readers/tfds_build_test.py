"""Downloads; what is read from builds is in sets/tfds_test.py."""

import http.server
import threading

import numpy as np
import pytest
import tensorflow_datasets as tfds
import tfds_builds
from loading import load

from tf_mmdgan import errors, fetching
from tf_mmdgan.data.readers import tfds_build
from tf_mmdgan.data.sets.tfds import SOURCES


@pytest.fixture
def empty_server(tmp_path):
    """URL of a server that has no file."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_error(404)

        def log_message(self, *args):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


def test_files_that_are_gone_are_named(empty_server, tmp_path, monkeypatch):
    """The builder of TFDS itself, asking the wrong server."""
    monkeypatch.setattr(fetching, "check", lambda url: None)
    monkeypatch.setattr(tfds.builder_cls("mnist"), "URL", empty_server)
    with pytest.raises(errors.DataError) as caught:
        tfds_build.build("mnist", empty_server, tmp_path)
    for part in ("could not build mnist", empty_server, "404", "folder"):
        assert part in str(caught.value)
    assert tfds_build.find("mnist", tmp_path) is None


def test_missing_packages_are_named(tmp_path, monkeypatch):
    monkeypatch.setattr(fetching, "check", lambda url: None)

    def lacking(name, data_dir):
        raise ModuleNotFoundError("No module named 'tensorflow_io'")

    monkeypatch.setattr(tfds, "builder", lacking)
    with pytest.raises(errors.DataError, match="tensorflow_io"):
        tfds_build.build("lsun/bedroom", "http://lsun.invalid/", tmp_path)


def test_download_fetches_what_is_absent_once(
    tmp_path, rng, monkeypatch, capsys
):
    images = rng.integers(0, 256, (5, 28, 28, 1)).astype(np.uint8)
    examples = [(image, number) for number, image in enumerate(images)]
    asked, built = [], []
    monkeypatch.setattr(fetching, "check", asked.append)

    def builder(name, data_dir):
        built.append(name)
        splits = {"train": examples, "test": examples[:2]}
        return tfds_builds.builder(data_dir, name, splits)

    monkeypatch.setattr(tfds, "builder", builder)
    settings = {"data_dir": tmp_path, "cache_dir": tmp_path / "cache"}
    for split, count in (("train", 5), ("test", 2)):
        loaded = load("mnist", split, **settings, download=True)
        assert len(loaded.images) == count
        for image, label in zip(loaded.images, loaded.labels, strict=True):
            np.testing.assert_array_equal(image, images[label])
    assert built == ["mnist"]
    assert asked == [SOURCES["mnist"].url]
    assert not capsys.readouterr().out


def test_no_network_no_build(tmp_path, monkeypatch):
    def unreachable(url):
        raise errors.DataError(f"No network: {url}")

    monkeypatch.setattr(fetching, "check", unreachable)
    monkeypatch.setattr(tfds, "builder", None)
    with pytest.raises(errors.DataError, match="No network: https://drive"):
        load("celeb_a", "train", data_dir=tmp_path, download=True)
