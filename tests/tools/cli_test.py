"""What entry points write to stderr."""

import ast
import logging
import pathlib
import sys
import warnings

import pytest

import tf_mmdgan
from tf_mmdgan import errors
from tf_mmdgan.tools import cli

ESCAPE = "\x1b]0;owned\x07"
ROOT = pathlib.Path(__file__).parents[2]


def test_warnings_of_the_package_are_lines_like_errors():
    format_warning = cli._one_line(warnings.formatwarning)
    line = format_warning("two\nlines", UserWarning, "file.py", 1)
    assert line == "warning: two lines\n"
    other = format_warning("overflow", RuntimeWarning, "file.py", 1)
    assert "file.py:1: RuntimeWarning: overflow" in other


def test_escape_codes_reach_the_terminal_as_text_only(capsys):
    format_warning = cli._one_line(warnings.formatwarning)
    for category in (UserWarning, RuntimeWarning):
        line = format_warning(f"of {ESCAPE}", category, f"{ESCAPE}.py", 1)
        assert "\x1b" not in line and r"of \x1b]0;owned\x07" in line
    with pytest.raises(SystemExit) as ended:
        cli._exit(errors.DataError(f"no\nfile {ESCAPE}"), 1)
    assert ended.value.code == 1
    try:
        raise KeyError(ESCAPE)
    except KeyError:
        cli.print_traceback(*sys.exc_info())
    record = logging.LogRecord(
        "tfds", logging.WARNING, "a.py", 1, f"split {ESCAPE}\n", (), None
    )
    print(cli._Printable().format(record), file=sys.stderr)
    first, *rest = capsys.readouterr().err.splitlines()
    assert first == r"error: no file \x1b]0;owned\x07"
    assert len(rest) > 2 and all(line.isprintable() for line in rest)


def _prints(path):
    """Calls that write to stderr otherwise than by `errors.tell`."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call):
            text = ast.unparse(node)
            if "file=sys.stderr" in text or "stderr.write" in text:
                yield node.func, text


def test_every_message_is_made_printable():
    package = pathlib.Path(tf_mmdgan.__file__).parent
    for path in [*package.rglob("*.py"), *(ROOT / "tools").glob("*.py")]:
        for function, text in _prints(path):
            bar = ast.unparse(function) == "tqdm.tqdm"
            assert bar or "printable" in text or "_Lines" in text, (path, text)
