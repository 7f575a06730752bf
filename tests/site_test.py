"""The site: that its pages have all that they list."""

import importlib.util
import pathlib
import subprocess
import sys

import pytest
import yaml

import tf_mmdgan
from tf_mmdgan.features import EXTRACTORS
from tf_mmdgan.kernels import KERNELS
from tf_mmdgan.methods import METHODS
from tf_mmdgan.metrics import METRICS

ROOT = pathlib.Path(__file__).parents[1]


@pytest.fixture(scope="module")
def hooks():
    path = ROOT / "docs" / "_site" / "hooks.py"
    spec = importlib.util.spec_from_file_location("site_hooks", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def listed(nav):
    """The paths of a navigation, of its sections too."""
    for entry in nav:
        for value in entry.values():
            yield from [value] if isinstance(value, str) else listed(value)


@pytest.mark.parametrize(
    "page, family",
    [
        ("objectives", METHODS),
        ("kernels", KERNELS),
        ("metrics", METRICS),
        ("metrics", EXTRACTORS),
    ],
)
def test_catalogues_have_every_member(hooks, page, family):
    text = hooks.pages()[f"catalogue/{page}.md"]
    for name in family:
        assert f"\n| `{name}` |" in text
    assert all(line.count("|") > 2 for line in text.splitlines() if "|" in line)


def test_every_page_is_in_the_navigation_and_every_public_name_on_one(hooks):
    # MkDocs' own tags name Python functions.
    text = (ROOT / "mkdocs.yml").read_text().replace("!!python", "#")
    paths = set(listed(yaml.safe_load(text)["nav"]))
    written = {path.name for path in (ROOT / "docs").glob("*.md")}
    assert paths == written | set(hooks.pages())
    reference = "\n".join(hooks.pages().values())
    for name in set(tf_mmdgan.__all__) - {"__version__"}:
        assert f".{name}\n" in reference


@pytest.mark.slow
def test_the_site_is_built_without_a_warning(tmp_path):
    command = [sys.executable, "-m", "mkdocs", "build", "--strict"]
    done = subprocess.run(
        [*command, f"--site-dir={tmp_path}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "reference" / "kernels" / "index.html").read_text()
    assert "Gaussian" in page
