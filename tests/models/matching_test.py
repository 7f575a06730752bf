"""Steps without a critic's game: by hand, on replicas, and resumed."""

import keras
import numpy as np
import pytest
import tensorflow as tf
import tiny
import tiny_conditional
import tiny_matching as toy

from tf_mmdgan import errors
from tf_mmdgan.conditions import Classes
from tf_mmdgan.distribute import Cluster, Update
from tf_mmdgan.distribute.update import Purpose
from tf_mmdgan.features import pixels
from tf_mmdgan.models.few_steps import EnergyScoreModel, InductiveModel
from tf_mmdgan.networks import ARCHITECTURES, DenoiserOptions, StraightPath
from tf_mmdgan.objectives import (
    AdaptiveProbability,
    Batch,
    CriticAugmentation,
)
from tf_mmdgan.objectives.energy_score import EnergyScore
from tf_mmdgan.objectives.inductive import InductiveMatching

# That model's networks are differentiated twice, which takes long to trace.
_SLOW = ("molm", "refined")  # to trace

every_model = pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[pytest.mark.slow] * (name in _SLOW))
        for name in toy.MODELS
    ],
)


def first_latents():
    update = Update(5, tf.constant(0, tf.int64))
    return update.latents(tiny.LATENTS, 8)


def descend(variables, gradients, rate):
    return [
        variable.numpy() - rate * gradient
        for variable, gradient in zip(variables, gradients, strict=True)
    ]


def check(variables, expected):
    for variable, value in zip(variables, expected, strict=True):
        np.testing.assert_allclose(variable.numpy(), value, atol=1e-6)


def test_gmmn_descends_the_discrepancy_of_pixels_in_0_1():
    by_hand = toy.model("gmmn")
    real = next(iter(tiny.batches()))
    with tf.GradientTape() as tape:
        fake = by_hand.generator(first_latents(), training=True)
        rows = [tf.reshape(0.5 * x + 0.5, [8, -1]) for x in (real, fake)]
        loss = toy.DISCREPANCY(*rows)
    variables = by_hand.generator.trainable_variables
    expected = descend(variables, tape.gradient(loss, variables), 0.05)
    check(toy.fit(toy.model("gmmn"), 1).generator.trainable_variables, expected)


@pytest.mark.parametrize("changes", [None, CriticAugmentation("color,cutout")])
def test_gram_moves_both_networks_from_the_same_weights(changes):
    by_hand = toy.model("gram")
    real = next(iter(tiny.batches()))
    with tf.GradientTape(persistent=True) as tape:
        fake = by_hand.generator(first_latents(), training=True)
        shown = [Batch(real), Batch(fake)]
        if changes is not None:
            shown = changes.apply(shown, Update(5, tf.constant(0, tf.int64)))
        u, v = (
            by_hand.critic(x.images, training=True)["features"] for x in shown
        )
        losses = by_hand.objective(u, v)
    trained = toy.fit(toy.model("gram", augmentation=changes), 1)
    for network, loss, rate in (
        ("generator", losses.generator, 0.05),
        ("critic", losses.projection, 0.01),
    ):
        variables = getattr(by_hand, network).trainable_variables
        expected = descend(variables, tape.gradient(loss, variables), rate)
        check(getattr(trained, network).trainable_variables, expected)


def test_no_probability_follows_a_projection():
    changes = CriticAugmentation("color", AdaptiveProbability())
    with pytest.raises(errors.UsageError, match="give changes without"):
        toy.model("gram", augmentation=changes)


def test_autoencoder_first_then_the_generator_of_its_codes():
    made = toy.model("gmmn_ae")
    codes = toy.numbers(made.code_generator.weights)
    before = toy.numbers(made.critic.weights)
    toy.fit(made, toy.PRETRAINING)
    check(made.code_generator.weights, codes)
    after = toy.numbers(made.critic.weights)
    assert all((a != b).any() for a, b in zip(before, after, strict=True))
    toy.fit(made, 1, start=toy.PRETRAINING)
    check(made.critic.weights, after)
    moved = toy.numbers(made.code_generator.weights)
    assert all((a != b).any() for a, b in zip(codes, moved, strict=True))
    # Images are decoded codes.
    latents = first_latents()
    decoder = made.critic.get_layer("decoder")
    np.testing.assert_allclose(
        made.generator(latents),
        decoder(made.code_generator(latents)),
        atol=1e-6,
    )


