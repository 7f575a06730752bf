"""Nothing imports upward: the floors of docs/design.md, read off the syntax."""

import ast
import pathlib
import re

import pytest

ROOT = pathlib.Path(__file__).parents[1]
PACKAGE = ROOT / "tf_mmdgan"

# Rooms, the lowest floor first. Rooms of one floor do not import each other.
FLOORS = [
    {"archives", "deadlines", "errors", "protos"},
    {"switches"},
    {"class_names", "config", "fetching", "files"}
    | {"keras_settings", "owned", "published"},
    {"images", "latents", "kernels"},
    {"conditions"},
    {"mmd", "networks", "distribute"},
    {"objectives", "data", "features"},
    {"metrics", "export", "serving"},
    {"models"},
    {"methods", "evaluation"},
    {"training"},
    {"reproduction"},
    {"tools"},
]

# The same inside of rooms, for files and folders.
INSIDE = {
    "kernels": [
        {"rows", "roots"}, {"kernel"}, {"radial"}, {"library", "bandwidths"},
    ],
    "mmd": [
        {"estimators", "samples", "outcome", "kernel_tiles", "kernel_choice"},
        {"variance", "permutation", "embeddings", "as_published",
         "random_features", "sliced"},
        {"three_sample", "constrained", "linear_time", "aggregated"},
        {"wild_bootstrap"},
        {"two_sample"},
    ],
    "mmd/constrained": [
        {"expansions", "scale"},
        {"system"},
        {"incomplete_cholesky"},
        {"solvers"},
        {"distance"},
        {"gradient_constrained", "lipschitz"},
    ],
    "data": [
        {"table"},
        {"image_set", "augment", "preprocessing", "resize"},
        {"readers", "cache", "pipeline", "summary"},
        {"sets", "entry"},
        {"catalogue"},
    ],
    "data/sets": [
        {"tfds"},
        {"cifar", "digits", "folder", "lsun", "mnist", "npz", "ring", "rows",
         "synthetic"},
        {"npz_preview"},
    ],
    "evaluation": [
        {"alike", "outputs", "loaded", "main_scores", "memorized",
         "metric_settings", "usual"},
        {"charts", "report", "images", "markup"},
        {"history"},
        {"page"},
        {"layers", "neighbours"},
        {"scorer", "comparable"},
        {"fakes", "sample_files"},
        {"class_scores", "classified", "from_config", "realistic",
         "two_sample_page"},
        {"by_statistics", "one_set"},
        {"two_sample"},
    ],
    "methods": [
        {"settings", "optimizers"},
        {"builder", "deviations", "few_steps_settings",
         "learned_moments_settings"},
        {"method"},
        {"adversarial", "codes", "few_steps", "labelled"},
        {"matching", "classifiers"},
        {"learned_moments"},
        {"published"},
        {"resolution"},
        {"model"},
    ],
    "training": [
        {"events", "guard", "checkpoint_files", "class_rows"},
        {"callbacks", "event_files", "run_directory"},
        {"checkpoints", "claims", "class_records", "diagnostics", "history",
         "kid_schedule", "loggers", "matched", "pace", "records", "run_data",
         "sample_grid", "usable"},
        {"best", "held_out", "parts", "restored"},
        {"finished", "state", "compared_page"},
        {"kept_steps"},
        {"callback_list", "compared", "curve", "initial", "planning"},
        {"scored_steps"},
        {"scored"},
        {"run"},
    ],
}  # fmt: skip


def _modules(path):
    """Dotted names of the package's own modules that a file imports from."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in names:
            if name.startswith("tf_mmdgan."):
                yield name.removeprefix("tf_mmdgan.").split(".")


def _imported(path, folder=()):
    """Names in `folder` of the package that a file imports from."""
    depth = len(folder)
    for parts in _modules(path):
        if tuple(parts[:depth]) == folder and len(parts) > depth:
            yield parts[depth]


def _files():
    yield from sorted(PACKAGE.glob("*/**/*.py"))
    yield from (p for p in sorted(PACKAGE.glob("*.py")) if p.stem[0] != "_")
    yield from sorted((ROOT / "tools").glob("*.py"))


def _room(path):
    if path.parent == ROOT / "tools":
        return "tools"
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def _level(floors):
    return {name: level for level, names in enumerate(floors) for name in names}


def _label(path):
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", _files(), ids=_label)
def test_rooms_import_from_lower_floors_only(path):
    room, level = _room(path), _level(FLOORS)
    assert room in level, f"{room} is on no floor: give it one"
    for other in set(_imported(path)) & level.keys() - {room}:
        assert level[other] < level[room], f"{path} imports {other}"


@pytest.mark.parametrize("folder", INSIDE)
def test_files_of_a_room_import_from_lower_floors_only(folder):
    level, inside = _level(INSIDE[folder]), tuple(folder.split("/"))
    for path in (PACKAGE / folder).rglob("*.py"):
        name = path.relative_to(PACKAGE / folder).parts[0].removesuffix(".py")
        if name == "__init__":
            continue
        assert name in level, f"{path} is on no floor: give it one"
        for other in set(_imported(path, inside)) & level.keys() - {name}:
            assert level[other] < level[name], f"{path} imports {other}"


def test_every_room_is_there():
    modules = (p for p in PACKAGE.iterdir() if p.suffix in ("", ".py"))
    found = {path.stem for path in modules if path.stem[0] != "_"}
    assert found | {"tools"} == set().union(*FLOORS)


def test_flags_appear_in_tools_only():
    for path in _files():
        if _room(path) != "tools":
            assert not re.search(r"absl.*flags", path.read_text()), path


def test_no_file_is_longer_than_a_reader_can_hold():
    most = {"tf_mmdgan": 360, "tools": 360, "tests": 400, "benchmarks": 400}
    for folder, lines in most.items():
        for path in (ROOT / folder).rglob("*.py"):
            assert len(path.read_text().splitlines()) <= lines, path


def test_no_function_is_longer_than_a_screen():
    for path in _files():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef):
                length = node.end_lineno - node.lineno + 1
                assert length <= 60, f"{path}: {node.name}, {length} lines"
