"""Write the static edition: a folder that any web host can serve, whose page reads by itself.

    python src/mnist_demo/browser/build_static.py [FOLDER]

FOLDER is dist if not given. Python's standard library is enough.
"""

from __future__ import annotations

import hashlib
import html
import json
import re
import shutil
import sys
from pathlib import Path

BROWSER = Path(__file__).parent
STATIC = BROWSER / "static"
LOCALES = BROWSER.parent / "page" / "locales"
ROOT = BROWSER.parents[2]
TEXTS = (
    "title", "intro", "undo", "clear", "blank", "sure", "unsure", "not_a_digit", "loading",
    "not_loaded", "private", "inside",
)  # fmt: skip
ELEMENTS = ("digit-network.js", "digit-textbook.js")  # beside the square and the answer
NETWORKS = ("browser.bin", "textbook.bin")
# The folder of a release is named by what is in it. So an address never changes its content, and a
# browser may keep what it has fetched.
PREFIX = "release-"
IMPORT = re.compile(r'^import (?:\{[^}]*\} from )?"\./([\w-]+\.js)";\n', re.MULTILINE)
TOP_LEVEL = re.compile(r"^(?:async function|function|class|const|let) (\w+)", re.MULTILINE)


def build(out: Path, weights: Path = ROOT / "weights") -> dict[str, Path]:
    """Write the static edition into the folder `out`, and delete an older one there.

    Args:
        out: the folder. Files that are not the static edition's stay in it.
        weights: the folder of the networks for the browser.

    Returns:
        The path of every file, by its path in `out`.

    Raises:
        OSError: a file is missing or cannot be written.
        ValueError: the worker's modules cannot be joined, or a template lacks a place to fill.
    """
    modules = imported("digit-pad.js")
    contents = {name: (BROWSER / name).read_bytes() for name in [*modules, "convolve.wasm"]}
    for name in ELEMENTS:
        own = [module for module in imported(name) if module not in modules]
        contents[name] = join(own, modules).encode()
    contents["page.js"] = (STATIC / "page.js").read_bytes()
    styles = (BROWSER / "palette.css", STATIC / "page.css")
    contents["page.css"] = b"".join(file.read_bytes() for file in styles)
    contents["worker.js"] = join(imported("worker.js")).encode()
    contents |= {name: (weights / name).read_bytes() for name in NETWORKS}
    locales = {file.stem: json.loads(file.read_text("utf-8")) for file in LOCALES.glob("*.json")}
    texts = {name: {key: locales[name][key] for key in TEXTS} for name in sorted(locales)}
    templates = [(STATIC / name).read_text("utf-8") for name in ("index.html", "service-worker.js")]
    whole = repr([sorted(contents.items()), texts, templates]).encode()
    release = PREFIX + hashlib.sha256(whole).hexdigest()[:12]
    index = re.sub(  # the English texts, in the empty elements that ask for them
        r'(data-text="(\w+)"[^>]*>)(?=</)',
        lambda found: found[1] + html.escape(texts["en"][found[2]], quote=False),
        templates[0],
    )
    preloads = "\n".join(
        f'    <link rel="modulepreload" href="{release}/{name}" />' for name in modules
    )
    # JSON that can stand in a script element.
    block = json.dumps(texts, ensure_ascii=False).replace("<", "\\u003c")
    places = {"    <!-- PRELOADS -->": preloads, "RELEASE": release, "TEXTS": block}
    index = fill(index, places)
    worker = fill(
        templates[1], {'"RELEASE"': json.dumps(release), '["FILES"]': json.dumps(sorted(contents))}
    )
    files = {f"{release}/{name}": content for name, content in contents.items()}
    files |= {"index.html": index.encode(), "service-worker.js": worker.encode()}
    # Other pages import the element from an address that stays.
    files["digit-pad.js"] = f'export * from "./{release}/digit-pad.js";\n'.encode()
    for old in out.glob(PREFIX + "*"):
        shutil.rmtree(old)
    for name, content in files.items():
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        (out / name).write_bytes(content)
    return {name: out / name for name in files}


def imported(name: str) -> list[str]:
    """`name` and the modules that it imports, those first that others need."""
    order: list[str] = []

    def visit(name: str) -> None:
        for needed in IMPORT.findall((BROWSER / name).read_text("utf-8")):
            visit(needed)
        if name not in order:
            order.append(name)

    visit(name)
    return order


def join(names: list[str], beside: list[str] | None = None) -> str:
    """One module out of several, so that a browser does not fetch one to learn of the next.

    Args:
        names: of the modules. Only the last may import from `beside`.
        beside: modules that stay on their own.

    Raises:
        ValueError: two of them give the same name to something, or export in another way than
            `export function`, `class` or `const`.
    """
    text = "".join((BROWSER / name).read_text("utf-8") for name in names)
    kept = [found for found in IMPORT.finditer(text) if found[1] in (beside or [])]
    text = re.sub(r"^export (?=async function|function|class|const)", "", IMPORT.sub("", text),
                  flags=re.MULTILINE)  # fmt: skip
    if re.search(r"^(import|export) ", text, re.MULTILINE):
        raise ValueError(f"{', '.join(names)} import or export in a way that cannot be joined")
    defined = TOP_LEVEL.findall(text)
    if twice := {name for name in defined if defined.count(name) > 1}:
        raise ValueError(f"{', '.join(names)} define {', '.join(sorted(twice))} twice")
    return "".join(found[0] for found in kept) + text


def fill(template: str, values: dict[str, str]) -> str:
    for place, value in values.items():
        if place not in template:
            raise ValueError(f"a template has no place for {place.strip()}")
        template = template.replace(place, value)
    return template


def main() -> None:
    out = Path(sys.argv[1] if len(sys.argv) > 1 else "dist")
    files = build(out)
    size = sum(path.stat().st_size for path in files.values())
    print(f"{out}: {size:,} bytes in {len(files)} files")


if __name__ == "__main__":
    main()
