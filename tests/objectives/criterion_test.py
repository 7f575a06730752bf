"""Batches together and apart, and what the critic says of them."""

import numpy as np
import pytest
import smooth
import tensorflow as tf

from tf_mmdgan import errors
from tf_mmdgan.objectives import (
    WGAN,
    Batch,
    FeaturePenalty,
    Loss,
    Objective,
    criterion,
)


@pytest.mark.parametrize("labels", [None, [1, 2, 3, 4]])
def test_concatenate_keeps_images_and_labels_together(rng, labels):
    images = rng.normal(size=(4, 3, 3, 1))
    parts = [
        Batch(tf.constant(images[rows]), labels and tf.constant(labels[rows]))
        for rows in (slice(0, 1), slice(1, 3), slice(3, 4))
    ]
    together = criterion.concatenate(*parts)
    np.testing.assert_array_equal(together.images, images)
    if labels is None:
        assert together.labels is None
    else:
        np.testing.assert_array_equal(together.labels, labels)


def test_the_critic_sees_all_batches_in_order(rng):
    critic = smooth.SmoothCritic(rng)
    sets = smooth.images(rng, 3)
    seen = smooth.comparison(critic, *sets)
    features = [critic.features(images) for images in sets]
    for actual in ([seen.real_features, *seen.fake_features],
                   [seen.x, *seen.ys]):  # fmt: skip
        np.testing.assert_allclose(actual, features)
    np.testing.assert_allclose(seen.y, features[1])
    np.testing.assert_allclose(seen.output.features, np.concatenate(features))
    hidden = [critic.hidden(images) for images in sets]
    np.testing.assert_allclose(seen.penultimates, hidden)
    np.testing.assert_array_equal(seen.real.images, sets[0])
    for batch, images in zip(seen.fakes, sets[1:], strict=True):
        np.testing.assert_array_equal(batch.images, images)


@pytest.mark.parametrize("needs_real", [True, False])
def test_the_generator_sees_real_images_where_they_count(rng, needs_real):
    critic = smooth.SmoothCritic(rng)
    sets = smooth.images(rng, 3)
    seen = criterion.separate_passes(
        critic, *smooth.batches(critic, *sets), smooth.update(), needs_real
    )
    real, *fakes = (critic.features(images) for images in sets)
    np.testing.assert_allclose(seen.ys, fakes)
    np.testing.assert_allclose(seen.fake_features, fakes)
    assert seen.output is None
    hidden = [critic.hidden(images) for images in sets]
    np.testing.assert_allclose(seen.penultimates[1:], hidden[1:])
    if needs_real:
        np.testing.assert_allclose(seen.penultimates[0], hidden[0])
        np.testing.assert_allclose(seen.x, real)
        np.testing.assert_allclose(seen.real_features, real)
    else:
        assert seen.x is None and seen.real_features is None
        assert seen.penultimates[0] is None


class Looking(WGAN):
    """Looks in the generator's loss for what `part` says."""

    def __init__(self, part):
        object.__setattr__(self, "part", part)

    def generator_loss(self, seen):
        return self.part(seen)


@pytest.mark.parametrize(
    ("part", "words"),
    [
        (lambda seen: tf.reduce_mean(seen.x), "unless generator_sees_real=Tru"),
        (lambda seen: seen.y - seen.x, "unless generator_sees_real=True"),
        (lambda seen: seen.output.features, "seen.output is of the critic"),
        (lambda seen: Loss(seen.y[0, 0], {"a": seen.y}), "Looking returns a="),
        (lambda seen: Loss(seen.y[0, 0], {"loss": 1.0}), "a term called loss"),
        (lambda seen: Loss(seen.y[0, 0], [1.0]), "Loss.terms: need a Mapping"),
    ],
)
def test_losses_of_what_is_not_there(rng, part, words):
    critic = smooth.SmoothCritic(rng, 1)
    seen = smooth.batches(critic, *smooth.images(rng, 2))
    with pytest.raises(errors.UsageError, match=words) as caught:
        Objective(Looking(part)).generator_loss(critic, *seen, smooth.update())
    assert "\n" not in str(caught.value)


def test_terms_may_be_numbers():
    loss = Loss(tf.constant(1.0), {"a": 2.0, "b": tf.constant(3.0)})
    assert Loss.of(loss, "test") is loss


def test_a_penalty_called_loss_has_another_name_in_the_log():
    class Own(FeaturePenalty):
        name = "loss"

    made = Objective(WGAN(), [Own(1.0), Own(2.0)])
    assert made.penalty_names == ["loss_2", "loss_3"]
