"""The Embed & API tab: snippets for other pages and for programs."""

from __future__ import annotations

from pathlib import Path

import gradio as gr

from mnist_demo.page.i18n import t

FOLDER = Path(__file__).parent / "snippets"
GRADIO_JS = f"https://gradio.s3-us-west-2.amazonaws.com/{gr.__version__}/gradio.js"

# Id, title and file of each snippet. In the files, URL stands for the address of the page.
SNIPPETS = (
    ("snippet-iframe", "HTML: iframe", "iframe.html"),
    ("snippet-element", "HTML: digit-pad", "digit_pad.html"),
    ("snippet-component", "HTML: web component", "web_component.html"),
    ("snippet-python", "Python", "python_client.py"),
    ("snippet-javascript", "JavaScript", "fetch.js"),
    ("snippet-curl", "curl", "curl.sh"),
)


def embed_tab(tab: gr.Tab) -> None:
    """Add the snippets to the tab. When a visitor selects it, they get the page's address."""
    gr.HTML(f"<p>{t('embed_intro')}</p>", elem_id="embed_intro")
    texts = snippets("https://OWNER-NAME.hf.space")
    codes = [
        # Without a `language`: the colours of its syntax would be too faint.
        gr.Code(text, label=title, interactive=False, lines=1, elem_id=name, buttons=["copy"])
        for (name, title, _), text in zip(SNIPPETS, texts, strict=True)
    ]

    def fill(request: gr.Request) -> list[str]:
        return snippets(public_url(request))

    tab.select(fill, None, codes, show_progress="hidden", api_visibility="private")


def public_url(request: gr.Request) -> str:
    """The address at which the visitor found the page, without a slash at the end."""
    # The Referer header has it. The server's own address differs behind a proxy.
    headers = request.headers
    referer = headers.get("referer", "").partition("?")[0].partition("#")[0]
    if referer.startswith(("http://", "https://")):
        return referer.rstrip("/")
    scheme = headers.get("x-forwarded-proto", "http").split(",")[0]
    host = headers.get("x-forwarded-host", headers.get("host", "127.0.0.1:7860"))
    return f"{scheme}://{host}"


def snippets(url: str) -> list[str]:
    """Every snippet, for the page at `url`."""
    texts = [(FOLDER / file).read_text(encoding="utf-8").rstrip("\n") for _, _, file in SNIPPETS]
    return [text.replace("GRADIO_JS", GRADIO_JS).replace("URL", url) for text in texts]
