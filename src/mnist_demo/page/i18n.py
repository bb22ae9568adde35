"""What the page says, in six languages: one file for each in locales/.

Gradio translates the components that stand on the page from the start, by the browser's language.
Sentences that Python makes for one visitor are chosen by the request's Accept-Language header. A
browser fills both from the same setting.
"""

from __future__ import annotations

import json
from pathlib import Path

import gradio as gr

Request = gr.Request | None

LANGUAGES = ("en", "de", "es", "fr", "zh-CN", "ja")
LOCALES = Path(__file__).parent / "locales"
# Language to key to text. A text may have places for values: "{0}".
TEXTS: dict[str, dict[str, str]] = {
    language: json.loads((LOCALES / f"{language}.json").read_text(encoding="utf-8"))
    for language in LANGUAGES
}
# For `launch(i18n=t)`, and for components that stand on the page from the start: t("undo"). A
# browser may ask for "zh" alone, or for another region of it.
t = gr.I18n(**TEXTS, zh=TEXTS["zh-CN"])


def language(request: Request) -> str:
    """The one of `LANGUAGES` to answer `request` in; English if it asks for none of them."""
    wanted = request.headers.get("accept-language", "") if request else ""
    for tag in wanted.split(","):
        primary = tag.split(";")[0].strip().split("-")[0].lower()
        for known in LANGUAGES:
            if known.split("-")[0] == primary:
                return known
    return "en"


def say(key: str, request: Request, *values: object) -> str:
    """The text of `key` in the language of `request`, with `values` in their places."""
    return TEXTS[language(request)][key].format(*values).replace(" a 8", " an 8")


def translate(text: str, request: Request) -> str:
    """`text` in the language of `request` if it is an English text of the page; else `text`."""
    known = (key for key, english in TEXTS["en"].items() if english == text)
    key = next(known, None)
    return text if key is None else TEXTS[language(request)][key]
