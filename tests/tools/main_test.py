"""One command for all tools."""

import pathlib
import subprocess
import sys

import pytest

from tf_mmdgan.tools import main

ROOT = pathlib.Path(__file__).parents[2]
NO_TOOLS = {"__init__", "main"}


def test_every_tool_is_a_subcommand_and_a_script():
    with_main = {
        path.stem
        for path in (ROOT / "tools").glob("*.py")
        if "\ndef main()" in path.read_text()
    }
    assert set(main.TOOLS) == with_main - NO_TOOLS
    setup = (ROOT / "setup.py").read_text()
    assert all(f'"{tool}"' in setup for tool in main.TOOLS)
    assert all(f"  {tool} " in main.usage() for tool in main.TOOLS)


@pytest.mark.parametrize(
    "arguments, code, out, err",
    [
        ([], 2, "Tools:", ""),
        (["--help"], 0, "Tools:", ""),
        (["trian"], 2, "", "Did you mean 'train'?"),
        (["train", "--help=kernel"], 0, "kernel:\n", ""),
        (["two-sample", "--help"], 0, "flags:\n", ""),
    ],
)
def test_what_the_command_prints(arguments, code, out, err):
    done = subprocess.run(
        [sys.executable, "-m", "tf_mmdgan.tools.main", *arguments],
        capture_output=True,
        text=True,
    )
    assert done.returncode == code
    assert out in done.stdout and err in done.stderr
    assert "Traceback" not in done.stderr
