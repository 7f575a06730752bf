"""What every listed study must have."""

import io
import pathlib

import PIL.Image
import pytest

from tf_mmdgan.reproduction import studies
from tf_mmdgan.reproduction.studies import documents, runner

DOCS = pathlib.Path(__file__).parents[2] / "docs"
STORED = sorted(path.stem for path in (DOCS / "studies").glob("*.json"))


@pytest.mark.parametrize("name", studies.STUDIES)
def test_words_are_filled_in(name):
    study = studies.STUDIES[name]
    assert study.title[0].isupper() and not study.title.endswith(".")
    for text in (study.claim, study.source, study.threshold):
        assert text.endswith((".", "?"))
        assert " ".join(text.split()) == text
    assert any(character.isdigit() for character in study.source)
    assert set(study.quick_seeds) <= set(study.seeds)
    assert 4 <= study.size[0] <= 12 and 2 <= study.size[1] <= 14


@pytest.mark.parametrize("name", STORED)
def test_stored_numbers_still_give_verdict_and_figure(name):
    study = studies.STUDIES[name]
    path = DOCS / "studies" / f"{name}.json"
    result = runner.read_result(path, name, study)
    assert not result.quick and path.stat().st_size < 200_000
    assert study.holds(result.numbers) == result.holds
    picture = PIL.Image.open(io.BytesIO(runner.picture(study, result.numbers)))
    assert picture.width == round(110 * study.size[0])
    stored = DOCS / "studies" / f"{name}.png"
    assert stored.stat().st_size < 300_000  # photographs compress badly
    assert PIL.Image.open(stored).size == picture.size


def test_the_document_is_that_of_the_stored_numbers():
    text, _ = documents.document(studies.STUDIES, DOCS)
    assert (DOCS / documents.DOCUMENT).read_text() == text, (
        "run: tf-mmdgan study --write_docs=docs"
    )
