"""A run's folder is refused where it is another's, and left as it was."""

import dataclasses
import json
import pathlib
import subprocess
import sys

import numpy as np
import pytest
from limits import within
from outsiders import kernel_members as members

from tf_mmdgan import config, errors, kernels, owned
from tf_mmdgan.conditions import Classes, Numbers
from tf_mmdgan.training import class_records, run_directory

SHAPE = (16, 16, 1)


@pytest.fixture
def run(tmp_path):
    made = config.TrainConfig(run_dir=str(tmp_path / "run"), batch_size=32)
    run_directory.claim(tmp_path / "run")
    run_directory.write_config(made, {}, SHAPE)
    return made


def test_configuration_comes_back(run):
    assert run_directory.read_config(run.run_dir) == (run, SHAPE, None)
    path = f"{run.run_dir}/{run_directory.CONFIG_FILE}"
    with open(path) as file:
        content = json.load(file)
    assert content["versions"]["tensorflow"].startswith("2.")
    assert "commit" in content


def test_number_of_classes_comes_back(tmp_path):
    made = config.TrainConfig(run_dir=str(tmp_path), conditioning="projection")
    run_directory.write_config(made, {}, SHAPE, Classes(10))
    found, shape, condition = run_directory.read_config(tmp_path)
    assert (found, shape, condition.num_classes) == (made, SHAPE, 10)
    # A folder from before there were classes.
    path = tmp_path / run_directory.CONFIG_FILE
    content = json.loads(path.read_text())
    del content["num_classes"], content["config"]["conditioning"]
    path.write_text(json.dumps(content))
    found, shape, condition = run_directory.read_config(tmp_path)
    assert (found.conditioning, shape, condition) == ("none", SHAPE, None)


def test_shares_of_classes_come_back(tmp_path):
    made = config.TrainConfig(run_dir=str(tmp_path), conditioning="projection")
    shares = np.array([1, 2, 4]) / 7
    run_directory.write_config(made, {}, SHAPE, Classes(3, shares))
    found = class_records.shares(tmp_path, 3)
    np.testing.assert_array_equal(found, shares)
    run_directory.write_config(made, {}, SHAPE, Classes(3))
    (tmp_path / run_directory.CONFIG_FILE).unlink()
    run_directory.write_config(made, {}, SHAPE, Classes(3))
    assert class_records.shares(tmp_path, 3) is None


def test_labels_of_numbers_come_back(tmp_path):
    made = config.TrainConfig(run_dir=str(tmp_path), conditioning="projection")
    rows = np.float32([[0.5, -1.0], [0.0, 2.0]])
    run_directory.write_config(made, {}, SHAPE, Numbers(2, rows))
    _, _, condition = run_directory.read_config(tmp_path)
    assert (condition.k, condition.num_classes) == (2, None)
    found = class_records.with_law(tmp_path, condition)
    np.testing.assert_array_equal(found.rows, rows)
    path = tmp_path / run_directory.LABELS_FILE
    for wrong in (rows[:, :1], rows.astype(float), rows[:0]):
        np.save(path, wrong)
        with pytest.raises(errors.DataError, match=r"need float32 \[m, 2\]"):
            class_records.with_law(tmp_path, condition)
    np.save(path, np.zeros((5000, 2), np.float32))
    with pytest.raises(errors.DataError, match="more than 33,792 bytes"):
        class_records.with_law(tmp_path, condition)
    path.unlink()
    with pytest.raises(errors.DataError, match=r"no file .*labels\.npy"):
        class_records.with_law(tmp_path, condition)


def test_other_conditioning_is_refused(run):
    other = dataclasses.replace(run, conditioning="projection")
    with pytest.raises(
        errors.UsageError, match="conditioning is 'none' there, 'projection' h"
    ):
        run_directory.check(other)


def test_other_settings_are_refused_by_name(run):
    other = dataclasses.replace(run, batch_size=64, kernel="rbf")
    with pytest.raises(errors.UsageError) as caught:
        run_directory.check(other)
    message = str(caught.value)
    assert "batch_size is 32 there, 64 here" in message
    assert "kernel is None there, 'rbf' here" in message
    assert "steps" not in message


