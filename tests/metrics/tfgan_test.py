"""Our block estimator equals TF-GAN's; TF-GAN loads without side effects."""

import subprocess
import sys
import textwrap
import types

import numpy as np
import pytest

from tf_mmdgan import errors
from tf_mmdgan.metrics import tfgan
from tf_mmdgan.metrics.kid import kid


@pytest.mark.parametrize(
    "n, m, size",
    [
        (60, 60, 20),
        (200, 150, 50),
        (150, 200, 64),
        (101, 37, 10),
        (7, 50, 17),
        (40, 30, 1024),  # one block: no standard error
    ],
)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_blocks_equal_tfgan(rng, n, m, size, dtype):
    real = rng.normal(size=(n, 16)).astype(dtype)
    fake = (rng.normal(size=(m, 16)) * 1.1 + 0.2).astype(dtype)
    value, standard_error = tfgan.kid_and_std(real, fake, size)
    ours = kid(real, fake, "blocks", max_block_size=size)
    assert ours.mean == pytest.approx(value, rel=1e-6)
    assert ours.standard_error == pytest.approx(
        standard_error, rel=1e-6, nan_ok=True
    )
    assert np.isnan(standard_error) == (size > max(n, m))


def test_bad_input_is_refused_before_tfgan_sees_it(rng):
    features = rng.normal(size=(8, 4))
    with pytest.raises(errors.DataError, match="fake has 3 samples for 4"):
        tfgan.kid_and_std(features, features[:3], 2)
    with pytest.raises(errors.DataError, match="NaN"):
        tfgan.kid_and_std(features, features * np.nan)


def test_python_without_docstrings_is_refused(monkeypatch):
    monkeypatch.delitem(sys.modules, tfgan._EVAL, raising=False)
    monkeypatch.setattr(sys, "flags", types.SimpleNamespace(optimize=2))
    with pytest.raises(errors.UsageError, match="python -OO"):
        tfgan.load()


def run(code):
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        capture_output=True,
        text=True,
    )


def test_loads_without_hub_and_leaves_no_stand_ins():
    result = run(
        """
        import sys

        class NoHub:
            def find_spec(self, name, path=None, target=None):
                if name == "tensorflow_hub":
                    raise ImportError("no pkg_resources")

        sys.meta_path.insert(0, NoHub())
        from tf_mmdgan.metrics import tfgan
        module = tfgan.load()
        assert tfgan.load() is module
        for name in ("tensorflow_gan", "tensorflow_gan.python",
                     "tensorflow_hub"):
            assert name not in sys.modules, name
        value, _ = tfgan.kid_and_std([[0.0], [1.0]], [[2.0], [3.0]])
        print(value)
        """
    )
    assert result.returncode == 0, result.stderr
    # 1 + 7^3 - 2 * mean of 1, 1, 3^3, 4^3
    assert float(result.stdout) == pytest.approx(344.0 - 2.0 * 93.0 / 4.0)
    assert "map_fn" not in result.stderr


def test_absence_of_tfgan_names_the_remedy(monkeypatch):
    for name in list(sys.modules):
        if name.startswith("tensorflow_gan"):
            monkeypatch.delitem(sys.modules, name)
    find_spec = tfgan.importlib.util.find_spec
    monkeypatch.setattr(
        tfgan.importlib.util,
        "find_spec",
        lambda name: None if name == "tensorflow_gan" else find_spec(name),
    )
    with pytest.raises(errors.UsageError, match="pip install tensorflow-gan"):
        tfgan.load()
