import grpc
import numpy as np
import pytest
import tensorflow as tf
from hostile import (
    grpc_metadata,
    grpc_server,
    http,
    raw_server,
    refusal,
    rest_metadata,
    sampler,
)
from limits import within
from tensorflow_serving.apis import predict_pb2

from tf_mmdgan import errors
from tf_mmdgan.config import SampleConfig
from tf_mmdgan.tools.sample import sample

pytestmark = pytest.mark.usefixtures("imported")


def predicted(value, **changes):
    """A PredictResponse with `value` as images, of which fields are changed."""
    response = predict_pb2.PredictResponse()
    proto = response.outputs["images"]
    proto.CopyFrom(tf.make_tensor_proto(value))
    for name, change in changes.items():
        getattr(proto, name).extend(change)
    return response.SerializeToString()


def claiming(*shape, **fields):
    """A PredictResponse of a few bytes that claims to be large."""
    response = predict_pb2.PredictResponse()
    proto = response.outputs["images"]
    proto.dtype = tf.uint8.as_datatype_enum
    for size in shape:
        proto.tensor_shape.dim.add(size=size)
    for name, values in fields.items():
        getattr(proto, name).extend(values)
    return response.SerializeToString()


GRPC_ANSWERS = {
    "too few": predicted(np.zeros((1, 2, 2, 1), np.uint8)),
    "larger": predicted(np.zeros((3, 2000, 2000, 1), np.uint8)),
    "2^33 values": claiming(2**33, 1, 1, 1, int_val=[7]),
    "2^62 values": claiming(2**62, 2**62, 2**62, 1, int_val=[7]),
    "negative": claiming(-3, 2, 2, 1, int_val=[7]),
    "another rank": claiming(3, 4),
    "too bright": claiming(3, 2, 2, 1, int_val=[300] * 12),
    "more than claimed": claiming(3, 2, 2, 1, int_val=[7] * 13),
    "another type": predicted(np.zeros((3, 2, 2, 1), np.float32)),
    "texts": predicted(np.full((3, 2, 2, 1), "a")),
    "nothing": b"",
    "no proto": b"\xff" * 100,
    "too large": bytes(2**23),
    "a million dimensions": claiming(*[1] * 10**6),
    "a million texts": claiming(3, 2, 2, 1, string_val=[b""] * 10**6),
    "a million numbers": claiming(3, 2, 2, 1, int64_val=[7] * 10**6),
}


@pytest.mark.parametrize("name", GRPC_ANSWERS)
def test_answers_over_grpc_are_what_was_asked_for(name, tmp_path):
    out = tmp_path / "drawn.png"
    with grpc_server(GRPC_ANSWERS[name]) as target, within(10, megabytes=64):
        config = SampleConfig(
            target=target, num_samples=3, retries=0, out=str(out)
        )
        refusal(lambda: sample(config))
    assert not out.exists()


def test_answers_over_grpc_are_not_unpacked():
    bomb = claiming(3, 2, 2, 1, int_val=[0] * 2**24)
    with (
        grpc_server(bomb, compression=grpc.Compression.Gzip) as target,
        within(seconds=20, megabytes=16),
    ):
        refusal(lambda: sampler(target, False).sample(3, seed=0))


def test_damaged_descriptions_over_grpc():
    whole = grpc_metadata()
    for metadata in (whole[:-9], whole.replace(b"images", b"im\xffges")):
        with grpc_server(b"", metadata) as target:
            refusal(lambda t=target: sampler(t, False))


@pytest.mark.parametrize(
    "shape, dtype",
    [
        ((-1, 2, 2, 0), tf.uint8),
        ((-1, -1, -1, 1), tf.uint8),
        ((-1, 2), tf.uint8),
        ((-1, 2, 2, 1), tf.float32),
        ((-1, -7, -7, 1), tf.uint8),
        ((-1, 0, 2, 1), tf.uint8),
    ],
)
def test_models_that_draw_no_images_are_refused(shape, dtype):
    for rest in (False, True):
        server = (
            raw_server(http(rest_metadata(shape, dtype)))
            if rest
            else grpc_server(b"", grpc_metadata(shape, dtype))
        )
        with server as target:
            message = refusal(
                lambda t=target, r=rest: sampler(t, r), errors.UsageError
            )
            assert "not exported by tf_mmdgan" in message


def test_a_right_answer_over_grpc_is_taken():
    with grpc_server(predicted(np.full((3, 2, 2, 1), 7, np.uint8))) as target:
        drawn = sampler(target, False).sample(3, seed=0)
    np.testing.assert_array_equal(drawn.images, np.full((3, 2, 2, 1), 7))