def test_length_and_cadence_may_change(run):
    run_directory.check(
        dataclasses.replace(run, steps=7, log_every=1, evaluate_every=3)
    )


def test_new_or_empty_folder_is_fine(tmp_path):
    made = config.TrainConfig(run_dir=str(tmp_path))
    run_directory.check(made)
    run_directory.check(dataclasses.replace(made, run_dir=str(tmp_path / "x")))
    assert not list(tmp_path.iterdir())


def test_run_killed_in_its_first_moments_may_start_again(tmp_path):
    run_directory.claim(tmp_path)
    (tmp_path / ".config.json.1f2e").write_text("{")
    run_directory.check(config.TrainConfig(run_dir=str(tmp_path)))


def test_foreign_folder_is_refused_and_untouched(tmp_path):
    (tmp_path / "thesis.tex").write_text("precious")
    with pytest.raises(errors.UsageError, match=r"no config\.json"):
        run_directory.check(config.TrainConfig(run_dir=str(tmp_path)))
    assert [p.name for p in tmp_path.iterdir()] == ["thesis.tex"]


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"config": {}}', '{"config": {"x": 1}}']
)
def test_damaged_configuration_is_one_clear_error(tmp_path, content):
    (tmp_path / run_directory.CONFIG_FILE).write_text(content)
    with pytest.raises(errors.DataError, match=r"config\.json cannot be read"):
        run_directory.read_config(tmp_path)


def test_record_of_another_version_names_it(run):
    path = pathlib.Path(run.run_dir, run_directory.CONFIG_FILE)
    content = json.loads(path.read_text())
    content["versions"]["tf_mmdgan"] = "9.8"
    content["config"]["new_setting"] = 1
    path.write_text(json.dumps(content))
    with pytest.raises(errors.DataError, match=r"by version 9\.8: .*new_s"):
        run_directory.read_config(run.run_dir)


def test_folder_that_another_process_holds_is_told_as_that(tmp_path):
    (tmp_path / "half").write_text("of a run")
    with (
        owned.lock(tmp_path / run_directory.LOCK_FILE),
        pytest.raises(errors.UsageError, match="another process"),
    ):
        run_directory.check(config.TrainConfig(run_dir=str(tmp_path)))
    with pytest.raises(errors.UsageError, match="is not a run"):
        run_directory.check(config.TrainConfig(run_dir=str(tmp_path)))


def test_folder_without_run_names_the_tool(tmp_path):
    with pytest.raises(errors.DataError, match=r"tf-mmdgan train"):
        run_directory.read_config(tmp_path)


def test_second_process_is_refused(run):
    code = (
        "import sys; from tf_mmdgan import errors\n"
        "from tf_mmdgan.training import run_directory\n"
        "try: run_directory.claim(__import__('pathlib').Path(sys.argv[1]))\n"
        "except errors.UsageError as error: print(error)"
    )
    output = subprocess.run(
        [sys.executable, "-c", code, run.run_dir],
        capture_output=True,
        check=True,
        text=True,
    ).stdout
    assert "another process" in output


def test_a_folder_is_free_again_when_a_training_has_ended(tmp_path):
    """As in a notebook, whose process goes on with the run."""
    for _ in range(2):
        with (
            pytest.raises(KeyboardInterrupt),
            run_directory.free_at_end(),
        ):
            run_directory.claim(tmp_path)
            with pytest.raises(errors.UsageError, match="is training there"):
                run_directory.claim(tmp_path)
            raise KeyboardInterrupt
    run_directory.claim(tmp_path)
    with pytest.raises(errors.UsageError, match="is training there"):
        run_directory.claim(tmp_path)


def test_fingerprint_is_of_what_must_not_change(run):
    number = run_directory.fingerprint(run)
    elsewhere = dataclasses.replace(
        run, run_dir="b", strategy="mirrored", logical_cpus=2
    )
    assert run_directory.fingerprint(elsewhere) == number
    other = dataclasses.replace(run, batch_size=16)
    assert run_directory.fingerprint(other) != number


