"""What all entry points share: flags in, one JSON line out, exit codes.

0: success, the result is the last line of stdout, as JSON.
1: a failure; 2: a setting that cannot be honoured. Both say why on one line.
"""

import json
import os
import sys
from collections.abc import Callable, Mapping
from typing import Any, NoReturn, TypeVar

from absl import app, flags
from tf_mmdgan.tools import flag_config

from tf_mmdgan import errors

Config = TypeVar("Config")


def run(
    config_class: type[Config],
    command: Callable[[Config], Mapping[str, Any]],
) -> NoReturn:
    """Runs `command` on the configuration that the command line describes."""
    # TensorFlow reads these when it is imported, which `command` does.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    flag_config.define(config_class)

    def main(argv: list[str]) -> None:
        try:
            if len(argv) > 1:
                raise errors.UsageError(
                    f"Unexpected argument '{argv[1]}': settings are given as "
                    "--name=value."
                )
            result = command(flag_config.read(config_class))
        except (errors.UsageError, errors.DataError) as error:
            _exit(error, error.exit_code)
        except OSError as error:
            _exit(error, errors.DataError.exit_code)
        except KeyboardInterrupt:
            _exit("interrupted", 130)
        print(json.dumps(result))

    app.run(main, flags_parser=_parse)


def _parse(argv: list[str]) -> list[str]:
    if any(argument in ("--help", "-help", "-?") for argument in argv[1:]):
        # absl's own --help exits with 1, which means failure here.
        app.usage(shorthelp=True, writeto_stdout=True, exitcode=0)
    try:
        return flags.FLAGS(argv)
    except flags.Error as error:
        _exit(error, errors.UsageError.exit_code)


def _exit(reason: object, code: int) -> NoReturn:
    message = " ".join(str(reason).split())
    print(f"error: {message}", file=sys.stderr)
    sys.exit(code)
