"""The README: short, its commands valid, its program running."""

import pathlib
import re
import shlex
import subprocess
import sys

import numpy as np
import PIL.Image
import pytest

from tf_mmdgan import config
from tf_mmdgan.tools import flag_config, main

ROOT = pathlib.Path(__file__).parents[1]
TEXT = (ROOT / "README.md").read_text()
# The other pages that are followed command by command.
PAGES = [(ROOT / "docs" / name).read_text() for name in ("pictures.md",)]


def commands(text):
    return re.findall("^tf-mmdgan .*", text, re.MULTILINE)


COMMANDS = commands(TEXT)
CONFIGS = {
    "train": config.TrainConfig, "sample": config.SampleConfig,
    "evaluate": config.EvaluateConfig, "two_sample": config.TwoSampleConfig,
    "compare_runs": config.CompareRunsConfig, "export": config.ExportConfig,
    "demo": config.DemoConfig,
}  # fmt: skip


def test_it_is_short():
    assert len(TEXT.splitlines()) <= 150


@pytest.mark.parametrize("command", commands("\n".join([TEXT, *PAGES])))
def test_its_commands_have_flags_that_exist(command):
    _, tool, *arguments = shlex.split(command, comments=True)
    assert tool in main.TOOLS
    # --resume and --plan are of the tool; the former names the folder.
    named = [a.replace("--resume=", "--run_dir=") for a in arguments]
    named = [argument for argument in named if argument != "--plan"]
    flag_config.parse(CONFIGS[tool], named)


def test_no_tool_is_shown_that_is_not_looked_at():
    assert {command.split()[1] for command in COMMANDS} <= set(CONFIGS)


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


@pytest.mark.slow
def test_the_page_on_pictures_can_be_followed(tmp_path, rng):
    """All of its commands but the last, which serves until it is stopped."""
    (tmp_path / "emoji").mkdir()
    for number in range(200):
        pixels = rng.integers(0, 256, (64, 64, 3), dtype=np.uint8)
        path = tmp_path / "emoji" / f"{number}.png"
        PIL.Image.fromarray(pixels).save(path)
    *followed, last = commands(*PAGES)
    assert last.startswith("tf-mmdgan demo")
    quick = [
        "--steps=2", "--generator_width=2", "--critic_width=2",
        "--evaluation_samples=100", "--features=thumbnails", "--cache=off",
    ]  # fmt: skip
    for command in followed:
        _, tool, *given = shlex.split(command, comments=True)
        given += quick if tool == "train" else []
        ended = subprocess.run(
            [sys.executable, "-m", "tf_mmdgan.tools.main", tool, *given],
            cwd=tmp_path,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert ended.returncode == 0, f"{command}: {ended.stderr[-500:]}"
