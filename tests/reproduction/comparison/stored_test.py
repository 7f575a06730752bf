"""Files of earlier runs, in which anything may stand."""

import dataclasses
import json

import numpy as np
import PIL.Image
import pytest

from tf_mmdgan import errors
from tf_mmdgan.reproduction import comparison, pictures
from tf_mmdgan.reproduction.comparison import claims, outputs, page, stored

KID = {"kid": 1.5, "kid_standard_error": 0.25, "samples": "s.png"}
RING = {"modes_covered": 7, "high_quality": 0.5, "samples": "s.png"}
OF_CURVES = {"precision": 0.5, "recall": 0.25, "blank_share": 0.0}
POINT = {"step": 500, "cpu_seconds": 9.0, "kid": 2.0, "fid": 3.0}


@pytest.fixture
def write(plan, make_result, tmp_path):
    """Writes a result of which some fields are changed; returns the file."""

    def make(column="digits", scores=None, **changes):
        (cell,) = plan(data=column, methods="mmd")
        result = make_result(cell, KID if scores is None else scores)
        content = dataclasses.asdict(result) | changes
        cell.result_file.parent.mkdir(parents=True, exist_ok=True)
        cell.result_file.write_text(json.dumps(content))
        return cell

    return make


BAD = [
    {"seed": "0"}, {"seed": True}, {"seed": 0.0}, {"seed": 10**400},
    {"steps": [3]}, {"steps": None}, {"seconds": "x"}, {"seconds": 1e999},
    {"seconds": float("nan")}, {"threads": 2.5}, {"flags": "--steps=3"},
    {"flags": [3]}, {"status": "well"}, {"status": ["done"]}, {"reason": 3},
    {"date": 20260131}, {"commit": ["abc"]}, {"data": ["digits"]},
    {"method": 3}, {"method": "../../../elsewhere"}, {"method": "gan"},
    {"seed": 1}, {"data": "ring"}, {"method": "x" * 5000}, {"scores": []},
    {"scores": {}}, {"scores": {"kid": 1.5}}, {"scores": {**KID, "kid": "1"}},
    {"scores": {**KID, "kid_before": "12"}}, {"scores": {**KID, "kid": [1.5]}},
    {"scores": {**KID, "samples": 7}}, {"scores": {**KID, "kid": True}},
    {"scores": {**RING, "high_quality": None}},
    {"scores": {**RING, "modes_covered": "8"}}, {"curve": [3]},
    {"curve": {"step": 3}}, {"curve": [POINT]},
    *(
        {"scores": KID | OF_CURVES, "curve": [POINT, POINT | change]}
        for change in (
            {"step": "500"}, {"kid": None}, {"fid": "x"}, {"kid": [2.0]},
            {"cpu_seconds": "long"},
        )
    ),
    {"scores": {**KID, **OF_CURVES, "blank_share": "5 %"}, "curve": [POINT]},
    {"scored_by": 3}, {"more": 1},
]  # fmt: skip


@pytest.mark.parametrize("change", BAD, ids=range(len(BAD)))
def test_results_of_other_types_are_left_out(write, tmp_path, change):
    cell = write(**change)
    with pytest.warns(UserWarning, match=r"mmd/seed_0\.json is left out") as w:
        comparison.write_outputs(tmp_path, [cell], tmp_path / "docs")
        comparison.write_page(tmp_path / "docs")
    assert all(str(each.message).isprintable() for each in w)
    assert "| mmd | not run |" in (tmp_path / "results.md").read_text()
    assert not list(tmp_path.rglob("*elsewhere*"))


def test_pipes_and_long_files_are_no_results(write, tmp_path):
    cell = write()
    cell.result_file.write_text('{"a": "' + "a" * 2**23 + '"}')
    with pytest.warns(UserWarning, match="cannot be read as JSON"):
        assert comparison.read_results(tmp_path) == []
    cell.result_file.write_text("[" * 10**5)
    with pytest.warns(UserWarning, match="cannot be read as JSON"):
        assert comparison.read_results(tmp_path) == []


def test_sound_results_are_taken(write, tmp_path):
    for data, scores, curve in (
        ("digits", KID | OF_CURVES, [POINT, POINT | {"cpu_seconds": None}]),
        ("digits", {**KID, "kid": None, "kid_before": None}, []),
        ("ring", RING, []),
    ):
        cell = write(data, scores, curve=curve)
        (found,) = comparison.read_results(tmp_path)
        assert found.scores == scores and found.curve == curve
        cell.result_file.unlink()


@pytest.mark.parametrize("suffix", ["eps", "tga", "txt"])
def test_pictures_of_other_formats_are_not_tried(tmp_path, suffix):
    path = tmp_path / "grid.png"
    if suffix == "txt":
        path.write_text("no picture")
    else:  # Pillow has programs run for some of these.
        PIL.Image.new("RGB", (8, 8)).save(path, suffix)
    with pytest.raises(errors.DataError, match=r"grid\.png is no PNG"):
        pictures.grid_sheet({"a": path})


@pytest.mark.parametrize(
    "points",
    [
        np.full((3, 2), "a"), np.zeros(3), np.full((3, 2), np.nan),
        np.zeros((0, 2)), np.zeros((3, 2), int),
    ],
    ids=range(5),
)  # fmt: skip
def test_arrays_of_other_types_are_named(write, tmp_path, points):
    cell = write("ring", RING)
    cell.run_dir.mkdir()
    for arrays in ({"points": points}, {"others": np.zeros((3, 2))}):
        np.savez(cell.run_dir / "points.npz", **arrays)
        with pytest.raises(errors.DataError, match="no array points of finite"):
            outputs.write_outputs(tmp_path, [cell])
    for method in ("gram", "mmd"):
        folder = tmp_path / "fashion_mnist_long" / method / "seed_0"
        folder.mkdir(parents=True)
        np.savez(folder / "last_features.npz", real=points, generated=points)
    with pytest.raises(errors.DataError, match="no array real of finite"):
        claims.decide(tmp_path, [0])


CLAIM = {"text": "A.", "source": "B", "verdict": "holds"}
ROW = {"difference": -0.5, "p_value": 0.01}


@pytest.mark.parametrize(
    "claim",
    [
        3, {}, {**CLAIM, "seeds": 3}, {**CLAIM, "seeds": [3]},
        {**CLAIM, "seeds": [{"difference": -0.5}]},
        {**CLAIM, "seeds": [ROW | {"p_value": "0"}]},
        {**CLAIM, "seeds": [ROW], "text": ["A."]},
    ],
    ids=range(7),
)  # fmt: skip
def test_claims_of_other_types_are_named(tmp_path, claim):
    path = tmp_path / "results" / "claims.json"
    path.parent.mkdir()
    path.write_text(json.dumps({"a": {**CLAIM, "seeds": [ROW]}}))
    assert stored.read_claims(path)["a"]["seeds"] == [ROW]
    path.write_text(json.dumps({"a": claim}))
    with pytest.raises(errors.DataError, match=r"claims\.json is damaged"):
        page.write_page(tmp_path)
