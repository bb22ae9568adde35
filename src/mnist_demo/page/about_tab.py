"""The About tab: how it works, how well, what it learned from, where it fails, what is served."""

from __future__ import annotations

import html
from typing import Any

import gradio as gr

from mnist_demo.page.html_parts import figure, image_tag
from mnist_demo.page.i18n import Request, say, translate
from mnist_demo.page.reader import Reader
from mnist_demo.weights import Weights, read_metrics

# Key in metrics.json, its sentence in i18n.py, and how it is written.
ROWS = (
    ("mnist_test_accuracy", "row_mnist", "{:.2%}"),
    ("unipen_1a_accuracy", "row_unipen", "{:.2%}"),
    ("pendigits_accuracy", "row_pendigits", "{:.2%}"),
    ("worst_bucket_accuracy", "row_worst", "{:.2%}"),
    ("auroc", "row_auroc", "{:.3f}"),
    ("digits_refused", "row_refused", "{:.2%}"),
    ("ece", "row_ece", "{:.2%}"),
)
PLOTS = {"brush.png": "plot_brush", "confusion.png": "plot_confusion"}
PLOTS |= {"reliability.png": "plot_reliability"}
DATA = (
    ("MNIST", "https://huggingface.co/datasets/ylecun/mnist", "CC BY-SA 3.0"),
    ("UNIPEN train_r01_v07", "https://doi.org/10.5281/zenodo.1195803", "CC BY 4.0"),
    ("Pen-Based Recognition", "https://doi.org/10.24432/C5MG6K", "CC BY 4.0"),
)


def about_tab(tab: gr.Tab, reader: Reader) -> None:
    """Add the text to the tab. It is filled in when a visitor selects the tab, as the network may
    still be loading before."""
    text = gr.HTML("", elem_id="about")

    def fill(request: gr.Request) -> str:
        return about(reader.classifier(request).weights, request)

    tab.select(fill, None, text, show_progress="hidden", api_visibility="private")


def about(weights: Weights, request: Request = None) -> str:
    """The tab's text as HTML, with the figures and plots that lie beside `weights`."""
    try:
        results: dict[str, Any] = read_metrics(weights.path).get("results", {})
    except ValueError:
        results = {}
    parts = [f"<p>{say('about', request)}</p>", f"<h2>{say('about_figures', request)}</h2>"]
    parts.append(table(results, request) if results else f"<p>{say('no_figures', request)}</p>")
    for name, key in PLOTS.items():
        file = weights.path / name
        if results and file.is_file():
            caption = say(key, request)
            parts.append(figure(image_tag(file.read_bytes(), caption), caption))
    parts.append(f"<h2>{say('about_data', request)}</h2><ul>")
    parts += [f'<li><a href="{url}">{name}</a>, {licence}</li>' for name, url, licence in DATA]
    parts.append(f"</ul><h2>{say('about_fails', request)}</h2><p>{say('fails', request)}</p>")
    # From outside: the note may quote what a server answered.
    own = weights.origin == "the repository"
    key = "served_own" if own else "served"
    note = f" ({weights.note})" if weights.note else ""
    served = html.escape(say(key, request, weights.version, weights.origin) + note)
    parts.append(f'<h2>{say("about_served", request)}</h2><p id="served">{served}</p>')
    return "".join(parts)


def table(results: dict[str, Any], request: Request) -> str:
    """One row a figure, one column for this network and each baseline."""
    head = "".join(
        f'<th scope="col">{html.escape(translate(name, request))}</th>' for name in results
    )
    rows = []
    for key, sentence, form in ROWS:
        if any(key in figures for figures in results.values()):
            cells = "".join(
                f"<td>{form.format(figures[key]) if key in figures else ''}</td>"
                for figures in results.values()
            )
            rows.append(f'<tr><th scope="row">{say(sentence, request)}</th>{cells}</tr>')
    # It scrolls by itself on a narrow page, and by keyboard.
    label = say("about_figures", request)
    return (
        f'<div class="wide" tabindex="0" role="region" aria-label="{label}"><table>'
        f"<thead><tr><td></td>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
    )