def test_scratch_is_gone_with_its_process():
    code = (
        "from tf_mmdgan.training import run_directory\n"
        "folder = run_directory.scratch()\n"
        "(folder / 'a').write_text('b'); print(folder)"
    )
    output = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        check=True,
        text=True,
    ).stdout
    assert not pathlib.Path(output.strip()).exists()


def test_an_object_is_recorded_by_the_text_that_makes_it(tmp_path):
    run = config.TrainConfig(
        run_dir=str(tmp_path / "run"),
        kernel=kernels.Gaussian(2.0) + 0.5 * kernels.Linear(),
        augment=["flip", members.doubled],
    )
    run_directory.write_config(run, {}, SHAPE)
    found, *_ = run_directory.read_config(run.run_dir)
    assert found.kernel == "Gaussian(sigmas=(2.0,)) + 0.5 * Linear()"
    assert found.augment == "flip,outsiders.kernel_members:doubled"
    # The same run, as an object and as its text, and another one.
    run_directory.check(run)
    run_directory.check(found)
    assert run_directory.fingerprint(run) == run_directory.fingerprint(found)
    other = dataclasses.replace(run, kernel=kernels.Gaussian(3.0))
    with pytest.raises(errors.UsageError, match="kernel is 'Gaussian"):
        run_directory.check(other)


@pytest.mark.parametrize(
    "shares",
    [
        *([0.0] * 3, [1.0] * 3, [1.0], [0.5, 0.5, "0"], [2, -1, 0]),
        *({"0": 1}, "abc", [[1], [0, 0], []]),
    ],
)
def test_shares_that_are_no_law_are_refused(tmp_path, shares):
    record = json.dumps({"class_shares": shares})
    (tmp_path / run_directory.CONFIG_FILE).write_text(record)
    with pytest.raises(errors.DataError, match=r"shares.* need 3 numbers"):
        class_records.shares(tmp_path, 3)


def test_names_of_classes_come_back_if_they_are_names(tmp_path):
    path = tmp_path / run_directory.CONFIG_FILE
    assert class_records.names(tmp_path, 2) is None
    path.write_text(json.dumps({"data": {"classes": ["-a", "灯 1"]}}))
    assert class_records.names(tmp_path, 2) == ("-a", "灯 1")
    with pytest.raises(errors.DataError, match="no names of 3 classes"):
        class_records.names(tmp_path, 3)


@pytest.mark.parametrize(
    "values",
    [
        {"kernel": "a" * 5000},
        {"seed": 10**400},
        {"batch_size": -(2**63) - 1},
        {"learning_rate": 10**400},
        {"x" * 10**6: 1},
        {"augment": "\x1b[2J" * 10**5},
        {"augment": ["flip"] * 10**5},
    ],
    ids=range(7),
)
def test_records_of_unusual_size_are_one_short_line(run, values):
    path = pathlib.Path(run.run_dir) / run_directory.CONFIG_FILE
    content = json.loads(path.read_text())
    content["config"] |= values
    path.write_text(json.dumps(content))
    with (
        within(seconds=5, megabytes=50),
        pytest.raises(errors.DataError) as caught,
    ):
        run_directory.read_config(run.run_dir)
    message = str(caught.value)
    assert message.isprintable() and len(message) < 1500


@pytest.mark.parametrize(
    "name", ["tensorboard/train", "wandb/run-1/files/note.txt", "samples/a.png"]
)
def test_links_at_any_depth_lead_out_of_no_run(tmp_path, name):
    folder = tmp_path / "run"
    path = folder / name
    path.parent.mkdir(parents=True)
    # As wandb makes one, which is no fault.
    (path.parent / "latest").symlink_to(path.parent)
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(errors.UsageError, match=f"{name} is a link, and what"):
        run_directory.claim(folder)
    path.unlink()
    assert not list(owned.links_out(folder))
