"""Settings as values: their names, their changes, and what is no setting."""

import dataclasses
import subprocess
import sys

import pytest

from tf_mmdgan.kernels import KERNELS
from tf_mmdgan.methods.settings import AdversarialSettings, Settings
from tf_mmdgan.objectives import WGAN, Scale, ScaledMMD

SMMD = AdversarialSettings(
    criterion=ScaledMMD(KERNELS["rbf"], scale=Scale("paper", offset=0.5)),
    r1=2.0,
)


def test_settings_of_criterion_and_scale_have_names_of_their_own():
    named = SMMD.by_name()
    assert named["kernel"] == KERNELS["rbf"]
    assert (named["scale_offset"], named["scale_measure"]) == (0.5, "real")
    assert (named["r1"], named["r2"]) == (2.0, 0.0)
    assert named.keys().isdisjoint({"criterion", "scale", "offset"})


def test_changes_reach_criterion_and_scale():
    changes = {
        "kernel": KERNELS["rq"],
        "scale_offset": 3.0,
        "scale_measure": "mixture",
        "r2": 1.0,
    }
    changed = SMMD.changed(changes)
    assert changed.by_name() == {**SMMD.by_name(), **changes}
    assert changed.criterion == ScaledMMD(
        KERNELS["rq"], scale=Scale("paper", offset=3.0, measure="mixture")
    )
    assert SMMD.changed({}) == SMMD


def test_what_is_given_back_under_its_names_is_the_same():
    assert SMMD.changed(SMMD.by_name()) == SMMD


@pytest.mark.parametrize("name", ["gradient_penalyt", "scale_ofset", "offset"])
def test_names_of_no_setting_are_refused(name):
    with pytest.raises(TypeError, match=name):
        SMMD.changed({name: 1.0})
    with pytest.raises(TypeError, match=name):
        dataclasses.replace(SMMD, **{name: 1.0})


def test_a_setting_of_another_method_is_refused():
    with pytest.raises(TypeError, match="scale_offset"):
        AdversarialSettings(criterion=WGAN()).changed({"scale_offset": 1.0})
    with pytest.raises(TypeError, match="critic_steps"):
        Settings().changed({"critic_steps": 1})


def test_published_settings_leave_the_choice_of_devices_open():
    """Logical devices are refused once TensorFlow has started."""
    code = """
import tensorflow as tf
from tf_mmdgan import methods
cpu = tf.config.list_physical_devices("CPU")[0]
parts = [tf.config.LogicalDeviceConfiguration()] * 2
tf.config.set_logical_device_configuration(cpu, parts)
"""
    subprocess.run([sys.executable, "-c", code], check=True)
