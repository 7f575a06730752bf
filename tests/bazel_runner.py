"""Runs pytest on one file of a Bazel test's runfiles."""

import os
import sys

import pytest


def main() -> int:
    # An editable install would find the files that this target may not see.
    sys.meta_path[:] = [
        finder
        for finder in sys.meta_path
        if not getattr(finder, "__module__", "").startswith("__editable__")
    ]
    arguments = ["-m", "not slow", "-p", "no:cacheprovider", *sys.argv[1:]]
    # Bazel's contract with a test: where to write, what to select.
    temporary = os.path.join(os.environ["TEST_TMPDIR"], "pytest")
    arguments.append(f"--basetemp={temporary}")
    if "XML_OUTPUT_FILE" in os.environ:
        arguments.append(f"--junitxml={os.environ['XML_OUTPUT_FILE']}")
    if "TESTBRIDGE_TEST_ONLY" in os.environ:
        arguments += ["-k", os.environ["TESTBRIDGE_TEST_ONLY"]]
    return pytest.main(arguments)


if __name__ == "__main__":
    sys.exit(main())
