"""The original codes' deviations: their choice, and what models make of them.

Those of losses are in as_published_losses_test.py.
"""

import dataclasses
import pathlib
import re

import keras
import losses
import numpy as np
import pytest
import tensorflow as tf

from tf_mmdgan import config, errors, methods
from tf_mmdgan.conditions import Classes
from tf_mmdgan.methods.deviations import DEVIATIONS, apply, resolve
from tf_mmdgan.methods.settings import AdversarialSettings
from tf_mmdgan.networks.spectral_normalization import (
    power_iterate,
    spectral_layers,
)
from tf_mmdgan.objectives import WGAN

DEMYSTIFYING = (
    "rq_scales", "distance_without_half", "distance_epsilon",
    "constant_diagonal", "ratio_diagonals", "ratio_plug_in", "ratio_floor",
    "norm_over_rows", "norm_epsilon", "clipped_gradients", "schedule_floor",
    "small_initial_weights", "batch_statistics",
)  # fmt: skip
SCALED = (
    "rq_scales", "distance_without_half", "distance_epsilon",
    "constant_diagonal", "ratio_diagonals", "ratio_plug_in", "ratio_floor",
    "norm_over_channels", "norm_epsilon", "clipped_gradients",
    "schedule_floor", "small_initial_weights", "batch_statistics",
    "early_critic_steps", "one_power_vector",
    "moved_with_generator", "project_output",
)  # fmt: skip


def configure(deviations="none", **kwargs):
    return config.TrainConfig(
        run_dir="run", as_published=deviations,
        **{"generator_width": 2, "critic_width": 2, **kwargs},
    )  # fmt: skip


def settings(deviations="none", **kwargs):
    return methods.settings_of(configure(deviations, **kwargs))


def make_model(deviations, shape=(16, 16, 1), condition=None, **kwargs):
    return methods.make_model(configure(deviations, **kwargs), shape, condition)


CHOICES = {
    "none": (),
    "demystifying": DEMYSTIFYING,
    "scaled": SCALED,
    "drifting": ("drift_floor", "drift_sizes_of_batch"),
}


@pytest.mark.parametrize("text", CHOICES)
def test_each_code_has_its_own_set(text):
    assert resolve(text) == CHOICES[text]


def test_names_are_put_in_order():
    given = "ratio_floor, rq_scales,clipped_gradients,rq_scales"
    expected = ("rq_scales", "ratio_floor", "clipped_gradients")
    assert resolve(given) == expected
    for name in DEVIATIONS:
        assert resolve(name) == (name,)


@pytest.mark.parametrize(
    "text, words",
    [
        (
            "rq_scale",
            "deviation .--as_published. 'rq_scale'; known: rq_scales,",
        ),
        ("rq_scale", "Did you mean 'rq_scales'"),
        ("", "Unknown deviation .--as_published. ''"),
        ("scaled,rq_scales", "=scaled,rq_scales: none, .* stand alone"),
        ("demystifying,scaled", "stand alone"),
        ("none,rq_scales", "stand alone"),
        ("norm_over_rows,norm_over_channels", "has one norm; give"),
    ],
)
def test_impossible_choices_are_refused(text, words):
    with pytest.raises(errors.UsageError, match=words) as caught:
        settings(text)
    assert "\n" not in str(caught.value)


# Where each deviation can be seen.
OBJECTIVES = {
    "mmd": {},
    "distance": {"kernel": "distance"},
    "ratio_mmd": {"objective": "ratio_mmd"},
    "sn_smmd": {"objective": "sn_smmd"},
    "drift": {"objective": "drift"},
}


@pytest.mark.parametrize("name", DEVIATIONS)
def test_each_deviation_changes_settings_that_there_are(name):
    kind = DEVIATIONS[name].of
    seen = [c for c in OBJECTIVES.values() if isinstance(settings(**c), kind)]
    assert any(changed_settings(name, **chosen) for chosen in seen)


@pytest.mark.parametrize("objective", ["drift", "drift_ae"])
def test_drifting_as_its_code_has_it(objective):
    chosen = {"objective": objective}
    expected = {"drift_floor", "drift_decay"}
    assert changed_settings("drifting", **chosen) == expected
    field = losses.loss_of(configure("drifting", **chosen)).field
    assert (field.normalization, field.floor) == ("both", 1e-6)
    # It has no other normalisation, and so no floor of one.
    chosen["drift_normalization"] = "row"
    assert changed_settings("drifting", **chosen) == {"drift_decay"}
    found = settings("drifting", objective=objective, drift_decay=0.5)
    assert found.drift_decay == 0.5


@pytest.mark.parametrize(
    "code, objective",
    [("drifting", "mmd"), ("scaled", "drift"), ("drift_floor", "gmmn")],
)
def test_codes_have_objectives_of_their_own(code, objective):
    with pytest.raises(errors.UsageError, match="these codes have no"):
        settings(code, objective=objective)


