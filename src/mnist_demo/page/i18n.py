"""The texts of the page in six languages. Each language has a file in locales/.

Gradio translates the texts that are on the page from the start, in the browser: `t`. Texts that
Python makes for one visitor are chosen by the request's Accept-Language header: `translate`. A
browser takes both languages from the same setting.
"""

from __future__ import annotations

import json
from pathlib import Path

import gradio as gr

Request = gr.Request | None

LANGUAGES = ("en", "de", "es", "fr", "zh-CN", "ja")
LOCALES = Path(__file__).parent / "locales"
# TEXTS[language][key]. A text may have placeholders for values: "{0}".
TEXTS: dict[str, dict[str, str]] = {
    language: json.loads((LOCALES / f"{language}.json").read_text(encoding="utf-8"))
    for language in LANGUAGES
}
# t("undo") in a component is translated in the browser. A browser may ask for "zh" alone, or with
# another region than "CN".
t = gr.I18n(**TEXTS, zh=TEXTS["zh-CN"])


def language(request: Request) -> str:
    """The language of `LANGUAGES` that `request` prefers; English if it asks for none of them."""
    wanted = request.headers.get("accept-language", "") if request else ""
    for tag in wanted.split(","):
        primary = tag.split(";")[0].strip().split("-")[0].lower()
        for known in LANGUAGES:
            if known.split("-")[0] == primary:
                return known
    return "en"


def translate(key: str, request: Request, *values: object) -> str:
    """The text of `key` in the language of `request`, with `values` in its placeholders."""
    return TEXTS[language(request)][key].format(*values).replace(" a 8", " an 8")


class TextError(ValueError):
    """An error that is explained by a text of the page. Its str() is the text in English.

    Attributes:
        key: of the text.
    """

    def __init__(self, key: str) -> None:
        super().__init__(TEXTS["en"][key])
        self.key = key
