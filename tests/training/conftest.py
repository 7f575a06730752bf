"""A run of somebody else, for tests that change it."""

import shutil

import pytest
import received


@pytest.fixture(scope="session")
def made(tmp_path_factory):
    """A run of one step."""
    folder = tmp_path_factory.mktemp("made") / "run"
    received.go_on(folder, steps=1)
    return folder


@pytest.fixture
def run_dir(made, tmp_path):
    """A copy of it, which may be changed."""
    return shutil.copytree(made, tmp_path / "run")
