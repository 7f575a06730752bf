"""docs/coverage.md names nothing that is not there."""

import pathlib
import re

import pytest

from tf_mmdgan.reproduction import studies

ROOT = pathlib.Path(__file__).parents[1]
TEXT = (ROOT / "docs" / "coverage.md").read_text()


@pytest.mark.parametrize("name", sorted(set(re.findall(r"`(\S+_test)`", TEXT))))
def test_named_tests_exist(name):
    assert (ROOT / "tests" / f"{name}.py").is_file()


def test_named_studies_exist_and_all_are_named():
    assert set(re.findall(r"\*\*`(\w+)`\*\*", TEXT)) - {"name"} == set(
        studies.STUDIES
    )


def test_named_files_exist():
    names = re.findall(r"`(\w+/[\w.]+\.(?:cfg|py))`", TEXT)
    links = re.findall(r"\]\((\w+\.md)\)", TEXT)
    assert names and links
    for name in [*names, *(f"docs/{link}" for link in links)]:
        assert (ROOT / name).is_file(), name
