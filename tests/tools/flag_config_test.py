"""Flags are the fields of a configuration, and nothing else."""

import dataclasses
import os

import numpy as np
import pytest
from absl import flags
from limits import within

from tf_mmdgan import config, errors
from tf_mmdgan.tools import flag_config


def parse(*arguments):
    return flag_config.parse(config.TrainConfig, ["--run_dir=r", *arguments])


def test_no_flag_leaves_every_default():
    assert parse() == config.TrainConfig(run_dir="r")


def test_every_field_is_a_flag_of_its_type():
    given = parse(
        "--batch_size=7", "--learning_rate=1e-3", "--kernel=rbf",
        "--nodeterministic", "--strategy=mirrored", "--clip_norm=2",
    )  # fmt: skip
    expected = config.TrainConfig(
        run_dir="r", batch_size=7, learning_rate=1e-3, kernel="rbf",
        deterministic=False, strategy="mirrored", clip_norm=2.0,
    )  # fmt: skip
    assert given == expected


def test_flagfile_comes_first_and_later_flags_win(tmp_path):
    path = tmp_path / "recipe.cfg"
    path.write_text("# A recipe.\n--batch_size=5\n--steps=9\n")
    given = parse(f"--flagfile={path}", "--batch_size=6")
    assert (given.batch_size, given.steps) == (6, 9)


def evaluation(*arguments):
    return flag_config.parse(config.EvaluateConfig, ["--run_dir=r", *arguments])


@pytest.mark.parametrize("spelt", ["--protocol=torch_fidelity", "-protocol=torch_fidelity", "--protocol torch_fidelity"])  # fmt: skip  # noqa: E501
def test_a_protocol_is_its_flags_and_later_flags_win(spelt, tmp_path):
    protocol = spelt.split()
    given = evaluation("--seed=5", "--nearest_k=9", *protocol, "--nearest_k=4")
    assert (given.seed, given.nearest_k, given.order) == (2020, 4, "given")
    (tmp_path / "a.cfg").write_text("\n".join(["--seed=7", "=".join(protocol)]))
    given = evaluation(f"--flagfile={tmp_path}/a.cfg", "--seed=0")
    assert (given.seed, given.nearest_k) == (0, 3)


def test_an_unknown_protocol_is_refused():
    with pytest.raises(errors.UsageError, match="clean_fid"):
        evaluation("--protocol=clean")


def test_flagfiles_are_texts(tmp_path):
    np.savez(tmp_path / "ok.npz", x=np.arange(3))
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "outer.cfg").write_text("--steps=9\n--flagfile=/dev/zero\n")
    (tmp_path / "latin.cfg").write_bytes(b"--run_dir=\xe4\n")
    with open(tmp_path / "sparse.cfg", "wb") as file:
        file.truncate(2**40)
    for name in (
        "ok.npz", "fifo", "outer.cfg", "latin.cfg", "sparse.cfg", "absent", ".",
        "/dev/zero",
    ):  # fmt: skip
        for given in ([f"--flagfile={tmp_path / name}"],
                      ["--flagfile", str(tmp_path / name)]):  # fmt: skip
            with within(5, 50), pytest.raises(errors.UsageError) as caught:
                parse(*given)
            message = str(caught.value)
            assert message.startswith("--flagfile=") and "\n" not in message


def test_flagfiles_that_multiply_are_refused(tmp_path):
    for number in range(40):
        line = f"--flagfile={tmp_path}/{number + 1}.cfg\n"
        (tmp_path / f"{number}.cfg").write_text(2 * line)
    (tmp_path / "40.cfg").write_text("--steps=9\n")
    with (
        within(seconds=5, megabytes=50),
        pytest.raises(errors.UsageError, match="too many flagfiles"),
    ):
        parse(f"--flagfile={tmp_path}/0.cfg")


@pytest.mark.parametrize(
    "argument, error",
    [
        ("--batchsize=3", flags.UnrecognizedFlagError),
        ("--batch_size=three", flags.IllegalFlagValueError),
        ("--strategy=everywhere", flags.IllegalFlagValueError),
        ("--batch_size=-3", errors.UsageError),
    ],
)
def test_wrong_flags_are_refused(argument, error):
    with pytest.raises(error, match=argument.split("=")[0].lstrip("-")):
        parse(argument)


@pytest.mark.parametrize(
    "config_class",
    [config.EvaluateConfig, config.ExportConfig, config.SampleConfig],
)
def test_every_tool_has_flags_for_all_its_fields(config_class):
    values = flags.FlagValues()
    flag_config.define(config_class, values)
    names = {field.name for field in dataclasses.fields(config_class)}
    assert names <= set(values)


def test_arguments_without_a_name_go_where_a_tool_takes_them():
    values = flags.FlagValues()
    flag_config.define(config.CompareRunsConfig, values)
    assert "runs" not in values and "level" in values
    _, *unnamed = values(["", "one", "--level=.1", "two"])
    read = flag_config.read(config.CompareRunsConfig, values, unnamed)
    assert read.runs == ("one", "two") and read.level == 0.1


def test_arguments_without_a_name_are_refused_elsewhere():
    values = flags.FlagValues()
    flag_config.define(config.SampleConfig, values)
    values([""])
    with pytest.raises(errors.UsageError, match="argument 'extra'"):
        flag_config.read(config.SampleConfig, values, ["extra"])
