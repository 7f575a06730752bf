"""Samples of an exported generator, in this process or from a server.

A `Sampler` asks a `Predictor`: the signatures of a generator in this process,
or those of a TF Serving model over gRPC or REST. The same request gives the
same images from each. `serving.protocol` is a small server of the same protocol
for tests, `serving.page` a web page.
"""

from tf_mmdgan import switches
from tf_mmdgan.serving.connection import Connection
from tf_mmdgan.serving.drawn import Drawn, latency_summary
from tf_mmdgan.serving.local import LocalPredictor
from tf_mmdgan.serving.predictor import Predictor
from tf_mmdgan.serving.sampler import Sampler


def connect(connection: Connection, rest: bool = False) -> Predictor:
    """A predictor that asks the server which `connection` names.

    Raises:
      UsageError: without the extra `serving`, or for settings that cannot be
        honoured.
    """
    switches.check(rest=rest)
    # Imported here, because either needs packages of the extra.
    if rest:
        from tf_mmdgan.serving.rest_client import RestPredictor

        return RestPredictor(connection)
    from tf_mmdgan.serving.grpc_client import GrpcPredictor

    return GrpcPredictor(connection)
