"""Sizes that the record of a run claims are looked at before they are made."""

import dataclasses

import pytest

from tf_mmdgan import config, errors, training
from tf_mmdgan.config import fields
from tf_mmdgan.training import claims, run_directory

SHAPE = (16, 16, 1)
BOUNDED = {
    field.name: field.metadata["most"]
    for field in dataclasses.fields(config.TrainConfig)
    if field.metadata["most"]
}


def record(folder, saved=0, **settings):
    """A run's folder with a record, and files of `saved` bytes as weights."""
    chosen = config.TrainConfig(run_dir=str(folder), **settings)
    folder.mkdir(exist_ok=True)
    run_directory.write_config(chosen, fields.record(chosen), SHAPE)
    checkpoints = folder / run_directory.CHECKPOINTS["last"]
    checkpoints.mkdir()
    with open(checkpoints / "step-1.data-00000-of-00001", "wb") as file:
        file.truncate(saved)
    return chosen


@pytest.mark.parametrize("name", BOUNDED)
def test_numbers_of_a_record_are_believed_up_to_a_bound(tmp_path, name):
    folder = tmp_path / "run"
    folder.mkdir()
    content = {"config": {"run_dir": "x", name: BOUNDED[name] + 1}}
    content |= {"image_shape": list(SHAPE), "in_force": content["config"]}
    run_directory.files.write_json(folder / "config.json", content)
    said = rf"its {name} is [\d,]+, and a record is believed up to .*--trust_"
    for read in (
        training.resume, training.load_run, run_directory.recorded_in_force,
    ):  # fmt: skip
        with pytest.raises(errors.DataError, match=said):
            read(folder)
    found = run_directory.recorded_in_force(folder, trust_run=True)
    assert found[name] == BOUNDED[name] + 1


def test_published_settings_are_far_below_the_bounds():
    defaults = config.TrainConfig(run_dir="x")
    for name, most in BOUNDED.items():
        assert (getattr(defaults, name) or 0) * 100 <= most or name in (
            "schedule_history", "critic_steps",
        )  # fmt: skip


@pytest.mark.parametrize("network", ["generator", "critic"])
def test_to_go_on_needs_the_weights_of_large_networks(tmp_path, network):
    chosen = record(tmp_path, 10**6, **{f"{network}_width": 2**15})
    said = rf"the {network} has [\d,]{{10,}} weights, of which"
    with pytest.raises(errors.DataError, match=said):
        claims.check_training(chosen, SHAPE, None)
    trusted = dataclasses.replace(chosen, trust_run=True)
    claims.check_training(trusted, SHAPE, None)


def test_bytes_that_no_disk_has_are_no_weights(tmp_path):
    """A file with holes, which an archive of a few bytes can hold."""
    chosen = record(tmp_path, 2**40, generator_width=2**15)
    with pytest.raises(errors.DataError, match=r"00001 is a file of holes"):
        claims.check_training(chosen, SHAPE, None)


def test_networks_of_a_run_without_checkpoint_are_as_large_as_usual(tmp_path):
    chosen = record(tmp_path, generator_width=80, critic_width=80)
    claims.check_training(chosen, SHAPE, None)


def test_a_batch_that_no_machine_holds_is_refused(tmp_path):
    chosen = record(tmp_path, batch_size=2**16)
    claims.check_training(chosen, SHAPE, None)
    with pytest.raises(errors.DataError, match=r"one layer takes 256 GiB"):
        claims.check_training(chosen, (256, 256, 3), None)
    few = record(tmp_path / "few", objective="energy_score")
    claims.check_training(few, SHAPE, None)
    many = dataclasses.replace(few, energy_draws=1000)
    with pytest.raises(errors.DataError, match="64,000 images, of which one"):
        claims.check_training(many, (32, 32, 3), None)
    new = dataclasses.replace(chosen, run_dir=str(tmp_path / "new"))
    claims.check_training(new, (256, 256, 3), None)


def test_noise_of_many_steps_is_refused_before_it_is_drawn(tmp_path):
    chosen = record(tmp_path, objective="energy_score", sampling_steps=1000)
    claims.check_training(chosen, (32, 32, 1), None)
    with pytest.raises(errors.DataError, match="of 16,384,000 numbers of noi"):
        claims.check_training(chosen, (128, 128, 1), None)
    fewer = dataclasses.replace(chosen, sampling_steps=4)
    claims.check_training(fewer, (128, 128, 1), None)


def test_images_of_many_channels_are_no_usual_ones(tmp_path):
    chosen = record(tmp_path, architecture="mlp")
    with pytest.raises(errors.DataError, match=r"tor has [\d,]{11,} weig"):
        claims.check_generator(chosen, (160, 160, 256), None, tmp_path / "no")
