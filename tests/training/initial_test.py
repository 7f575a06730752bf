"""A new run that begins with the weights of another."""

import keras
import numpy as np
import pytest
import tiny

from tf_mmdgan import config, errors, training
from tf_mmdgan.config.spelling import Recorded
from tf_mmdgan.training import initial


@pytest.fixture
def settings(tmp_path):
    return config.TrainConfig(run_dir=str(tmp_path / "new"), init_from="old")


@pytest.fixture
def trained(monkeypatch):
    """The model of the run that is begun from; its weights are all 2."""
    made = tiny.model()
    for network in (made.generator, made.ema_generator, made.critic):
        network.set_weights([np.full(w.shape, 2.0) for w in network.weights])
    monkeypatch.setattr(initial, "_trained", lambda *_: made)
    return made


def test_all_networks_get_the_weights(settings, trained):
    model = tiny.model()
    initial.start_from(model, settings)
    for network in (model.generator, model.ema_generator, model.critic):
        assert all((w.numpy() == 2.0).all() for w in network.weights)
    assert int(model.step.numpy()) == 0


def test_each_weight_that_does_not_fit_is_named(settings, trained):
    model = tiny.model(outputs=5)
    before = model.generator.get_weights()
    with pytest.raises(errors.UsageError) as caught:
        initial.start_from(model, settings)
    message = str(caught.value)
    assert message.startswith("--init_from=old: its weights do not fit: critic")
    assert "kernel is [6, 2] there, [6, 5] here; critic" in message
    assert "bias is [2] there, [5] here." in message and "\n" not in message
    np.testing.assert_array_equal(before[0], model.generator.get_weights()[0])


def test_weights_that_one_side_lacks_are_named(settings, trained):
    keras.utils.set_random_seed(1)
    model = tiny.model(batch_norm=True)
    with pytest.raises(errors.UsageError, match="is missing there, "):
        initial.start_from(model, settings)


def test_a_run_without_a_critic_begins_with_the_generator(settings, trained):
    model = tiny.model()
    trained.critic = None
    before = model.critic.get_weights()
    initial.start_from(model, settings)
    assert (model.generator.get_weights()[0] == 2.0).all()
    np.testing.assert_array_equal(before[0], model.critic.get_weights()[0])


def test_a_run_that_has_begun_is_left_alone(settings, trained, tmp_path):
    (tmp_path / "new" / "checkpoints").mkdir(parents=True)
    (tmp_path / "new" / "checkpoints" / "step-5.index").touch()
    model = tiny.model()
    before = model.generator.get_weights()
    initial.start_from(model, settings)
    np.testing.assert_array_equal(before[0], model.generator.get_weights()[0])


def test_a_record_does_not_name_whose_weights_are_read(settings, trained):
    recorded = config.TrainConfig(run_dir="x", init_from=Recorded("/private"))
    with pytest.raises(errors.UsageError, match=r"--init_from=.*--trust_run"):
        initial.start_from(tiny.model(), recorded)


def test_a_critic_larger_than_its_weights_is_never_made(tmp_path, monkeypatch):
    there = config.TrainConfig(
        run_dir=str(tmp_path), architecture="dcgan", critic_width=10**6
    )
    monkeypatch.setattr(initial.finished, "load_run", lambda *_, **__: None)
    monkeypatch.setattr(
        initial.run_directory, "read_config",
        lambda *_: (there, (16, 16, 1), None),
    )  # fmt: skip
    chosen = config.TrainConfig(run_dir="x", init_from=str(tmp_path))
    with pytest.raises(errors.DataError, match=r"the critic has [\d,]{15,} "):
        initial.start_from(tiny.model(), chosen)


def test_what_is_no_run_is_named(tmp_path):
    chosen = config.TrainConfig(run_dir="x", init_from=str(tmp_path))
    with pytest.raises(errors.DataError, match="is not a run"):
        initial.start_from(tiny.model(), chosen)
    with pytest.raises(errors.DataError, match="is not a run"):
        training.resume(tmp_path)
