"""Names at the top level of the package."""

import ast
import pathlib
import pickle
import subprocess
import sys

import pytest

import tf_mmdgan as tm
from tf_mmdgan.config.catalogue import Catalogue


def test_rooms_are_there_without_being_imported():
    assert callable(tm.data.load)
    assert tm.errors.UsageError is not None
    assert {"data", "metrics", "Criterion", "StopAtNaN"} <= set(dir(tm))


@pytest.mark.parametrize("name", tm.__all__)
def test_every_public_name_is_there(name):
    assert getattr(tm, name) is not None


CATALOGUES = [
    name for name in tm.__all__ if isinstance(getattr(tm, name), Catalogue)
]


@pytest.mark.parametrize("catalogue", CATALOGUES)
def test_an_unknown_member_is_answered_with_the_near_one(catalogue):
    members = getattr(tm, catalogue)
    name = next(iter(members))
    with pytest.raises(KeyError, match=f"Did you mean '{name}'") as caught:
        members[f"{name}x"]
    assert len(str(caught.value).splitlines()) == 1
    assert isinstance(caught.value, tm.errors.UsageError)
    assert members.get("none") is None and "none" not in members


def test_a_catalogue_with_more_is_one():
    more = tm.KERNELS | {"wide": tm.Gaussian(9.0)}
    assert more["wide"] == tm.Gaussian(9.0) and "wide" not in tm.KERNELS
    with pytest.raises(KeyError, match="Did you mean 'wide'"):
        more["wid"]
    with pytest.raises(KeyError, match="need a name, not 3"):
        tm.KERNELS[3]
    assert len(CATALOGUES) == 13
    assert pickle.loads(pickle.dumps(tm.KERNELS)) == tm.KERNELS


def test_a_misspelt_name_is_answered_with_the_near_one():
    with pytest.raises(AttributeError, match="Did you mean 'Gaussian'"):
        _ = tm.Guassian


def test_editors_see_every_name():
    stub = pathlib.Path(tm.__file__).with_suffix(".pyi")
    seen = {
        alias.asname
        for node in ast.walk(ast.parse(stub.read_text()))
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert seen == {*tm.__all__, *tm._ROOMS} - {"__version__"}


TYPED = """
import tf_mmdgan as tm
reveal_type(tm.Gaussian)
reveal_type(tm.mmd2_biased)
reveal_type(tm.KERNELS["rbf"])
tm.Guassian
tm.GradientPenalty(weight="1")
tm.Objective(tm.FGAN("kl"), tm.ZeroCentredPenalty(1.0, "real"))
tm.DriftDiscrepancy(tm.DriftField("laplace"), temperatures=[0.1, 0.2])
tm.MetricSettings(kernel="rbf"), tm.RepulsiveMMD("rbf", bounds=[0.2, 4.0])
"""


@pytest.mark.slow
def test_type_checkers_see_types_and_signatures(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(TYPED)
    root = pathlib.Path(tm.__file__).parents[1]
    command = [sys.executable, "-m", "mypy", "--config-file=", str(script)]
    told = subprocess.run(
        [*command, f"--cache-dir={tmp_path}", "--follow-imports=silent",
         "--ignore-missing-imports"],
        capture_output=True, text=True, cwd=root, check=False,
    ).stdout  # fmt: skip
    gaussian, estimator, kernel, typo, weight, _ = told.splitlines()
    assert "-> tf_mmdgan.kernels.radial.Gaussian" in gaussian
    assert "def (grams: " in estimator and "Grams" in estimator
    assert 'Revealed type is "tf_mmdgan.kernels.kernel.Kernel' in kernel
    assert 'maybe "Gaussian"' in typo
    assert '"weight" to "GradientPenalty" has incompatible type "str"' in weight
