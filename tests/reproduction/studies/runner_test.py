"""Studies that are run, interrupted, drawn and described."""

import dataclasses
import io
import json

import PIL.Image
import pytest

from tf_mmdgan import errors
from tf_mmdgan.reproduction import studies
from tf_mmdgan.reproduction.studies import documents, runner


def make_study(compute, **kwargs):
    words = {
        "title": "A & B (1)", "claim": "A claim.", "source": "Somebody 2018.",
        "threshold": "x is above 1.",
    }  # fmt: skip
    return studies.Study(
        **words,
        compute=compute,
        holds=lambda numbers: numbers["x"] > 1,
        draw=lambda numbers, figure: figure.subplots().plot([numbers["x"]]),
        caption=lambda numbers: f"x is {numbers['x']}.",
        **kwargs,
    )


@pytest.fixture
def counted():
    """A study, and the budgets it was run with."""
    budgets = []

    def compute(budget, parts):
        budgets.append(budget)
        return {"x": budget.steps(2.0, 0.5)}

    return make_study(compute, seeds=(0, 1)), budgets


def test_numbers_and_figure_are_written(tmp_path, counted):
    study, budgets = counted
    result = runner.run("ab", study, tmp_path, quick=False)
    assert budgets == [studies.Budget(False, (0, 1))]
    stored = json.loads((tmp_path / "ab" / "numbers.json").read_text())
    assert stored == dataclasses.asdict(result)
    assert stored["numbers"] == {"x": 2.0} and stored["holds"] is True
    assert stored["seeds"] == [0, 1] and stored["seconds"] >= 0
    assert (
        stored["caption"] == "x is 2.0." and "tensorflow" in stored["versions"]
    )
    with PIL.Image.open(tmp_path / "ab" / "figure.png") as figure:
        assert figure.size == (880, 550)


def test_a_finished_study_is_only_drawn_again(tmp_path, counted):
    study, budgets = counted
    first = runner.run("ab", study, tmp_path, quick=False)
    (tmp_path / "ab" / "figure.png").unlink()
    assert runner.run("ab", study, tmp_path, quick=False) == first
    assert runner.run("ab", study, tmp_path, quick=True) == first
    assert len(budgets) == 1
    assert (tmp_path / "ab" / "figure.png").exists()


def test_full_length_replaces_a_quick_answer(tmp_path, counted):
    study, budgets = counted
    quick = runner.run("ab", study, tmp_path, quick=True)
    assert not quick.holds and quick.seeds == [0]
    assert runner.run("ab", study, tmp_path, quick=False).holds
    assert [budget.quick for budget in budgets] == [True, False]


def test_an_interrupted_study_goes_on(tmp_path):
    calls = []

    def compute(budget, parts):
        value = parts.get("first", lambda: calls.append(1) or 2.0)
        if len(calls) == 1:
            calls.append(2)
            raise KeyboardInterrupt
        return {"x": value}

    study = make_study(compute)
    with pytest.raises(KeyboardInterrupt):
        runner.run("ab", study, tmp_path, quick=False)
    assert runner.run("ab", study, tmp_path, quick=False).numbers == {"x": 2.0}
    assert calls == [1, 2]


def test_damaged_numbers_are_named(tmp_path, counted):
    (tmp_path / "ab").mkdir()
    (tmp_path / "ab" / "numbers.json").write_text("{}")
    with pytest.raises(errors.DataError, match=r"ab.numbers\.json is damaged"):
        runner.run("ab", counted[0], tmp_path, quick=False)


def test_an_unknown_study_is_refused(tmp_path):
    with pytest.raises(errors.UsageError, match="Did you mean 'witness'"):
        studies.run("witnes", tmp_path)


def test_the_document_has_full_length_studies_only(tmp_path, counted):
    study, _ = counted
    catalogue = {"ab": study, "quick": study, "c": study}
    runner.run("ab", study, tmp_path / "runs", quick=False)
    runner.run("quick", study, tmp_path / "runs", quick=True)
    docs = tmp_path / "docs"
    shown = documents.write_documents(catalogue, tmp_path / "runs", docs)
    assert shown == ["ab"]
    assert sorted(p.name for p in (docs / "studies").iterdir()) == [
        "ab.json", "ab.png",
    ]  # fmt: skip
    text = (docs / "studies.md").read_text()
    assert "| [A & B (1)](#a--b-1) | yes |" in text
    assert "| A & B (1) (`c`) | not run at full length | |" in text
    assert "**Holds, if** x is above 1. **Yes.**" in text
    assert "\nx is 2.0.\n" in text and "](studies/ab.png)" in text
    assert "--study=ab`: seeds 0, 1;" in text


def test_the_document_has_the_present_words_on_stored_numbers(
    tmp_path, counted
):
    study, _ = counted
    runner.run("ab", study, tmp_path / "runs", quick=False)
    stricter = dataclasses.replace(
        study, claim="Another.", holds=lambda numbers: numbers["x"] > 2
    )
    docs = tmp_path / "docs"
    documents.write_documents({"ab": stricter}, tmp_path / "runs", docs)
    text = (docs / "studies.md").read_text()
    assert "**Claim.** Another." in text and "**No.**" in text


def test_a_picture_is_the_same_each_time(counted):
    study, _ = counted
    first = runner.picture(study, {"x": 2.0})
    assert runner.picture(study, {"x": 2.0}) == first
    assert PIL.Image.open(io.BytesIO(first)).format == "PNG"


@pytest.mark.parametrize(
    "change",
    [
        {"study": "../../elsewhere"}, {"seeds": "0"}, {"seconds": "long"},
        {"holds": 1}, {"numbers": []}, {"numbers": {}}, {"versions": {"a": 3}},
        {"numbers": {"x": "much"}}, {"more": 1},
    ],
    ids=range(9),
)  # fmt: skip
def test_numbers_of_other_types_are_named(tmp_path, counted, change):
    study, _ = counted
    runner.run("ab", study, tmp_path / "runs", quick=False)
    path = tmp_path / "runs" / "ab" / "numbers.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    for act in (
        lambda: runner.run("ab", study, tmp_path / "runs", quick=False),
        lambda: documents.write_documents(
            {"ab": study}, tmp_path / "runs", tmp_path / "docs"
        ),
    ):
        with pytest.raises(errors.DataError, match=r"json is damaged or no"):
            act()
    assert not list(tmp_path.rglob("*elsewhere*"))
