"""What the page says, in six languages.

Gradio translates what stands on the page from the start, by the browser's language. Sentences that
Python makes for one visitor are chosen by the request's Accept-Language header, which browsers fill
from the same setting.
"""

from __future__ import annotations

import gradio as gr

# Key: English, German, Spanish, French, Chinese, Japanese.
LANGUAGES = ("en", "de", "es", "fr", "zh-CN", "ja")
SENTENCES: dict[str, tuple[str, str, str, str, str, str]] = {
    "title": (
        "Draw a digit",
        "Zeichne eine Ziffer",
        "Dibuja un dígito",
        "Dessinez un chiffre",
        "写一个数字",
        "数字を一つ描いてください",
    ),
    "intro": (
        "A small neural network reads it as you draw.",
        "Ein kleines neuronales Netz liest sie, während du zeichnest.",
        "Una pequeña red neuronal lo lee mientras dibujas.",
        "Un petit réseau de neurones le lit pendant que vous dessinez.",
        "一个小型神经网络会边写边认。",
        "描いているそばから、小さなニューラルネットワークが読み取ります。",
    ),
    "draw": ("Draw", "Zeichnen", "Dibujar", "Dessiner", "手写", "描く"),
    "undo": ("Undo", "Rückgängig", "Deshacer", "Annuler", "撤销", "元に戻す"),
    "clear": ("Clear", "Löschen", "Borrar", "Effacer", "清除", "消す"),
    "drawing": (
        "Your drawing",
        "Deine Zeichnung",
        "Tu dibujo",
        "Votre dessin",
        "你的手写",
        "あなたの絵",
    ),
    "guesses": (
        "Best guesses",
        "Die besten Vermutungen",
        "Mejores respuestas",
        "Meilleures réponses",
        "最可能的答案",
        "有力な候補",
    ),
    "blank": (
        "Draw a digit from 0 to 9 in the square.",
        "Zeichne eine Ziffer von 0 bis 9 in das Quadrat.",
        "Dibuja un dígito del 0 al 9 en el cuadrado.",
        "Dessinez un chiffre de 0 à 9 dans le carré.",
        "请在方框里写一个 0 到 9 的数字。",
        "四角の中に 0 から 9 の数字を一つ描いてください。",
    ),
    "sure": (
        "This looks like a {0}.",
        "Das sieht nach einer {0} aus.",
        "Parece un {0}.",
        "Cela ressemble à un {0}.",
        "这看起来是 {0}。",
        "{0} のようです。",
    ),
    "unsure": (
        "I am not sure: a {0}, or maybe a {1}.",
        "Ich bin nicht sicher: eine {0}, vielleicht auch eine {1}.",
        "No estoy seguro: un {0}, o quizá un {1}.",
        "Je ne suis pas sûr : un {0}, ou peut-être un {1}.",
        "我不太确定：是 {0}，也可能是 {1}。",
        "自信がありません：{0}、あるいは {1} かもしれません。",
    ),
    "not_a_digit": (
        "That does not look like a digit to me; closest guesses:",
        "Das sieht für mich nicht nach einer Ziffer aus; am nächsten kommen:",
        "Esto no me parece un dígito; lo más parecido:",
        "Cela ne me semble pas être un chiffre ; le plus proche :",
        "我觉得这不像数字；最接近的是：",
        "数字には見えません。近いものは：",
    ),
    "seen": (
        "What the network saw: 28x28 pixels",
        "Was das Netz sah: 28x28 Pixel",
        "Lo que vio la red: 28x28 píxeles",
        "Ce que le réseau a vu : 28x28 pixels",
        "网络看到的：28x28 像素",
        "ネットワークが見たもの：28x28 ピクセル",
    ),
    "seen_alt": (
        "Your drawing in 28 by 28 pixels",
        "Deine Zeichnung in 28 mal 28 Pixeln",
        "Tu dibujo en 28 por 28 píxeles",
        "Votre dessin en 28 sur 28 pixels",
        "你的手写，28 乘 28 像素",
        "あなたの絵、28 × 28 ピクセル",
    ),
    "why": ("Why?", "Warum?", "¿Por qué?", "Pourquoi ?", "为什么？", "なぜ？"),
    "because": (
        "Red strokes spoke for the answer, blue ones against it",
        "Rote Striche sprachen für die Antwort, blaue dagegen",
        "Los trazos rojos apoyan la respuesta, los azules no",
        "Les traits rouges plaident pour la réponse, les bleus contre",
        "红色笔画支持这个答案，蓝色笔画反对",
        "赤い線は答えを支持し、青い線は反対しています",
    ),
    "right": (
        "Was I right?",
        "Hatte ich recht?",
        "¿He acertado?",
        "Ai-je raison ?",
        "我认对了吗？",
        "合っていましたか？",
    ),
    "yes": ("Yes", "Ja", "Sí", "Oui", "对", "はい"),
    "no_digit": (
        "Not a digit",
        "Keine Ziffer",
        "No es un dígito",
        "Pas un chiffre",
        "不是数字",
        "数字ではない",
    ),
    "it_was": (
        "No, it was:",
        "Nein, es war:",
        "No, era:",
        "Non, c'était :",
        "不对，应该是：",
        "いいえ、正しくは：",
    ),
    "thanks": (
        "Thank you, that was noted.",
        "Danke, das ist notiert.",
        "Gracias, queda anotado.",
        "Merci, c'est noté.",
        "谢谢，已记录。",
        "ありがとうございます。記録しました。",
    ),
    "examples": (
        "Or try one of these",
        "Oder probiere eine von diesen",
        "O prueba uno de estos",
        "Ou essayez l'un de ceux-ci",
        "或者试试这些",
        "または、こちらをお試しください",
    ),
    "loading": (
        "One moment: the network is still loading.",
        "Einen Moment: das Netz wird noch geladen.",
        "Un momento: la red todavía se está cargando.",
        "Un instant : le réseau est encore en cours de chargement.",
        "请稍候：网络仍在加载。",
        "お待ちください。ネットワークを読み込んでいます。",
    ),
}


def _translations() -> gr.I18n:
    table = {
        language: {key: sentences[i] for key, sentences in SENTENCES.items()}
        for i, language in enumerate(LANGUAGES)
    }
    # The browser may say "zh" alone, or another region of it.
    return gr.I18n(**table, zh=table["zh-CN"])


# For `launch(i18n=t)`, and for what stands on the page from the start: t("undo").
t = _translations()


def language(request: gr.Request | None) -> int:
    """Which of `LANGUAGES` to answer `request` in; English where it asks for none of them."""
    wanted = request.headers.get("accept-language", "") if request else ""
    for tag in wanted.split(","):
        primary = tag.split(";")[0].strip().split("-")[0].lower()
        for i, known in enumerate(LANGUAGES):
            if known.split("-")[0] == primary:
                return i
    return 0


def say(key: str, request: gr.Request | None, *values: object) -> str:
    """The sentence `key` in the language of `request`."""
    return SENTENCES[key][language(request)].format(*values)
