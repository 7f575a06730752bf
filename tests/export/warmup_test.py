"""Warm-up records, replayed on the model as a server would."""

import sys

import numpy as np
import pytest
import tensorflow as tf
from small import LATENTS, make_generator

from tf_mmdgan import errors, export
from tf_mmdgan.export import warmup


@pytest.fixture(scope="module")
def version(tmp_path_factory):
    return export.export_generator(
        make_generator(),
        LATENTS,
        tmp_path_factory.mktemp("m"),
        with_warmup=True,
    )


def test_signatures_that_a_batching_server_takes_have_records(version):
    signatures = export.load_generator(version).signatures
    records = dict(warmup.read(version))
    assert set(records) == {"serving_default", "sample_by_seed"}
    for name, inputs in records.items():
        tensors = {key: tf.constant(value) for key, value in inputs.items()}
        for output in signatures[name](**tensors).values():
            assert len(output) == 1
    np.testing.assert_array_equal(
        records["serving_default"]["latents"], LATENTS.sample((0, 0), 1)
    )


def test_records_name_the_model_and_the_signature(version):
    from tensorflow_serving.apis import prediction_log_pb2

    path = version / "assets.extra" / "tf_serving_warmup_requests"
    for record in tf.data.TFRecordDataset(str(path)):
        log = prediction_log_pb2.PredictionLog.FromString(record.numpy())
        spec = log.predict_log.request.model_spec
        assert spec.name == "generator" and spec.signature_name


def test_without_the_package_the_extra_is_named(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "tensorflow_serving.apis", None)
    with pytest.raises(errors.UsageError, match=r"'tf_mmdgan\[serving\]'"):
        warmup.write(tmp_path, {}, "generator")
    assert not list(tmp_path.iterdir())
