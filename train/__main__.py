"""python -m train COMMAND: each command is a module of one of the package's folders."""

import argparse
import importlib
import os
import sys

COMMANDS = {
    "pipeline": ("pipeline", "make the released weights from the data, step by step"),
    "download": ("data.download", "fetch the public data sets"),
    "contact-sheet": ("data.contact_sheet", "a picture of drawings to look at"),
    "find-label-errors": ("fit.label_errors", "find wrongly labelled drawings"),
    "fit": ("fit.fit", "train the network for digits"),
    "detector": ("fit.detector", "train the detector of digits in any picture"),
    "export": ("fit.export", "turn a trained network into the SavedModel in weights/"),
    "export-browser": ("fit.export_browser", "write the network for the reader in the browser"),
    "textbook": ("measure.textbook", "train the textbook network and write it for the browser"),
    "evaluate": ("measure.evaluate", "measure the SavedModel and write weights/metrics.json"),
    "evaluate-numbers": ("measure.evaluate_numbers", "measure numbers of several digits"),
    "evaluate-photos": ("measure.evaluate_photos", "measure digits in photos"),
    "evaluate-pictures": ("measure.evaluate_pictures", "measure every kind of picture"),
    "evaluate-detector": ("measure.evaluate_detector", "count the real photos that it reads right"),
    "make-examples": ("paint.make_examples", "make the example pictures of the page"),
    "push": ("hub.push", "upload the weights to the Hub"),
    "deploy": ("hub.deploy", "publish the Space"),
    "pull-feedback": ("hub.pull_feedback", "turn visitors' corrections into a training set"),
}


def main(argv: list[str]) -> None:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # before any command imports TensorFlow
    if not argv or argv[0] not in COMMANDS:
        print("usage: python -m train COMMAND [--help]\n")
        print("\n".join(f"  {name:23}{text}" for name, (_, text) in COMMANDS.items()))
        raise SystemExit(0 if argv in ([], ["-h"], ["--help"]) else 2)
    module = importlib.import_module(f"train.{COMMANDS[argv[0]][0]}")
    parser = argparse.ArgumentParser(prog=f"python -m train {argv[0]}", description=module.__doc__)
    module.add_arguments(parser)
    module.run(parser.parse_args(argv[1:]))


if __name__ == "__main__":
    main(sys.argv[1:])
