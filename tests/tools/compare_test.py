"""tools/compare.py as a user runs it."""

import json
import pathlib
import subprocess
import sys

import PIL.Image
import pytest

ROOT = pathlib.Path(__file__).parents[2]


def run(*arguments):
    return subprocess.run(
        [sys.executable, "tools/compare.py", *map(str, arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )


def result(*arguments):
    done = run(*arguments)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.slow
def test_a_comparison_is_run_once_and_tabulated(tmp_path):
    flags = [f"--output_dir={tmp_path}/c", "--data=ring", "--methods=gan", "--steps=2"]  # fmt: skip  # noqa: E501
    first = result(*flags)
    assert first == {
        "table": f"{tmp_path}/c/results.md",
        "done": 1, "diverged": 0, "failed": 0, "not_run": 0,
    }  # fmt: skip
    (found,) = json.loads((tmp_path / "c/results.json").read_text())["results"]
    assert (found["status"], found["steps"], found["seed"]) == ("done", 2, 0)
    assert 0 <= found["scores"]["high_quality"] <= 1
    assert PIL.Image.open(tmp_path / "c" / "samples_ring.png").format == "PNG"

    file = tmp_path / "c" / "ring" / "gan" / "seed_0.json"
    written = file.stat().st_mtime_ns
    table = ["--methods=gan,mmd", "--table_only", f"--docs_dir={tmp_path}/d"]
    assert result(*flags) == first
    assert file.stat().st_mtime_ns == written
    again = result(*flags, *table)
    assert (again["done"], again["not_run"]) == (1, 1)
    text = (tmp_path / "c" / "results.md").read_text()
    assert "| mmd | not run |" in text and "| gan | " in text
    published = (tmp_path / "d" / "results.md").read_text()
    assert "| gan | " in published and "| mmd |" not in published


def test_what_stands_in_the_way_of_a_cell_is_named_and_kept(tmp_path):
    other = tmp_path / "digits" / "mmd" / "seed_0"
    other.mkdir(parents=True)
    (other / "notes.txt").write_text("mine")
    damaged = tmp_path / "digits" / "gan" / "seed_0.json"
    damaged.parent.mkdir()
    damaged.write_text("{")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (tmp_path / "digits" / "smmd").symlink_to(elsewhere)
    done = run(
        f"--output_dir={tmp_path}", "--data=digits", "--methods=mmd,gan,smmd"
    )
    assert done.returncode == 0
    told = [line for line in done.stderr.splitlines() if "left out" in line]
    assert len(told) == 3 and not list(elsewhere.iterdir())
    assert f"{damaged} is left out: it is damaged" in told[0]
    assert (
        f"digits/mmd/0 is left out: --run_dir={other} is not a run" in told[1]
    )
    assert "smmd is a link, and what is written" in told[2]
    assert json.loads(done.stdout)["not_run"] == 3
    assert (other / "notes.txt").read_text() == "mine"
    assert damaged.read_text() == "{"


def test_help_lists_the_flags_without_tensorflow():
    done = run("--help")
    assert done.returncode == 0 and "--methods" in done.stdout
    assert "tensorflow" not in done.stderr.lower()


@pytest.mark.parametrize(
    "arguments, words",
    [
        ([], "--output_dir is missing"),
        (["--output_dir=x", "--jobs=0"], "--jobs=0"),
        (["--output_dir=x", "--methods=wgan_pg"], "Did you mean 'wgan_gp'"),
        pytest.param(
            ["--output_dir=x", "--only=ring/mmd/a"],
            "--seeds=a",
            marks=pytest.mark.slow,
        ),
    ],
)
def test_bad_input_is_one_line(arguments, words):
    done = run(*arguments)
    assert done.returncode == 2 and not done.stdout
    assert done.stderr.startswith("error: ") and words in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (ROOT / "x").exists()
