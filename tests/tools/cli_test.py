"""What entry points write to stderr."""

import warnings

from tf_mmdgan.tools import cli


def test_warnings_of_the_package_are_lines_like_errors():
    format_warning = cli._one_line(warnings.formatwarning)
    line = format_warning("two\nlines", UserWarning, "file.py", 1)
    assert line == "warning: two lines\n"
    other = format_warning("overflow", RuntimeWarning, "file.py", 1)
    assert "file.py:1: RuntimeWarning: overflow" in other
