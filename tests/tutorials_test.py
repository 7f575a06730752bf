"""The notebooks of docs/tutorials run from the first cell to the last."""

import pathlib
import sys

import nbformat
import pytest

FOLDER = pathlib.Path(__file__).parents[1] / "docs" / "tutorials"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs(path, tmp_path, monkeypatch):
    import nbclient
    from jupyter_client.kernelspec import KernelSpec, KernelSpecManager

    # This Python, whatever kernels are installed for others.
    command = [sys.executable, "-m", "ipykernel_launcher", "-f"]
    spec = KernelSpec(argv=[*command, "{connection_file}"], language="python")
    monkeypatch.setattr(
        KernelSpecManager, "get_kernel_spec", lambda self, name: spec
    )
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "3")
    notebook = nbformat.read(path, as_version=4)
    nbclient.NotebookClient(
        notebook, timeout=1800, resources={"metadata": {"path": tmp_path}}
    ).execute()
    shown = [
        output
        for cell in notebook.cells
        if cell.cell_type == "code"
        for output in cell.outputs
    ]
    assert sum("image/png" in out.get("data", {}) for out in shown) == 3


def test_notebooks_are_there_without_outputs():
    assert [path.stem for path in NOTEBOOKS] == ["digits"]
    for path in NOTEBOOKS:
        for cell in nbformat.read(path, as_version=4).cells:
            assert not cell.get("outputs") and "execution_count" not in {
                k for k, v in cell.items() if v is not None
            }
