"""One Bazel target per file of tests."""

load("@rules_python//python:defs.bzl", "py_test")

def pytest_test(src, deps, helpers = [], data = []):
    """Runs one file under pytest, with only `deps` at hand.

    Args:
      src: the file, *_test.py; the target is called like it, without ".py".
      deps: the libraries under test.
      helpers: Python files beside the test.
      data: other files that it reads.
    """
    py_test(
        name = src[:-len(".py")],
        timeout = "long",
        srcs = ["bazel_runner.py", "conftest.py", src] + helpers,
        args = ["tests/" + src],
        data = ["//:pyproject.toml"] + data,
        main = "bazel_runner.py",
        deps = deps,
    )