def test_codes_first_then_the_decoder_with_them():
    made = toy.fit(toy.model("refined"), 2)
    decoder = made.critic.get_layer("decoder")
    before = toy.numbers(made.generator.trainable_variables)
    encoder = toy.numbers(made.critic.layers[1].weights)
    toy.fit(made, 1, start=2)
    after = toy.numbers(made.generator.trainable_variables)
    assert len(after) > len(decoder.trainable_variables) > 0
    assert all((a != b).any() for a, b in zip(before, after, strict=True))
    check(made.critic.layers[1].weights, encoder)


@pytest.mark.parametrize("kind", ["all", "last"])
def test_energy_score_of_draws_of_noisy_data(kind):
    options = {} if kind == "all" else {"sampling_steps": 1}
    by_hand = toy.model("energy_score", noise_times=kind, **options)
    real = next(iter(tiny.batches()))
    update = Update(5, tf.constant(0, tf.int64))
    z, *others = (
        update.normal(Purpose.LATENTS, 8, real.shape[1:], i) for i in range(4)
    )
    t = tf.ones([8, 1, 1, 1])
    if kind == "all":
        t -= tf.reshape(update.uniform(Purpose.TIMES, 8), t.shape)
    noisy = (1.0 - t) * real + t * 0.5 * z
    with tf.GradientTape() as tape:
        draws = [
            StraightPath().jump(by_hand.denoiser, noisy, t, 0.0 * t, other)
            for other in others
        ]
        loss = tf.reduce_mean(EnergyScore()(real, tf.stack(draws)))
    variables = by_hand.denoiser.trainable_variables
    expected = descend(variables, tape.gradient(loss, variables), 0.05)
    made = toy.model("energy_score", noise_times=kind, **options)
    check(toy.fit(made, 1).generator.trainable_variables, expected)


def test_imm_matches_what_is_said_of_two_times():
    by_hand = toy.model("imm")
    real = next(iter(tiny.batches()))
    update = Update(5, tf.constant(0, tf.int64))
    noise = update.normal(Purpose.LATENTS, 8, real.shape[1:], 0)
    # Four groups of two.
    drawn = tf.reshape(update.uniform(Purpose.TIMES, 8), [4, 2])
    t = 0.994 * (1.0 - drawn[:, 0])
    s, path = t * drawn[:, 1], StraightPath()
    r = by_hand.matching.between(t, s)
    at = [tf.reshape(tf.repeat(x, 2), [8, 1, 1, 1]) for x in (t, r, s)]
    earlier = path.moved(path.noisy(real, noise, at[0]), real, at[0], at[1])
    with tf.GradientTape() as tape:
        noisy = (1.0 - at[0]) * real + at[0] * 0.5 * noise
        x = path.jump(by_hand.denoiser, noisy, at[0], at[2])
        y = path.jump(by_hand.denoiser, earlier, at[1], at[2])
        scale = 0.5 * (t - s) / tf.sqrt((1.0 - t) ** 2 + t**2)
        rows = [tf.reshape(part, [4, 2, 16]) for part in (x, y)]
        loss = by_hand.matching(*rows, scale, t)
    variables = by_hand.denoiser.trainable_variables
    expected = descend(variables, tape.gradient(loss, variables), 0.05)
    trained = toy.fit(toy.model("imm"), 1)
    check(trained.generator.trainable_variables, expected)


def test_the_last_noise_level_alone_makes_one_step():
    with pytest.raises(errors.UsageError, match="sampling_steps=2: a network"):
        toy.model("energy_score", noise_times="last")


def test_a_phase_ends_with_an_execution():
    made = toy.model("refined")
    made.compile(
        keras.optimizers.SGD(), keras.optimizers.SGD(), keras.optimizers.SGD(),
        steps_per_execution=2,
    )  # fmt: skip
    with pytest.raises(errors.UsageError, match="must divide 1, the step at"):
        toy.fit(made, 2)


def test_autoencoder_learns():
    made = toy.model(
        "gmmn_ae", optimizer=lambda rate: keras.optimizers.Adam(rate)
    )
    made.autoencoder_steps = 100
    same = next(iter(tiny.batches()))
    data = tf.data.Dataset.from_tensors(same).repeat()
    losses = [
        toy.fit(made, 30, data).history.history["autoencoder/loss"][-1]
        for _ in range(3)
    ]
    # The cross-entropy of grey pixels has the pixels' own entropy in it.
    assert losses[0] > losses[1] > losses[2]


