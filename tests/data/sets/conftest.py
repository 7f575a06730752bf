"""Sets of small TFDS builds."""

import loading
import pytest
import tfds_builds


@pytest.fixture
def load_tfds(tmp_path):
    """load_tfds(name, split, size, ...) from builds in `tmp_path`."""

    def run(name, split, size, **settings):
        settings = {
            "data_dir": tmp_path, "cache_dir": tmp_path / "cache", **settings,
        }  # fmt: skip
        return loading.load(name, split, image_size=size, **settings)

    return run


@pytest.fixture
def build(rng, tmp_path):
    """The folder of a sound build of MNIST."""
    written = tfds_builds.noise(rng, (28, 28, 1), 9)
    return tfds_builds.write(
        tmp_path, "mnist", {"train": written, "test": written}
    )
