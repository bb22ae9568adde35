"""The About tab: how the demo works, its metrics, its training data, its limits, its weights."""

from __future__ import annotations

import html
from typing import Any

import gradio as gr

from mnist_demo.page.html_parts import figure, image_tag
from mnist_demo.page.i18n import Request, translate
from mnist_demo.page.reader import PageReader
from mnist_demo.weights import Weights, read_metrics

# The key in metrics.json, the key of the row's name in locales/, and the format of the value.
METRIC_ROWS = (
    ("mnist_test_accuracy", "row_mnist", "{:.2%}"),
    ("unipen_1a_accuracy", "row_unipen", "{:.2%}"),
    ("pendigits_accuracy", "row_pendigits", "{:.2%}"),
    ("fonts_accuracy", "row_fonts", "{:.2%}"),
    ("styles_accuracy", "row_styles", "{:.2%}"),
    ("worst_bucket_accuracy", "row_worst", "{:.2%}"),
    ("auroc", "row_auroc", "{:.3f}"),
    ("digits_rejected", "row_refused", "{:.2%}"),
    ("ece", "row_ece", "{:.2%}"),
)
# The key of the name of each network in metrics.json.
NETWORKS = {
    "released": "released",
    "plain convnet, canvas resized": "plain_resized",
    "plain convnet, MNIST normalisation": "plain_normalised",
}
PLOTS = {"brush.png": "plot_brush", "confusion.png": "plot_confusion"}
PLOTS |= {"reliability.png": "plot_reliability"}
DATASETS = (
    ("MNIST", "https://huggingface.co/datasets/ylecun/mnist", "CC BY-SA 3.0"),
    ("UNIPEN train_r01_v07", "https://doi.org/10.5281/zenodo.1195803", "CC BY 4.0"),
    ("Pen-Based Recognition", "https://doi.org/10.24432/C5MG6K", "CC BY 4.0"),
)


def about_tab(tab: gr.Tab, reader: PageReader) -> None:
    """Add the text to the tab.

    It is made when a visitor selects the tab: while the page is built, the network still loads.
    """
    text = gr.HTML("", elem_id="about")

    def fill(request: gr.Request) -> str:
        return about_html(reader.classifier(request).weights, request)

    tab.select(fill, None, text, show_progress="hidden", api_visibility="private")


def about_html(weights: Weights, request: Request = None) -> str:
    """The tab's text as HTML, with the metrics and plots in the folder of `weights`."""
    try:
        results: dict[str, Any] = read_metrics(weights.path).get("results", {})
    except ValueError:
        results = {}

    def text(key: str) -> str:
        return translate(key, request)

    parts = [f"<p>{text('about')}</p>", f"<h2>{text('about_figures')}</h2>"]
    parts.append(metrics_table(results, request) if results else f"<p>{text('no_figures')}</p>")
    for name, key in PLOTS.items():
        file = weights.path / name
        if results and file.is_file():
            caption = text(key)
            parts.append(figure(image_tag(file.read_bytes(), caption), caption))
    parts.append(f"<h2>{text('about_data')}</h2><ul>")
    parts += [f'<li><a href="{url}">{name}</a>, {licence}</li>' for name, url, licence in DATASETS]
    parts.append(f"</ul><h2>{text('about_fails')}</h2><p>{text('fails')}</p>")
    own = weights.origin == "the repository"
    key = "served_own" if own else "served"
    note = f" ({weights.note})" if weights.note else ""
    # The note may quote what a server answered, so it is escaped.
    served = html.escape(translate(key, request, weights.version, weights.origin) + note)
    parts.append(f'<h2>{text("about_served")}</h2><p id="served">{served}</p>')
    return "".join(parts)


def metrics_table(results: dict[str, Any], request: Request) -> str:
    """The metrics as an HTML table: one row for each, one column for each network."""
    names = [translate(NETWORKS[name], request) if name in NETWORKS else name for name in results]
    head = "".join(f'<th scope="col">{html.escape(name)}</th>' for name in names)
    rows = []
    for key, name, form in METRIC_ROWS:
        values = [form.format(of[key]) if key in of else "" for of in results.values()]
        if any(values):
            cells = "".join(f"<td>{value}</td>" for value in values)
            rows.append(f'<tr><th scope="row">{translate(name, request)}</th>{cells}</tr>')
    # On a narrow page the table scrolls within its frame, with a tabindex also by keyboard.
    label = translate("about_figures", request)
    return (
        f'<div class="wide" tabindex="0" role="region" aria-label="{label}"><table>'
        f"<thead><tr><td></td>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
    )
