"""A small server that speaks TensorFlow Serving's protocol, for tests.

It runs a SavedModel by the same C++ sessions, and answers Predict,
GetModelMetadata and GetModelStatus over gRPC and REST, with the errors of the
real one. It is no replacement for that: it does not reload, watch a folder,
limit anything or report metrics.
"""

from tf_mmdgan.serving.protocol.batching import BatchingSettings
from tf_mmdgan.serving.protocol.model import ServedModel
from tf_mmdgan.serving.protocol.server import ProtocolServer
