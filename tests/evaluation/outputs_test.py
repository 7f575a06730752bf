"""Outcomes replace outcomes, and nothing else."""

import json
import os

import numpy as np
import pytest
from limits import within

from tf_mmdgan import errors
from tf_mmdgan.config import TwoSampleConfig
from tf_mmdgan.evaluation import Report, markup, outputs, two_sample


@pytest.fixture
def path(tmp_path):
    """A file of an outcome, and its page, as they are written."""
    report = Report(
        scores={"fid": {"fid": 1.0}},
        num_real=None,
        num_fake=2,
        extractor="pixels",
        real="/home/me/a.npz",
        fake="b.npz",
        seconds=0.1,
    )
    made = tmp_path / "index.json"
    outputs.write(made, report.to_dict(), markup.document("scores", []))
    return made


def refused(path, culprit):
    content = culprit.read_bytes() if culprit.is_file() else None
    with (
        within(seconds=5, megabytes=50),
        pytest.raises(errors.UsageError) as caught,
    ):
        outputs.check(path)
    assert str(culprit) in str(caught.value)
    assert content is None or culprit.read_bytes() == content


def test_ones_own_are_replaced_and_named(path, capsys):
    outputs.check(path)
    assert json.loads(path.read_text())["real"] == "a.npz"
    outputs.tell(path)
    told = capsys.readouterr().err
    assert str(path) in told and str(path.with_suffix(".html")) in told


def test_names_that_are_no_text_are_written(tmp_path):
    made = tmp_path / "found.json"
    outputs.write(made, {"fake": "runs/\udcff"}, "of runs/\udcff")
    assert json.loads(made.read_text()) == {"fake": "runs/\udcff"}
    assert made.with_suffix(".html").read_text() == "of runs/\\udcff"


def test_outcomes_of_tests_are_ones_own_too(tmp_path, rng):
    for name in "xy":
        np.save(tmp_path / f"{name}.npy", rng.normal(size=(20, 2)))
    found = two_sample.compare(
        TwoSampleConfig(
            x=f"{tmp_path}/x.npy", y=f"{tmp_path}/y.npy", num_permutations=19
        ),
        None,
    )
    found.write(tmp_path / "found.json", 3)
    outputs.check(tmp_path / "found.json")


@pytest.mark.parametrize(
    "content", [b"{}", b'{"scores": 1}', b"[1]", b"\xff", b"", b"[" * 10**5]
)
def test_a_foreign_record_stays(path, content):
    path.write_bytes(content)
    refused(path, path)


@pytest.mark.parametrize(
    "content",
    [b"<html>mine</html>", b"", bytes(8192) + outputs.GENERATOR.encode()],
    ids=["page", "empty", "far"],
)
def test_a_foreign_page_stays(path, content):
    beside = path.with_suffix(".html")
    beside.write_bytes(content)
    refused(path, beside)
    path.unlink()
    refused(path, beside)


def test_what_is_no_file_stays(path, tmp_path):
    beside = path.with_suffix(".html")
    beside.unlink()
    os.mkfifo(beside)
    refused(path, beside)
    beside.unlink()
    beside.mkdir()
    refused(path, beside)
