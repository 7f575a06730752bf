"""The table and the sheets."""

import json

import numpy as np
import PIL.Image
import pytest

from tf_mmdgan import errors
from tf_mmdgan.data.sets import ring
from tf_mmdgan.reproduction import comparison, pictures
from tf_mmdgan.reproduction.comparison import outputs, results

RING = {"modes_covered": 7, "high_quality": 0.5, "samples": "s.png"}
KID = {
    "kid": 1.5, "kid_standard_error": 0.25, "kid_before": 40.0,
    "kid_of_training_images": -1.0, "samples": "s.png",
}  # fmt: skip


def rows(text):
    return [line for line in text.splitlines() if line.startswith("|")]


def test_table_of_every_kind_of_cell(plan, make_result):
    planned = plan(data="ring,digits", methods="mmd,cramer,wgan_gp")
    cell = {c.name: c for c in planned}
    found = [
        make_result(cell["ring/mmd/0"], RING),
        make_result(cell["digits/mmd/0"], KID),
        make_result(cell["digits/wgan_gp/0"], {**KID, "kid": 3.0}, steps=9),
        make_result(cell["digits/cramer/0"], "Step 3: not finite", "diverged"),
        make_result(cell["ring/cramer/0"], f"a | {'b' * 99}", "failed"),
    ]  # fmt: skip
    text = outputs.markdown(planned, found, "samples")
    assert rows(text) == [
        "| method | Ring: modes of 8 / high quality | Digits: KID (s.e.) |",
        "|---|---|---|",
        "| mmd | 7 / 0.500 | 1.50 (0.25) |",
        "| wgan_gp | not run | 3.00 (0.25) [9 steps] |",
        f"| cramer | a / {'b' * 53}... | NaN at step 3 |",
    ]
    assert (
        "- Digits: 500 steps; seed 0; KID before training 40.00; KID of "
        "training images -1.00; 3 minutes in all; threads of a run 2; "
        "2026-01-31; commit abc."
    ) in text
    assert "(samples_digits.png)" in text and "(samples_ring.png)" in text


def test_seeds_stand_side_by_side_and_error_may_be_undefined(plan, make_result):
    planned = plan(data="digits", methods="mmd", seeds="1,0,2")
    one, zero, _ = planned
    found = [
        make_result(one, {**KID, "kid_standard_error": None}),
        make_result(zero, KID),
    ]
    text = outputs.markdown(planned, found, "samples")
    assert rows(text)[-1] == "| mmd | 1.50 (0.25); 1.50 (-) |"
    assert "seed 0, 1;" in text


def test_files_of_a_comparison(plan, make_result, tmp_path, rng):
    planned = plan(data="ring,digits", methods="mmd,cramer")
    points, digits, failed = planned[0], planned[2], planned[3]
    for cell, result in (
        (points, make_result(points, RING)),
        (digits, make_result(digits, KID)),
        (failed, make_result(failed, "no", "failed")),
    ):
        cell.run_dir.mkdir(parents=True)
        results.write_result(cell.result_file, result)
    np.savez(points.run_dir / "points.npz", points=rng.normal(size=(50, 2)))
    PIL.Image.new("L", (80, 80)).save(digits.run_dir / "s.png")
    docs = tmp_path / "docs"
    outputs.write_outputs(tmp_path, planned, docs)
    found = json.loads((tmp_path / "results.json").read_text())["results"]
    assert [r["data"] for r in found] == ["ring", "digits", "digits"]
    copied = (docs / "results").glob("*/*/*")
    assert {str(path.relative_to(docs / "results")) for path in copied} == {
        "ring/mmd/seed_0.json", "digits/mmd/seed_0.json",
    }  # fmt: skip
    for name in ("ring", "digits"):
        sheet = (tmp_path / f"samples_{name}.png").read_bytes()
        assert sheet == (docs / f"results_{name}.png").read_bytes()
    assert "(samples_ring.png)" in (tmp_path / "results.md").read_text()


def test_results_of_earlier_plans_stay_in_the_table(plan, make_result):
    (earlier,) = plan(data="digits", methods="wgan_gp")
    now = plan(data="ring", methods="mmd")
    text = outputs.markdown(now, [make_result(earlier, KID)], "samples")
    assert rows(text)[2:] == [
        "| mmd | not run | not run |",
        "| wgan_gp | not run | 1.50 (0.25) |",
    ]


def test_results_of_data_that_are_no_more_are_left_out(
    plan, make_result, tmp_path
):
    planned = plan(data="digits", methods="mmd")
    gone = make_result(planned[0], KID, data="gone")
    results.write_result(tmp_path / "gone" / "mmd" / "seed_0.json", gone)
    outputs.write_outputs(tmp_path, planned)
    written = json.loads((tmp_path / "results.json").read_text())
    assert written == {"results": []}
    text = (tmp_path / "results.md").read_text()
    assert rows(text)[2:] == ["| mmd | not run |"]


def pixels(png, tmp_path):
    path = tmp_path / "sheet.png"
    path.write_bytes(png)
    return np.asarray(PIL.Image.open(path).convert("RGB")).astype(int)


def test_grids_are_cut_in_half(tmp_path):
    grid = np.zeros((80, 80, 3), np.uint8)
    grid[:40], grid[40:] = [255, 0, 0], [0, 0, 255]
    PIL.Image.fromarray(grid).save(tmp_path / "grid.png")
    sheet = pixels(pictures.grid_sheet({"a": tmp_path / "grid.png"}), tmp_path)
    red = (sheet == [255, 0, 0]).all(axis=2)
    assert red.mean() > 0.3
    assert not (sheet == [0, 0, 255]).all(axis=2).any()


def test_points_are_where_they_are_drawn(tmp_path):
    """Ink at one mode only, beyond that of an empty panel."""
    nothing = np.full((1, 2), 99.0)
    empty = pixels(pictures.scatter_sheet({"a": nothing}), tmp_path)
    top = ring.ring(4000, 0, modes=1) * [1, -1]
    drawn = pixels(pictures.scatter_sheet({"a": top}), tmp_path)
    changed = (empty != drawn).any(axis=2)
    upper, lower = np.array_split(changed, 2)
    assert upper.sum() > 50 and not lower.any()


def test_all_methods_have_a_rank(plan):
    cells = plan(data="ring")
    assert sorted(cells, key=outputs.order) == cells
    assert len(cells) == len(comparison.ENTRIES)


@pytest.mark.parametrize("name", ["../../secret.png", "{}/secret.png", "link"])
def test_pictures_of_others_are_not_published(
    plan, make_result, tmp_path, rng, name
):
    (cell,) = plan(data="digits", methods="mmd")
    secret = tmp_path / "secret.png"
    PIL.Image.fromarray(rng.integers(0, 255, (8, 8)).astype(np.uint8)).save(
        secret
    )
    cell.run_dir.mkdir(parents=True)
    (cell.run_dir / "link").symlink_to(secret)
    scores = {**KID, "samples": name.format(tmp_path)}
    results.write_result(cell.result_file, make_result(cell, scores))
    with pytest.raises(errors.DataError, match="is not in"):
        outputs.write_outputs(tmp_path, [cell])
    assert not list(tmp_path.glob("samples*"))
