"""All tools as one command: tf-mmdgan TOOL --flags.

tf-mmdgan train --recipe=digits_mmd --run_dir=runs/digits
tf-mmdgan evaluate --run_dir=runs/digits
tf-mmdgan TOOL --help
"""

import importlib
import sys

from tf_mmdgan import errors

# What each does, in the order in which one meets them.
TOOLS = {
    "train": "trains a generative model, scores it, draws samples, exports it",
    "evaluate": "scores a run, or any images, against real images",
    "sample": "draws images from a run, an export or a server",
    "export": "exports the generator of a run",
    "demo": "shows a generator on a page, to play with",
    "two_sample": "tests whether two samples have one distribution",
    "compare_runs": "draws the curves of runs, tests which is nearer to data",
    "compare": "trains many methods and writes one table",
    "study": "tests claims of the literature",
    "show_data": "draws images of a data set",
    "prepare_data": "decodes a data set before it is needed",
    "train_lenet": "trains a network whose features score images",
    "train_features": "trains features that generators are trained on",
    "launch_local": "starts the workers of a cluster on this machine",
}


def main() -> None:
    """Console entry point: the first argument is the tool."""
    arguments = sys.argv[1:]
    if not arguments or arguments[0] in ("--help", "-help", "-h", "-?"):
        print(usage())
        sys.exit(0 if arguments else errors.UsageError.exit_code)
    name, *rest = arguments
    try:
        errors.pick(TOOLS, name.replace("-", "_"), "tool")
    except errors.UsageError as error:
        errors.tell(f"error: {error}")
        sys.exit(error.exit_code)
    sys.argv = [f"{sys.argv[0]} {name}", *rest]
    tool = importlib.import_module(f"tf_mmdgan.tools.{name.replace('-', '_')}")
    tool.main()


def usage() -> str:
    """The tools and what they do."""
    width = max(map(len, TOOLS))
    lines = [f"  {name:{width}}  {text}" for name, text in TOOLS.items()]
    return "\n".join([(__doc__ or "").strip(), "", "Tools:", *lines])


if __name__ == "__main__":
    main()
