"""The README: short, its commands valid, its program running."""

import pathlib
import re
import shlex

import pytest

from tf_mmdgan import config
from tf_mmdgan.tools import flag_config, main

TEXT = (pathlib.Path(__file__).parents[1] / "README.md").read_text()
COMMANDS = re.findall("^tf-mmdgan .*", TEXT, re.MULTILINE)
CONFIGS = {
    "train": config.TrainConfig, "sample": config.SampleConfig,
    "evaluate": config.EvaluateConfig, "two_sample": config.TwoSampleConfig,
    "compare_runs": config.CompareRunsConfig, "export": config.ExportConfig,
    "demo": config.DemoConfig,
}  # fmt: skip


def test_it_is_short():
    assert len(TEXT.splitlines()) <= 150


@pytest.mark.parametrize("command", COMMANDS)
def test_its_commands_have_flags_that_exist(command):
    _, tool, *arguments = shlex.split(command, comments=True)
    assert tool in main.TOOLS
    # --resume is of the tool, and names the folder.
    named = [a.replace("--resume=", "--run_dir=") for a in arguments]
    flag_config.parse(CONFIGS[tool], named)


def test_no_tool_is_shown_that_is_not_looked_at():
    assert {command.split()[1] for command in COMMANDS} == set(CONFIGS)


@pytest.mark.parametrize(
    "path", sorted(set(re.findall(r"\]\(([^):#]+)", TEXT)))
)
def test_what_it_links_to_is_there(path):
    assert (pathlib.Path(__file__).parents[1] / path).exists()


@pytest.mark.slow
def test_its_program_runs():
    (program,) = re.findall("```python\n(.*?)```", TEXT, re.DOTALL)
    names = {}
    exec(compile(program, "README.md", "exec"), names)
    assert names["images"].shape == (16, 16, 16, 1)
