"""What takes long to import is imported when it is needed."""

import subprocess
import sys

import pytest

_HEAVY = (
    "tensorflow_gan", "tensorflow_probability", "tensorflow_hub", "tf_keras",
    "tensorflow_datasets", "flask", "grpc",
)  # fmt: skip


@pytest.mark.slow
def test_rooms_import_nothing_that_scores_or_public_data_need():
    program = (
        "import sys, tensorflow\n"
        "before = set(sys.modules)\n"
        "from tf_mmdgan import evaluation, export, reproduction, serving\n"
        "from tf_mmdgan import training\n"
        f"found = (set(sys.modules) - before) & set({_HEAVY!r})\n"
        "assert not found, found\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
