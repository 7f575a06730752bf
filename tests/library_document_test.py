"""docs/library.md: its pieces are one program, which runs."""

import pathlib
import re

import numpy as np
import pytest

TEXT = (pathlib.Path(__file__).parents[1] / "docs" / "library.md").read_text()
CODE = re.findall(r"^```python\n(.*?)^```", TEXT, re.DOTALL | re.MULTILINE)


@pytest.mark.slow
def test_the_program_of_the_document(capsys):
    names = {"__name__": "library_document"}
    for code in CODE:
        exec(compile(code, "docs/library.md", "exec"), names)
    assert names["drawn"].shape == (16, 16, 16, 1)
    assert len(names["history"].history["critic/OutputPenalty"]) == 2
    assert int(names["model"].step.numpy()) == 10
    assert names["sevens"].shape == names["dark"].shape == (4, 16, 16, 1)
    assert names["by_ink"].condition.rows.shape == (1297, 1)
    assert "'generator/mmd2'" in capsys.readouterr().out
    scores = names["scores"]
    np.testing.assert_allclose(scores["kid"], scores["kid_exact"]["kid"], 0.1)
    assert 0.0 < scores["fid"]["fid"] < np.inf
    kernel, x = names["Cosine"](), np.eye(3, dtype=np.float32)
    np.testing.assert_allclose(kernel.diagonal(x), np.ones(3))
