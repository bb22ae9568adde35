"""The Embed & API tab: snippets with the address that the page is served from."""

from __future__ import annotations

import gradio as gr

from mnist_demo.page.i18n import t

GRADIO_JS = f"https://gradio.s3-us-west-2.amazonaws.com/{gr.__version__}/gradio.js"

# Title and the snippet, in which URL stands for the address. Gradio's Code gets no language:
# the colours of its syntax are too faint.
SNIPPETS: dict[str, tuple[str, str]] = {
    "iframe": (
        "HTML: iframe",
        """<iframe
  src="URL/?embed=1"
  title="Draw a digit"
  style="width: 100%; height: 820px; border: 0"
></iframe>""",
    ),
    "component": (
        "HTML: web component",
        f"""<script type="module" src="{GRADIO_JS}"></script>
<gradio-app src="URL"></gradio-app>""",
    ),
    "python": (
        "Python",
        """from gradio_client import Client, handle_file

client = Client("URL")
answer = client.predict(handle_file("digit.png"), api_name="/classify")
print(answer["digit"], answer["confidence"])""",
    ),
    "javascript": (
        "JavaScript",
        """async function classify(file) {  // a File, a Blob, or what a canvas's toBlob() gives
  const response = await fetch("URL/v1/classify", { method: "POST", body: file });
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.error);
  return answer;  // { digit, confidence, top, ... }
}""",
    ),
    "curl": ("curl", "curl --data-binary @digit.png URL/v1/classify"),
}


def embed_tab(tab: gr.Tab) -> None:
    """Builds the tab; its snippets get their address when it is looked at."""
    gr.HTML(f"<p>{t('embed_intro')}</p>")
    codes = [
        gr.Code(
            text.replace("URL", "https://OWNER-NAME.hf.space"),
            label=title,
            interactive=False,
            lines=1,
            elem_id=f"snippet-{name}",
            buttons=["copy"],
        )
        for name, (title, text) in SNIPPETS.items()
    ]

    def fill(request: gr.Request) -> list[str]:
        return snippets(address(request))

    tab.select(fill, None, codes, show_progress="hidden", api_visibility="private")


def address(request: gr.Request) -> str:
    """Where the visitor found the page, also behind a proxy, without a slash at the end."""
    # The browser says it; a proxy may have changed what the server sees of it.
    headers = request.headers
    referer = headers.get("referer", "").partition("?")[0].partition("#")[0]
    if referer.startswith(("http://", "https://")):
        return referer.rstrip("/")
    scheme = headers.get("x-forwarded-proto", "http").split(",")[0]
    host = headers.get("x-forwarded-host", headers.get("host", "127.0.0.1:7860"))
    return f"{scheme}://{host}"


def snippets(url: str) -> list[str]:
    """Every snippet, for the page at `url`."""
    return [text.replace("URL", url) for _, text in SNIPPETS.values()]
