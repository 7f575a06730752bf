"""What a process leaves behind, as a result."""

import json

import pytest

from tf_mmdgan.reproduction import comparison
from tf_mmdgan.reproduction.comparison import results

NAN = "error: Step 12: not finite: critic/loss. The last checkpoint is ..."


def write_log(cell, *lines):
    cell.run_dir.mkdir(parents=True, exist_ok=True)
    text = "".join(json.dumps(line) + "\n" for line in lines)
    (cell.run_dir / "metrics.jsonl").write_text(text)


def test_scores_of_images_get_their_standard_errors(plan):
    (cell,) = plan(data="digits", methods="mmd", steps=40)
    write_log(
        cell,
        {"step": 0, "kid": 9.0, "kid_standard_error": 0.9},
        {"step": 20, "seconds_per_step": 0.5},
        {"step": 40, "seconds_per_step": 0.25},
        {"step": 40, "kid": 1.0, "kid_standard_error": 0.1},
    )
    (cell.run_dir / "config.json").write_text('{"commit": "abc"}')
    printed = {
        "steps": 40, "kid_before": 9.0, "kid": 1.0, "run_dir": "x",
        "samples": str(cell.run_dir / "samples" / "a.png"),
    }  # fmt: skip
    found = results.from_process(
        cell, 0, "news\n" + json.dumps(printed), "", threads=3
    )
    assert found.scores == {
        "steps": 40, "kid_before": 9.0, "kid_before_standard_error": 0.9,
        "kid": 1.0, "kid_standard_error": 0.1, "samples": "samples/a.png",
    }  # fmt: skip
    assert (found.status, found.reason, found.steps) == ("done", None, 40)
    assert (found.seconds, found.threads, found.commit) == (15.0, 3, "abc")
    assert found.summary == "1.00 (0.10)"


@pytest.mark.parametrize(
    "code, stderr, status, reason, summary",
    [
        (1, f"0%\n{NAN}\n", "diverged", NAN[7:], "NaN at step 12"),
        (1, "error: no file.\n \n", "failed", "no file.", "no file."),
        (1, "Traceback\nTypeError: x", "failed", "TypeError: x", None),
        (-9, "90%", "failed", "killed by signal 9", None),
        (3, "", "failed", "exit code 3", None),
    ],
)
def test_failures_have_one_line(plan, code, stderr, status, reason, summary):
    (cell,) = plan(data="ring", methods="mmd")
    found = results.from_process(cell, code, "", stderr, threads=1)
    assert (found.status, found.reason) == (status, reason)
    assert found.summary == (summary or reason)
    assert (found.scores, found.commit, found.seconds) == ({}, None, 0.0)


def test_seconds_are_those_of_the_whole_run():
    log = [
        {"step": 0, "kid": 1.0},
        {"step": 10, "seconds_per_step": 1.0},
        {"step": 30, "seconds_per_step": 0.5},
    ]
    assert results.training_seconds(log) == 20.0


@pytest.mark.parametrize(
    "status, steps, settled",
    [
        ("done", 10, True), ("done", 11, True), ("done", 9, False),
        ("diverged", 10, True), ("failed", 10, False),
    ],
)  # fmt: skip
def test_what_need_not_be_run_again(plan, make_result, status, steps, settled):
    (cell,) = plan(data="ring", methods="mmd", steps=10)
    found = make_result(cell, {}, status=status, steps=steps)
    assert found.settles(cell) == settled


def test_written_results_are_read(plan, make_result, tmp_path):
    cells = plan(data="ring,digits", methods="mmd", seeds="0,1")
    made = [
        make_result(cell, {"kid": 1.5, "kid_standard_error": None})
        for cell in cells
    ]
    for cell, result in zip(cells, made, strict=True):
        results.write_result(cell.result_file, result)
    read = comparison.read_results(tmp_path)
    assert sorted(read, key=lambda r: r.key) == sorted(
        made, key=lambda r: r.key
    )


@pytest.mark.parametrize("content", ["{", "[]", '{"data": "ring"}'])
def test_damaged_results_are_named_and_others_read(
    plan, tmp_path, content, make_result
):
    damaged, sound = plan(data="ring", methods="mmd,gan")
    damaged.result_file.parent.mkdir(parents=True)
    damaged.result_file.write_text(content)
    results.write_result(sound.result_file, make_result(sound, "no", "failed"))
    with pytest.warns(match=r"mmd/seed_0\.json is left out: it is damaged"):
        (found,) = comparison.read_results(tmp_path)
    assert found.key == sound.key
    assert damaged.result_file.read_text() == content
