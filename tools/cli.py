"""What all entry points share: flags in, one JSON line out, exit codes.

0: success, the result is the last line of stdout, as JSON.
1: a failure; 2: a setting that cannot be honoured. Both say why on one line.
141: nobody reads the pipe any more that is written to.
"""

import functools
import json
import os
import sys
import traceback
import types
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn, TypeVar

from absl import app, flags, logging

from tf_mmdgan import errors, keras_settings
from tf_mmdgan.tools import flag_config, help, interrupts, recipes, streams

Config = TypeVar("Config")


def run(
    config_class: type[Config],
    command: Callable[[Config], Mapping[str, Any]],
    groups: Mapping[str, Sequence[str]] | None = None,
    with_recipes: bool = False,
    read: Callable[..., Any] = flag_config.read,
) -> NoReturn:
    """Runs `command` on the configuration that the command line describes.

    Args:
      config_class: has a field for each flag.
      command: its module's docstring is the head of the tool's help.
      groups: of the flags in the help.
      with_recipes: whether the tool lists recipes.
      read: makes what `command` gets, of the class and the arguments without
        a name, `unnamed`, when the flags have been parsed.
    """
    _use_utf8()
    streams.open_closed()
    errors.speak_of_flags()
    # TensorFlow reads these when it is imported, which `command` does.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    if not os.environ.get("KERAS_BACKEND"):
        os.environ["KERAS_BACKEND"] = "tensorflow"
    logging.set_verbosity(logging.WARNING)
    logging.get_absl_handler().setFormatter(_Printable())
    warnings.formatwarning = _one_line(warnings.formatwarning)
    sys.excepthook = print_traceback
    flag_config.define(config_class)
    shown = functools.partial(
        help.render,
        sys.modules[command.__module__].__doc__ or "",
        flag_config.names(config_class),
        groups or {},
    )

    def main(argv: list[str]) -> None:
        try:
            config = read(config_class, unnamed=argv[1:])
            streams.check_stdout()
            with interrupts.Interrupts():
                result = _result(command, config)
        except (errors.UsageError, errors.DataError) as error:
            _exit(error, error.exit_code)
        except OSError as error:
            _exit(error, errors.DataError.exit_code)
        except KeyboardInterrupt as error:
            _exit(str(error) or "interrupted", interrupts.INTERRUPTED)
        print(json.dumps(result))

    parse = functools.partial(_parse, config_class, shown, with_recipes)
    with streams.written():
        app.run(main, flags_parser=parse)


def _use_utf8() -> None:
    """Starts this process anew in Python's UTF-8 mode, unless paths are UTF-8.

    TensorFlow takes all paths as UTF-8, whatever the locale is; with another
    one it would find other files, or none.
    """
    if sys.getfilesystemencoding() != "utf-8":
        os.environ["PYTHONUTF8"] = "1"
        again = [sys.executable, "-X", "utf8", *sys.orig_argv[1:]]
        os.execv(sys.executable, again)


def _check_text(arguments: Sequence[str]) -> None:
    """Refuses arguments of bytes that are no text in UTF-8."""
    for argument in arguments:
        try:
            argument.encode()
        except UnicodeEncodeError:
            raise errors.UsageError(
                f"{argument}: this is no text in UTF-8; rename what it names."
            ) from None


def _result(
    command: Callable[[Config], Mapping[str, Any]], config: Config
) -> Mapping[str, Any]:
    tensorflow = _import_tensorflow()
    try:
        return command(config)
    except tensorflow.errors.OpError as error:
        # Of files that it writes itself, or raised while a graph was run.
        raise errors.DataError(errors.of_graph(error.message)) from error


def _import_tensorflow() -> types.ModuleType:
    """Imports it without the remarks on missing GPUs that no level silences.

    They come from C++, before its logging has read the level.
    """
    with streams.withheld():
        keras_settings.check()
        import tensorflow
    # Of functions that are traced again, and of values that a network by
    # itself does not take from a checkpoint of all.
    tensorflow.get_logger().setLevel("ERROR")
    return tensorflow


def _one_line(format_others: Callable[..., str]) -> Callable[..., str]:
    """A format of warnings that gives those of this package like errors."""

    def format_warning(
        message: Warning | str, category: type[Warning], *where: Any
    ) -> str:
        if category is UserWarning:
            return f"warning: {errors.one_line(message)}\n"
        return _printable_lines(format_others(message, category, *where))

    return format_warning


class _Printable(logging.PythonFormatter):
    """Lines of the logs of libraries, which name what files of others do."""

    def format(self, record: Any) -> str:
        """See `logging.Formatter`."""
        return _printable_lines(super().format(record)).removesuffix("\n")


def print_traceback(*error: Any) -> None:
    """Prints an exception that nobody expected; it may hold foreign text."""
    text = "".join(traceback.format_exception(*error))
    sys.stderr.write(_printable_lines(text))


def _printable_lines(text: str) -> str:
    return "".join(f"{errors.printable(line)}\n" for line in text.splitlines())


def _parse(
    config_class: type,
    shown: Callable[[str | None], str],
    with_recipes: bool,
    argv: list[str],
) -> list[str]:
    """Parses the command line, or prints what it asks for and ends."""
    program, *arguments = argv
    try:
        _check_text(arguments)
        _show_help(shown, arguments)
        if with_recipes and "--recipe=list" in arguments:
            print(recipes.listing())
            sys.exit(0)
        flag_config.check_files(arguments)
        arguments = flag_config.expanded(config_class, arguments)
        return flags.FLAGS([program, *arguments])
    except (flags.Error, errors.UsageError) as error:
        _exit(error, errors.UsageError.exit_code)


def _show_help(
    shown: Callable[[str | None], str], arguments: list[str]
) -> None:
    for argument in arguments:
        name, _, group = argument.lstrip("-").partition("=")
        if argument.startswith("-") and name in ("help", "?"):
            print(shown(group or None))
            sys.exit(0)


def _exit(reason: object, code: int) -> NoReturn:
    if isinstance(reason, errors.UsageError):
        reason = reason.with_flag
    errors.tell(f"error: {errors.one_line(reason)}")
    sys.exit(code)
