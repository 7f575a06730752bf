"""What all tests of serving share."""

import importlib

import grpc
import pytest
from tensorflow_serving.apis import prediction_service_pb2_grpc


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


@pytest.fixture(scope="session")
def imported():
    """What the tool imports first takes seconds, none of them an attack's."""
    for module in ("evaluation", "export", "training", "tools.sources"):
        importlib.import_module(f"tf_mmdgan.{module}")


@pytest.fixture(scope="module")
def channel(server):
    with grpc.insecure_channel(server.grpc_target) as channel:
        yield channel


@pytest.fixture(scope="module")
def stub(channel):
    return prediction_service_pb2_grpc.PredictionServiceStub(channel)
