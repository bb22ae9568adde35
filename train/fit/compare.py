"""Compare recipes, each shortened: from random weights, on a part of the data, on validation only.

The plain recipe runs with three seeds, which tells what a difference between two others is worth.
A finished run is not repeated: delete its folder to do so.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from train.arguments import add_cache, add_data_dir
from train.fit.examples import NOT_A_DIGIT, Examples, Source, load
from train.fit.export import logits
from train.fit.fit import Recipe, fit, predict
from train.fit.segments import composed
from train.fit.tables import write_table

PLAIN = Recipe(epochs=6, learning_rate=3e-3, weight_decay=0.05, dropout=0.2, distillation=0.5)
SHARE = 0.125  # of what an epoch of the full recipe shows
SEEDS = (0, 1, 2)
# The column, and the validation set in it.
SETS = {"mnist": "mnist", "pens": "digits", "extremes": "extremes", "marked": "marked"}
SETS |= {"displays": "displays", "fonts": "fonts", "styles": "styles"}
VARIATIONS: dict[str, dict[str, Any]] = {
    "no distortion": {"strength": 0.0},
    "distortion of 1.5": {"strength": 1.5},
    "no label smoothing": {"label_smoothing": 0.0},
    "dropout of 0.5": {"dropout": 0.5},
    "not taught by its average": {"distillation": 0.0},
    "no averaging of weights": {"average": 0.0, "distillation": 0.0},
    "half the learning rate": {"learning_rate": 1.5e-3},
    "width 48": {"width": 48},
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_data_dir(parser)
    add_cache(parser)
    parser.add_argument("--out", type=Path, default=Path("docs/recipes.json"))
    parser.add_argument("--page", type=Path, default=Path("docs/recipes.md"), help="gets the table")


def run(args: argparse.Namespace) -> None:
    sources, validation = load("all", args.data_dir, args.cache)
    sources += composed(args.data_dir, args.cache)
    shorter = [replace(source, share=source.share * SHARE) for source in sources]
    recipes = {f"plain, seed {seed}": replace(PLAIN, seed=seed) for seed in SEEDS}
    recipes |= {name: replace(PLAIN, **change) for name, change in VARIATIONS.items()}
    rows: dict[str, dict[str, float]] = {}
    for name, recipe in recipes.items():
        print(f"## {name}", flush=True)
        rows[name] = figures(shorter, validation, recipe, args.cache / "compare" / name)
        report = {"recipe": asdict(PLAIN), "share": SHARE, "validation": rows}
        args.out.write_text(json.dumps(report, indent=1) + "\n")
        write_table(args.page, table(rows))
    print(table(rows))


def figures(
    sources: list[Source],
    validation: dict[str, Examples],
    recipe: Recipe,
    out: Path,
) -> dict[str, float]:
    """Train a network and measure it on validation data.

    Returns the shares of digits read right by the mean of three looks, and the share of letters and
    symbols that score lower than all but 0.5% of the pens' digits.
    """
    model = fit(sources, validation, recipe, out)
    result: dict[str, float] = {}
    for name, key in SETS.items():
        if key in validation:
            right = logits(model, validation[key].images)[0].argmax(1) == validation[key].labels
            result[name] = float(right.mean())
    least = np.quantile(predict(model, validation["digits"].images)[1], 0.005)
    others = validation["others"]
    assert (others.labels == NOT_A_DIGIT).all()
    result["letters refused"] = float((predict(model, others.images)[1] < least).mean())
    return result


def table(rows: dict[str, dict[str, float]]) -> str:
    """A row for each recipe, in percent; mean and standard deviation for the plain one."""
    columns = list(next(iter(rows.values())))
    lines = ["| | " + " | ".join(columns) + " |", "|---" * (len(columns) + 1) + "|"]
    plain = [row for name, row in rows.items() if name.startswith("plain")]
    cells = []
    for column in columns:
        shares = [100 * row[column] for row in plain]
        cells.append(f"{np.mean(shares):.2f} ± {np.std(shares, ddof=len(shares) > 1):.2f}")
    lines.append(f"| plain, seeds: {len(plain)} | " + " | ".join(cells) + " |")
    for name, row in rows.items():
        if not name.startswith("plain"):
            lines.append(f"| {name} | " + " | ".join(f"{row[c]:.2%}"[:-1] for c in columns) + " |")
    return "\n".join(lines)