def changed_settings(text, **kwargs):
    before = settings(**kwargs).by_name()
    after = settings(text, **kwargs).by_name()
    assert after.keys() == before.keys()
    return {k for k in after if after[k] != before[k]}


COMMON = {
    "clip_norm", "published_weights", "batch_statistics", "penalty_norm",
    "schedule_floor",
}  # fmt: skip
OF_SCALED = {
    "burn_in_critic_steps", "burn_in_first", "spectral_vectors",
    "moved_with_generator", "project_output",
}  # fmt: skip


@pytest.mark.parametrize(
    "kwargs, more",
    [
        ({}, {"kernel", "estimator", "penalty_epsilon"}),
        ({"kernel": "distance"}, {"kernel", "penalty_epsilon"}),
        ({"kernel": "rbf"}, {"penalty_epsilon"}),
        (
            {"objective": "ratio_mmd"},
            {"kernel", "estimator", "penalty_epsilon"},
        ),
        # The ratio, and the biased estimate, stay what they are.
        (
            {"objective": "li_mmd", "kernel": "rq_linear"},
            {"kernel", "penalty_epsilon"},
        ),
        ({"objective": "cramer"}, {"penalty_epsilon"}),
        ({"objective": "wgan_gp"}, set()),
        ({"objective": "cramer_surrogate"}, {"penalty_epsilon"}),
    ],
)
def test_what_a_code_changes(kwargs, more):
    assert changed_settings("demystifying", **kwargs) == COMMON | more
    own_burn_in = kwargs.get("objective") == "li_mmd"
    of_scaled = OF_SCALED - (
        {"burn_in_critic_steps", "burn_in_first"} if own_burn_in else set()
    )
    assert changed_settings("scaled", **kwargs) == COMMON | of_scaled | more


def test_the_scaled_family_has_its_first_weights_anyway():
    for code in ("demystifying", "scaled"):
        assert "published_weights" not in changed_settings(
            code, objective="swgan"
        )


@pytest.mark.parametrize(
    "given, stays",
    [
        ({"clip_norm": 0.5}, {}),
        ({"burn_in_critic_steps": 0}, {}),
        ({"burn_in_critic_steps": 7}, {"burn_in_first": 25}),
        ({"burn_in_first": 3}, {}),
        ({"critic_steps": 10}, {"burn_in_critic_steps": 0}),
        ({"scale_offset": 0.1}, {"scale_form": "paper"}),
    ],
    ids=str,
)
def test_what_is_given_wins(given, stays):
    actual = settings("scaled", objective="smmd", **given).by_name()
    for name, value in {**given, **stays}.items():
        assert actual[name] == value


def test_given_settings_win_in_apply():
    names = ("clipped_gradients", "one_power_vector")
    before = AdversarialSettings(criterion=WGAN())
    after = apply(names, before, {"clip_norm": 2.0})
    expected = {"clip_norm": 2.0, "spectral_vectors": 1}
    assert after == dataclasses.replace(before, **expected)
    assert (before.clip_norm, before.spectral_vectors) == (None, 8)


def test_documentation_has_every_deviation():
    root = pathlib.Path(__file__).parents[2]
    text = (root / "docs" / "deviations.md").read_text()
    rows = re.findall(r"^\| `(\w+)` \| ([\w, ]+) \|", text, re.MULTILINE)
    expected = [(n, ", ".join(d.codes)) for n, d in DEVIATIONS.items()]
    assert rows == expected


def batch(rng, count=4, shape=(16, 16, 1)):
    return tf.constant(rng.uniform(-1, 1, size=(count, *shape)), tf.float32)


def test_gradients_are_clipped_one_by_one(rng):
    model = make_model("clipped_gradients")
    assert settings("clipped_gradients").clip_norm == 1.0
    weights = model.critic.trainable_variables
    start = [10 * w.numpy() for w in weights]
    images = batch(rng)

    def moves(clip_norm):
        for weight, value in zip(weights, start, strict=True):
            weight.assign(value)
        sgd = keras.optimizers.SGD
        model.compile(sgd(1.0), sgd(1.0), clip_norm=clip_norm)
        model.critic_update(images, tf.constant(0, tf.int64))
        return [s - w.numpy() for s, w in zip(start, weights, strict=True)]

    clipped, free = moves(1.0), moves(None)
    norms = [np.linalg.norm(gradient) for gradient in free]
    assert max(norms) > 2
    for actual, gradient, norm in zip(clipped, free, norms, strict=True):
        expected = gradient / max(norm, 1)
        np.testing.assert_allclose(actual, expected, rtol=1e-3, atol=1e-4)


