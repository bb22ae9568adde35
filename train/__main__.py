"""python -m train COMMAND: each command is a module of this package."""

import argparse
import importlib
import os
import sys

COMMANDS = {
    "download": "fetch the public data sets",
    "contact": "a picture of drawings to look at",
    "clean": "find wrongly labelled drawings",
    "fit": "train a network",
    "compare": "compare shortened recipes",
    "compare-architectures": "compare the cost and the learning of networks",
    "export": "turn a trained network into the SavedModel in weights/",
    "evaluate": "measure the SavedModel; write weights/metrics.json and the plots",
    "numbers": "measure how numbers of several digits are read",
    "prices": "fit how the number reader weighs what it sees",
    "page-examples": "make the example pictures of the page",
    "photos": "measure how many digits are read right in photos",
    "push": "upload the weights to the Hub",
    "deploy": "publish the Space",
    "pull-feedback": "turn visitors' corrections into a training set",
}


def main(argv: list[str]) -> None:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # before any command imports TensorFlow
    if not argv or argv[0] not in COMMANDS:
        print("usage: python -m train COMMAND [--help]\n")
        print("\n".join(f"  {name:23}{text}" for name, text in COMMANDS.items()))
        raise SystemExit(0 if argv in ([], ["-h"], ["--help"]) else 2)
    module = importlib.import_module(f"train.{argv[0].replace('-', '_')}")
    parser = argparse.ArgumentParser(prog=f"python -m train {argv[0]}", description=module.__doc__)
    module.add_arguments(parser)
    module.run(parser.parse_args(argv[1:]))


if __name__ == "__main__":
    main(sys.argv[1:])
