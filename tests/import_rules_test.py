"""Lower layers never import higher ones; DESIGN in docs/design.md."""

import ast
import pathlib
import re

import pytest

ROOT = pathlib.Path(__file__).parents[1]
PACKAGE = ROOT / "tf_mmdgan"

LAYERS = [
    {
        "errors", "files", "images", "config", "kernels", "latents",
        "f_divergences", "layers", "spectral_normalization",
    },
    {"mmd", "spectra", "bandwidths"},
    {"penalties", "distribution", "density_ratio", "strategies"},
    {"constrained_mmd"},
    {"discrepancies"},
    {
        "objectives", "architectures", "data", "evaluation", "export",
        "serving",
    },
    {"frozen_features"},
    {"models"},
    {"callbacks"},
    {"checkpoints", "diagnostics", "kid_schedule"},
    {"run_directory", "loading", "as_published", "metric_settings"},
    {"image_sources", "shared_extraction"},
    {"scoring"},
    {"class_scoring"},
    {"method"},
    {"experiment"},
    {"comparison"},
    {"studies"},
    {"tools"},
]  # fmt: skip
LEVEL = {name: level for level, names in enumerate(LAYERS) for name in names}
# Modules that their whole layer may use, below everything else.
BASE = {"errors", "files", "images"}


def units():
    for path in sorted(PACKAGE.rglob("*.py")):
        name = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
        if name != "__init__":
            yield name, path
    for path in sorted((ROOT / "tools").glob("*.py")):
        yield "tools", path


def imported(path):
    """Names of the package's own parts that a file imports."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            modules = [node.module] + [
                f"{node.module}.{alias.name}" for alias in node.names
            ]
        else:
            continue
        for module in modules:
            parts = module.split(".")
            if parts[0] == "tf_mmdgan" and len(parts) > 1:
                yield parts[1]


@pytest.mark.parametrize(
    "unit, path", units(), ids=lambda value: getattr(value, "stem", value)
)
def test_imports_only_lower_layers(unit, path):
    assert unit in LEVEL, f"{unit} has no layer: give it one"
    for other in set(imported(path)) & set(LEVEL) - {unit}:
        lower = LEVEL[other] < LEVEL[unit]
        assert lower or other in BASE - {unit}, f"{path} imports {other}"


def test_only_the_top_layers_see_the_configuration():
    for unit, path in units():
        if unit != "config" and LEVEL[unit] < LEVEL["loading"]:
            assert "config" not in set(imported(path)), path


def test_flags_appear_in_tools_only():
    for unit, path in units():
        if unit != "tools":
            assert not re.search(r"absl.*flags", path.read_text()), path


def test_no_file_is_longer_than_a_reader_can_hold():
    for folder in ("tf_mmdgan", "tools", "tests", "benchmarks"):
        for path in (ROOT / folder).rglob("*.py"):
            assert len(path.read_text().splitlines()) <= 400, path
