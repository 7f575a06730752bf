"""tools/study.py as a user runs it."""

import json
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).parents[2]
CRASHING = """
import dataclasses, sys
from tf_mmdgan.reproduction import studies
sys.argv[0] = "tools/study.py"
from tf_mmdgan.tools import study
witness = studies.STUDIES["witness"]
crash = dataclasses.replace(witness, compute=lambda budget, parts: 1 / 0)
studies.STUDIES.update(crash=crash)
study.main()
"""


def run(*arguments, program=("tools/study.py",)):
    return subprocess.run(
        [sys.executable, *program, *map(str, arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )


def test_a_study_is_run_and_documented(tmp_path):
    done = run("--study=witness", "--quick", f"--output_dir={tmp_path}/runs",
               f"--write_docs={tmp_path}/docs")  # fmt: skip
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout.splitlines()[-1])["witness"]
    figure = f"{tmp_path}/runs/witness/figure.png"
    assert result["holds"] is True and result["figure"] == figure
    assert (tmp_path / "runs" / "witness" / "numbers.json").exists()
    assert "[1/1] witness" in done.stderr and "claim holds" in done.stderr
    text = (tmp_path / "docs" / "studies.md").read_text()
    assert "(`witness`) | not run at full length" in text


@pytest.mark.slow
def test_a_crash_stops_no_other_study(tmp_path):
    done = run(
        "--study=crash,witness", "--quick", f"--output_dir={tmp_path}",
        program=("-c", CRASHING),
    )  # fmt: skip
    assert done.returncode == 1
    assert "ZeroDivisionError" in done.stderr
    assert done.stderr.splitlines()[-1].startswith("error: crash: crashed")
    assert (tmp_path / "witness" / "figure.png").exists()


def test_help_lists_the_flags_without_tensorflow():
    done = run("--help")
    assert done.returncode == 0 and "--quick" in done.stdout
    assert "tensorflow" not in done.stderr.lower()


@pytest.mark.parametrize(
    "arguments, words",
    [
        ([], "--study is missing"),
        (["--study=witnes"], "Did you mean 'witness'"),
        (["--study=witness", "--output_dir="], "--output_dir is empty"),
    ],
)
def test_bad_input_is_one_line(arguments, words):
    done = run(*arguments)
    assert done.returncode == 2 and not done.stdout
    assert done.stderr.startswith("error: ") and words in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.slow
def test_studies_are_not_written_through_links(tmp_path):
    elsewhere = tmp_path / "elsewhere"
    (tmp_path / "runs").mkdir()
    elsewhere.mkdir()
    (tmp_path / "runs" / "witness").symlink_to(elsewhere)
    done = run("--study=witness", "--quick", f"--output_dir={tmp_path}/runs")
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert "witness is a link, and what is written" in done.stderr
    assert not list(elsewhere.iterdir())
