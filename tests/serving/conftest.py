"""One served model for all tests."""

import pytest


@pytest.fixture(scope="session")
def paths(tmp_path_factory):
    """Folders of versions 1 and 2 of an exported generator with classes."""
    from exported import export_two_versions

    return export_two_versions(tmp_path_factory.mktemp("exported"))


@pytest.fixture(scope="session")
def server(paths):
    """The test server of these versions."""
    from tf_mmdgan.serving.protocol import ProtocolServer

    with ProtocolServer("generator", paths) as running:
        yield running
