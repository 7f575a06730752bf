"""Both clients against the test server: the same images, clear errors."""

import numpy as np
import pytest
from exported import NAMES

from tf_mmdgan import errors, export, serving
from tf_mmdgan.serving import Connection

INTERFACES = ("grpc", "rest")


def predictor(interface, server, **settings):
    target = server.grpc_target if interface == "grpc" else server.rest_target
    connection = Connection(target, **settings)
    return serving.connect(connection, rest=interface == "rest")


@pytest.fixture(params=INTERFACES)
def sampler(request, server):
    return serving.Sampler(predictor(request.param, server), batch_size=5)


def local(path):
    signatures = export.load_generator(path).signatures
    return serving.Sampler(serving.LocalPredictor(signatures), batch_size=5)


def test_served_images_are_those_of_this_process(sampler, paths):
    here = local(paths[2])
    for request in (
        {"num_samples": 12, "seed": 3},
        {"num_samples": 3, "seed": 2**40, "start": 9, "truncation": 0.3},
        {"num_samples": 4, "seed": 3, "label": 2},
        {"num_samples": 4, "seed": 3, "label": NAMES[0]},
    ):
        got, want = sampler.sample(**request), here.sample(**request)
        assert got.images.dtype == np.uint8 and got.images.std() > 1
        np.testing.assert_array_equal(got.images, want.images)
        np.testing.assert_array_equal(got.labels, want.labels)
    got = sampler.interpolate(3, 4, 6, 0.8, label=1)
    want = here.interpolate(3, 4, 6, 0.8, label=1)
    np.testing.assert_array_equal(got.images, want.images)


def test_servers_tell_the_names_of_classes(sampler):
    assert sampler.class_names == NAMES
    for number, name in enumerate(NAMES):
        drawn = sampler.sample(2, seed=1, label=name)
        np.testing.assert_array_equal(drawn.labels, [number] * 2)
    with pytest.raises(errors.UsageError, match="no class has this name"):
        sampler.sample(2, seed=1, label="rot")


@pytest.mark.parametrize("interface", INTERFACES)
def test_versions_can_be_chosen(server, paths, interface):
    drawn = {
        version: serving.Sampler(
            predictor(interface, server, model_version=version), batch_size=5
        ).sample(5, seed=1)
        for version in (None, 1, 2)
    }
    np.testing.assert_array_equal(drawn[None].images, drawn[2].images)
    assert not np.array_equal(drawn[1].images, drawn[2].images)
    want = local(paths[1]).sample(5, seed=1)
    np.testing.assert_array_equal(drawn[1].images, want.images)


@pytest.mark.parametrize(
    "settings, message",
    [
        ({"model_name": "faces"}, r"not found for request: Latest\(faces\)"),
        ({"model_version": 7}, r"Specific\(generator, 7\)"),
    ],
)
@pytest.mark.parametrize("interface", INTERFACES)
def test_unknown_models_and_versions(server, interface, settings, message):
    with pytest.raises(errors.UsageError, match=message):
        predictor(interface, server, **settings).signatures()


def test_inputs_that_the_model_refuses(sampler):
    refused = [
        ({"label": 3}, "label must be 0 to 2, not 3"),
        ({"start": -1}, "start must be >= 0, not -1"),
        ({"truncation": 1.5}, "truncation must be > 0 and <= 1, not 1.5"),
    ]
    for request, message in refused:
        with pytest.raises(errors.UsageError, match=message) as caught:
            sampler.sample(2, seed=0, **request)
        assert "\n" not in str(caught.value)
    with pytest.raises(errors.UsageError, match="2 to 100, not 101"):
        sampler.interpolate(0, 1, 101, label=0)


@pytest.mark.parametrize("interface", INTERFACES)
def test_unknown_signatures_and_latents_of_another_width(server, interface):
    asked = predictor(interface, server)
    with pytest.raises(errors.UsageError, match='"smaple" not found'):
        asked.predict("smaple", {}, {})
    inputs = {
        "latents": np.zeros((2, 5), np.float32),
        "labels": np.zeros(2, np.int32),
    }
    with pytest.raises(errors.UsageError, match=r"shape \(2, 5\)"):
        asked.predict("serving_default", inputs, {})