@every_model
def test_two_replicas_train_like_one_device(name, two_cpus):
    def batches():
        return tiny.batches(dtype=np.float64)

    one = toy.fit(toy.model(name, "float64"), 4, batches())
    with two_cpus.scope():
        two = toy.model(name, "float64")
    toy.fit(two, 4, two_cpus.experimental_distribute_dataset(batches()))
    before = toy.model(name, "float64").generator.weights
    assert any(
        (a.numpy() != b.numpy()).any()
        for a, b in zip(before, one.generator.weights, strict=True)
    )
    for a, b in zip(one.weights, two.weights, strict=True):
        np.testing.assert_allclose(
            a.numpy(), b.numpy(), atol=1e-10, err_msg=a.path
        )


@every_model
def test_run_that_is_continued_has_the_bits_of_one_that_was_not(name, tmp_path):
    straight = toy.fit(toy.model(name, optimizer=keras.optimizers.Adam), 5)
    first = toy.fit(toy.model(name, optimizer=keras.optimizers.Adam), 3)
    path = tf.train.Checkpoint(model=first).save(str(tmp_path / "step"))
    second = toy.model(name, optimizer=keras.optimizers.Adam)
    tf.train.Checkpoint(model=second).restore(
        path
    ).assert_existing_objects_matched()
    toy.fit(second, 2, start=int(first.updates.numpy()))
    for a, b in zip(straight.weights, second.weights, strict=True):
        np.testing.assert_array_equal(a.numpy(), b.numpy(), err_msg=a.path)


@every_model
def test_clip_norm_bounds_the_update_of_each_variable(name):
    made = toy.model(name, clip=1e-3)
    made.autoencoder_steps = 0
    before = toy.numbers(made.trained_variables)
    toy.fit(made, 1)
    for old, new in zip(before, made.trained_variables, strict=True):
        assert np.linalg.norm(new.numpy() - old) <= 0.05 * 1e-3 * (1 + 1e-3)


@pytest.mark.parametrize("name", ["gmmn", "gram"])
def test_loss_of_each_replica_is_that_of_its_rows(name, two_cpus):
    batches = tiny.batches(dtype=np.float64)
    one = toy.model(name, "float64")
    fake = one.generator(first_latents(), training=True)
    rows = [
        one.critic(x, training=True)["features"]
        if name == "gram"
        else pixels(x)
        for x in (next(iter(batches)), fake)
    ]
    halves = zip(*(tf.split(x, 2) for x in rows), strict=True)
    if name == "gram":
        losses = [one.objective(*half).generator for half in halves]
    else:
        losses = [toy.DISCREPANCY(*half) for half in halves]
    with two_cpus.scope():
        two = toy.model(name, "float64", mmd_scope="replica")
    shared = Cluster(two_cpus).spread(batches, 8)
    history = toy.fit(two, 1, shared).history.history
    assert history["generator/loss"][0] == pytest.approx(
        np.mean(losses), rel=1e-9
    )


def test_imm_needs_whole_groups():
    rows = np.zeros((12, *tiny.SHAPE), np.float32)
    with pytest.raises(errors.UsageError, match="need whole groups of 2"):
        toy.model("imm").fit(rows, batch_size=3, verbose=0)


@pytest.mark.parametrize("takes_noise", [True, False])
def test_denoisers_have_noise_where_they_need_it(takes_noise):
    make = ARCHITECTURES["mlp"].denoiser
    other = make((3,), DenoiserOptions(2, takes_noise=not takes_noise))
    made = (
        (EnergyScoreModel, EnergyScore())
        if takes_noise
        else (InductiveModel, InductiveMatching())
    )
    with pytest.raises(errors.UsageError, match=f"takes_noise={takes_noise}"):
        made[0](other, made[1])


@pytest.mark.parametrize(
    "batches",
    [tiny.batches(7), tiny.batches(7).unbatch().batch(7)],
    ids=["known size", "unknown size"],
)
def test_batches_that_are_not_of_whole_groups_are_told(batches):
    wanted = r"^7 examples of a batch .* whole groups of 2 \(group_size\)\.$"
    with pytest.raises(errors.UsageError, match=wanted):
        toy.model("imm").fit(batches, steps_per_epoch=1, verbose=0)


@pytest.mark.parametrize("name", ["gfmn", "gram"])
def test_models_that_take_no_labels_refuse_a_condition(name, monkeypatch):
    monkeypatch.setattr(tiny, "generator", tiny_conditional.generator)
    with pytest.raises(
        errors.UsageError, match=r"condition=3 classes: a .* no"
    ):
        toy.model(name, condition=Classes(3))