def test_first_weights_of_the_critic():
    def deviations(text):
        network = make_model(text, critic_width=16).critic
        return {
            layer.name: layer.kernel.numpy().std()
            for layer in network.layers
            if hasattr(layer, "kernel")
        }

    # Normals of deviation .02 that are cut at .04.
    small, large = deviations("small_initial_weights"), deviations("none")
    he = {"conv1": 2 / 25, "conv2": 2 / 400, "conv3": 2 / 800}
    for name, variance in he.items():
        assert small[name] == pytest.approx(0.0176, rel=0.1)
        assert large[name] == pytest.approx(variance**0.5, rel=0.1)
    assert small["features"] == pytest.approx(0.01, rel=0.1)


def test_batch_statistics_in_evaluation(rng):
    latents = tf.constant(rng.uniform(-1, 1, (6, 100)), tf.float32)
    for deviations, same in (("batch_statistics", True), ("none", False)):
        generator = make_model(deviations).generator
        moving = [w.numpy() for w in generator.non_trainable_variables]
        evaluated = generator(latents, training=False).numpy()
        for before, after in zip(
            moving, generator.non_trainable_variables, strict=True
        ):
            np.testing.assert_array_equal(before, after)
        trained = generator(latents, training=True).numpy()
        assert np.allclose(evaluated, trained, atol=1e-5) == same


def test_early_critic_steps():
    model = make_model("early_critic_steps")
    steps = np.array([0, 1, 19, 20, 25, 499, 500, 501, 1000])
    published = np.where((steps < 20) | (steps % 500 == 0), 10, 5)
    extra = [int(model.extra_updates(tf.constant(step))) for step in steps]
    np.testing.assert_array_equal(5 + np.array(extra), published)
    # The figure of the documentation.
    steps = np.arange(150_000)
    burn_in = model.burn_in.applies(tf.constant(steps)).numpy()
    assert burn_in.sum() * 5 == 1595
    assert make_model("none").burn_in is None


def spectral_model(deviations, rng, **kwargs):
    """A model of points whose kernels have moved away from their vectors."""
    made = make_model(
        deviations, (4,), objective="sn_gan", architecture="mlp",
        critic_width=6, generator_width=6, **kwargs,
    )  # fmt: skip
    for layer in spectral_layers(made.critic):
        kernel = layer.layer.kernel
        kernel.assign(rng.normal(size=kernel.shape))
    return made


def vectors(made):
    return [layer.u.numpy() for layer in spectral_layers(made.critic)]


def power_step(kernel, u):
    v = kernel @ u / np.linalg.norm(kernel @ u)
    return kernel.T @ v / np.linalg.norm(kernel.T @ v), v


def test_vectors_move_in_the_generators_update(rng):
    both = "one_power_vector,moved_with_generator"
    for deviations in ("one_power_vector", both):
        made = spectral_model(deviations, rng)
        before = vectors(made)
        points = batch(rng, shape=(4,))
        made.generator_update(points, tf.constant(0, tf.int64))
        for layer, u in zip(spectral_layers(made.critic), before, strict=True):
            expected = u
            if deviations == both:
                kernel = layer.layer.kernel.numpy()
                expected = power_step(kernel, u[0])[0][None]
            np.testing.assert_allclose(layer.u.numpy(), expected, atol=1e-5)


def test_one_vector_takes_a_power_step(rng):
    made = spectral_model("one_power_vector", rng)
    before = vectors(made)
    power_iterate(made.critic)
    for layer, u in zip(spectral_layers(made.critic), before, strict=True):
        kernel = layer.layer.kernel.numpy()
        u, v = power_step(kernel, u[0])
        sigma = v @ kernel @ u
        # Less than the norm: the layer is steeper than it should be.
        norm = np.linalg.norm(kernel, 2)
        assert sigma < norm * (1 + 1e-6)
        actual = layer.normalized_kernel()
        np.testing.assert_allclose(actual, kernel / sigma, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("deviations", ["none", "project_output"])
def test_projection_of_labels(rng, deviations):
    made = make_model(
        deviations, (4,), Classes(3), architecture="mlp", critic_output=2,
        conditioning="projection",
    )  # fmt: skip
    labels = np.array([0, 2, 1, 1])
    outputs = made.critic([batch(rng, shape=(4,)), tf.constant(labels)])
    kernel, bias = made.critic.get_layer("features").get_weights()
    (table,) = made.critic.get_layer("embedding").get_weights()
    phi = outputs["activations"][-1].numpy()
    f = phi @ kernel + bias
    if deviations == "none":
        share = np.einsum("bp,bpd->bd", phi, table[labels].reshape(4, -1, 2))
    else:
        share = (table[labels] * f).sum(1, keepdims=True)
    np.testing.assert_allclose(outputs["features"], f + share, rtol=1e-4)


def test_labels_that_are_appended_are_not_projected():
    made = make_model(
        "scaled", (16, 16, 1), Classes(3), conditioning="concatenation"
    )
    assert made.critic.input_shape == [(None, 16, 16, 1), (None,)]
