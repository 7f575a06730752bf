"""One exported generator for all tests."""

import pytest
from small import LATENTS, make_generator

from tf_mmdgan import export


@pytest.fixture(scope="module")
def generator():
    return make_generator()


@pytest.fixture(scope="module")
def export_dir(generator, tmp_path_factory):
    folder = tmp_path_factory.mktemp("export")
    export.export_generator(generator, LATENTS, folder, {"step": 12})
    return folder


@pytest.fixture(scope="module")
def loaded(export_dir):
    return export.load_generator(export_dir)
