"""`python -m mnist_demo classify`: reads many images from the command line."""

import argparse
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # no remarks about the processor

from mnist_demo.batch import command


def main() -> None:
    """Parse the command line and run the command."""
    parser = argparse.ArgumentParser(prog="python -m mnist_demo")
    commands = parser.add_subparsers(required=True)
    classify = commands.add_parser("classify", help="read many images", description=command.__doc__)
    command.add_arguments(classify)
    classify.set_defaults(run=command.run)
    args = parser.parse_args()
    args.run(args)


if __name__ == "__main__":  # the processes that preprocess also import this module
    main()
