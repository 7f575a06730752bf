import keras
import pytest

from tf_mmdgan import config, errors, methods
from tf_mmdgan.methods import optimizers


def make_model(shape=(16, 16, 1), **given):
    """A small model of given settings."""
    tiny = {"generator_width": 2, "critic_width": 2, "run_dir": "run"}
    return methods.make_model(config.TrainConfig(**tiny, **given), shape)


RISE_AND_FALL = {
    "linear": {0: 0.4, 10: 0.4, 15: 0.3, 20: 0.2, 29: 0.02, 30: 0, 99: 0},
    "cosine": {0: 0.4, 10: 0.4, 15: 0.341421, 20: 0.2, 25: 0.058579, 30: 0},
}


@pytest.mark.parametrize("shape", RISE_AND_FALL)
def test_rates_fall(shape):
    step = keras.Variable(0, dtype="int64")
    fall = optimizers.Fall(shape, 10, 30)
    schedule = optimizers.RateSchedule(0.4, step, fall)
    for now, rate in RISE_AND_FALL[shape].items():
        step.assign(now)
        assert float(schedule(1000)) == pytest.approx(rate, abs=1e-6)


def test_rates_rise_in_the_first_steps_of_a_network():
    step = keras.Variable(0, dtype="int64")
    fall = optimizers.Fall("linear", 10, 30)
    warmup = optimizers.Warmup(4, first=10)
    schedule = optimizers.RateSchedule(0.4, step, fall, warmup)
    expected = {10: 0.1, 11: 0.19, 12: 0.27, 13: 0.34, 14: 0.32, 30: 0.0}
    for now, rate in expected.items():
        step.assign(now)
        assert float(schedule(1000)) == pytest.approx(rate)


def rates(model, step):
    model.step.assign(step)
    second = getattr(model, "autoencoder_optimizer", None)
    made = (model.generator_optimizer, second or model.critic_optimizer)
    return [float(optimizer.learning_rate) for optimizer in made]


def test_networks_that_are_trained_one_after_the_other_rise_each():
    model = make_model(
        (8, 8, 1), objective="gmmn_ae", autoencoder_steps=100, steps=300,
        learning_rate=0.1, critic_learning_rate=0.2, warmup_steps=10,
        learning_rate_schedule="cosine", architecture="mlp",
    )  # fmt: skip
    assert rates(model, 4)[1] == pytest.approx(0.1)
    assert rates(model, 99)[1] == pytest.approx(0.2)
    assert rates(model, 100)[0] == pytest.approx(0.01)
    assert rates(model, 200)[0] == pytest.approx(0.05)
    assert rates(model, 300)[0] == pytest.approx(0.0)


def test_a_generator_that_would_never_move_is_refused():
    with pytest.raises(errors.UsageError, match="first step is 100: give more"):
        make_model(
            (8, 8, 1), objective="gmmn_ae", autoencoder_steps=100, steps=300,
            learning_rate_schedule="linear", learning_rate_decay_to=90,
            architecture="mlp",
        )  # fmt: skip


def test_rates_of_both_networks_fall_in_the_same_steps():
    model = make_model(
        learning_rate=0.1, critic_learning_rate=0.2, critic_steps=4,
        learning_rate_decay_from=10, learning_rate_decay_to=20,
    )  # fmt: skip
    for step, share in ((10, 1.0), (15, 0.5), (20, 0.0)):
        expected = [share * 0.1, share * 0.2]
        assert rates(model, step) == pytest.approx(expected)


def test_rmsprop():
    model = make_model(optimizer="rmsprop", learning_rate=3e-4)
    for optimizer in (model.generator_optimizer, model.critic_optimizer):
        assert isinstance(optimizer, keras.optimizers.RMSprop)
        assert float(optimizer.learning_rate) == pytest.approx(3e-4)
