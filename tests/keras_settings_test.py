"""Settings of Keras under which nothing of this package would be right."""

import keras
import other_keras
import pytest

import tf_mmdgan as tm
from tf_mmdgan import errors, keras_settings


def test_usual_settings_are_accepted():
    keras_settings.check()


@pytest.mark.parametrize(
    "name, value",
    [
        ("image_data_format", "channels_first"),
        ("floatx", "float64"),
        ("max_steps_per_epoch", 3),
    ],
)
def test_wrong_settings_are_named_at_the_door(name, value):
    message = f"Keras' {name} is {value}, and tf_mmdgan needs"
    with (
        other_keras.setting(name, value),
        pytest.raises(errors.UsageError, match=message),
    ):
        tm.Gaussian  # noqa: B018
    assert tm.DataConfig


def test_another_backend_is_named(monkeypatch):
    monkeypatch.setattr(keras.config, "backend", lambda: "numpy")
    with pytest.raises(errors.UsageError, match="KERAS_BACKEND=tensorflow"):
        keras_settings.check()
