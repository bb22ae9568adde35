"""What the page says, in six languages.

Gradio translates what stands on the page from the start, by the browser's language. Sentences that
Python makes for one visitor are chosen by the request's Accept-Language header, which browsers fill
from the same setting.
"""

from __future__ import annotations

import gradio as gr

Request = gr.Request | None

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
    "notice": (
        "If you say whether the answer was right, your drawing, its 28x28 picture, the answer, what"
        " you said, the network's version and the time are kept on this server, and nothing about"
        " you.",
        "Wenn du sagst, ob die Antwort richtig war, werden deine Zeichnung, ihr 28x28-Bild, die"
        " Antwort, deine Angabe, die Version des Netzes und die Zeit auf diesem Server gespeichert,"
        " und nichts über dich.",
        "Si dices si la respuesta era correcta, se guardan en este servidor tu dibujo, su imagen de"
        " 28x28, la respuesta, lo que dijiste, la versión de la red y la hora, y nada sobre ti.",
        "Si vous dites si la réponse était juste, votre dessin, son image de 28x28, la réponse,"
        " votre avis, la version du réseau et l'heure sont conservés sur ce serveur, et rien sur"
        " vous.",
        "如果你说明答案是否正确，你的手写、它的 28x28 图片、答案、你的反馈、网络版本和时间会保存在"
        "这台服务器上，不保存任何关于你的信息。",
        "答えが合っていたかを教えていただくと、描いた絵、その 28x28 の画像、答え、教えていただいた"
        "内容、ネットワークの版、時刻がこのサーバーに保存され、あなたに関する情報は保存されません。",
    ),
    "notice_hub": (  # the dataset's name follows
        "If you say whether the answer was right, your drawing, its 28x28 picture, the answer, what"
        " you said, the network's version and the time, and nothing about you, are kept on this"
        " server and in a dataset on the Hugging Face Hub:",
        "Wenn du sagst, ob die Antwort richtig war, werden deine Zeichnung, ihr 28x28-Bild, die"
        " Antwort, deine Angabe, die Version des Netzes und die Zeit, und nichts über dich, auf"
        " diesem Server gespeichert und in einem Datensatz auf dem Hugging Face Hub:",
        "Si dices si la respuesta era correcta, se guardan tu dibujo, su imagen de 28x28, la"
        " respuesta, lo que dijiste, la versión de la red y la hora, y nada sobre ti, en este"
        " servidor y en un conjunto de datos de Hugging Face Hub:",
        "Si vous dites si la réponse était juste, votre dessin, son image de 28x28, la réponse,"
        " votre avis, la version du réseau et l'heure, et rien sur vous, sont conservés sur ce"
        " serveur et dans un jeu de données du Hugging Face Hub :",
        "如果你说明答案是否正确，你的手写、它的 28x28 图片、答案、你的反馈、网络版本和时间（不含任何"
        "关于你的信息）会保存在这台服务器和 Hugging Face Hub 的数据集里：",
        "答えが合っていたかを教えていただくと、描いた絵、その 28x28 の画像、答え、教えていただいた"
        "内容、ネットワークの版、時刻が、あなたに関する情報なしで、このサーバーと Hugging Face Hub の"
        "データセットに保存されます：",
    ),
    "nothing_to_correct": (
        "There is nothing to correct: draw a digit first.",
        "Es gibt nichts zu berichtigen: zeichne zuerst eine Ziffer.",
        "No hay nada que corregir: dibuja primero un dígito.",
        "Il n'y a rien à corriger : dessinez d'abord un chiffre.",
        "没有可更正的内容：请先写一个数字。",
        "訂正するものがありません。先に数字を描いてください。",
    ),
    "too_many": (
        "Too many corrections at the moment: try again in a minute.",
        "Gerade kommen zu viele Angaben: versuche es in einer Minute wieder.",
        "Hay demasiadas correcciones ahora: inténtalo dentro de un minuto.",
        "Trop de corrections en ce moment : réessayez dans une minute.",
        "目前更正太多：请一分钟后再试。",
        "ただいま訂正が多すぎます。一分後にもう一度お試しください。",
    ),
    "no_room": (
        "There is no room for more corrections.",
        "Für weitere Angaben ist kein Platz.",
        "No hay espacio para más correcciones.",
        "Il n'y a plus de place pour d'autres corrections.",
        "没有空间保存更多更正。",
        "これ以上の訂正を保存する場所がありません。",
    ),
    "not_saved": (
        "The correction could not be saved.",
        "Die Angabe konnte nicht gespeichert werden.",
        "No se pudo guardar la corrección.",
        "La correction n'a pas pu être enregistrée.",
        "更正未能保存。",
        "訂正を保存できませんでした。",
    ),
    "examples": (
        "Or try one of these",
        "Oder probiere eine von diesen",
        "O prueba uno de estos",
        "Ou essayez l'un de ceux-ci",
        "或者试试这些",
        "または、こちらをお試しください",
    ),
    "ways": (  # of the drawn examples, in their order
        "Slashed zero; One with flag and foot; Crossed seven; Open four; Eight in two circles;"
        " Square five; Hairline five; Marker two; Tiny three; Curled nine",
        "Null mit Schrägstrich; Eins mit Fahne und Fuß; Sieben mit Querstrich; Offene Vier; Acht aus"
        " zwei Kreisen; Eckige Fünf; Haarfeine Fünf; Zwei mit dickem Stift; Winzige Drei;"
        " Geschwungene Neun",
        "Cero con barra; Uno con bandera y pie; Siete cruzado; Cuatro abierto; Ocho en dos círculos;"
        " Cinco cuadrado; Cinco finísimo; Dos con rotulador; Tres diminuto; Nueve curvado",
        "Zéro barré; Un avec drapeau et pied; Sept barré; Quatre ouvert; Huit en deux cercles; Cinq"
        " carré; Cinq très fin; Deux au marqueur; Trois minuscule; Neuf bouclé",
        "带斜线的零; 带旗和底的一; 带横线的七; 开口的四; 两个圆的八; 方形的五; 极细的五; 粗笔的二;"
        " 微小的三; 弯曲的九",
        "斜線入りのゼロ; 旗と足のある一; 横線入りの七; 開いた四; 二つの円の八; 四角い五; 極細の五;"
        " 太い二; とても小さな三; 曲がった九",
    ),
    "unreadable": (
        "This cannot be read: {0}",
        "Das ist nicht lesbar (PNG, JPEG, WebP, GIF, BMP oder TIFF bis 24 Millionen Pixel): {0}",
        "Esto no se puede leer (PNG, JPEG, WebP, GIF, BMP o TIFF de hasta 24 millones de píxeles):"
        " {0}",
        "Ceci est illisible (PNG, JPEG, WebP, GIF, BMP ou TIFF de 24 millions de pixels au plus) :"
        " {0}",
        "无法读取（支持不超过 2400 万像素的 PNG、JPEG、WebP、GIF、BMP 或 TIFF）：{0}",
        "読み取れません（2400 万ピクセル以下の PNG、JPEG、WebP、GIF、BMP、TIFF に対応）：{0}",
    ),
    "no_network": (
        "The network could not be loaded; the server's log says why.",
        "Das Netz konnte nicht geladen werden; warum, steht im Protokoll des Servers.",
        "No se pudo cargar la red; el registro del servidor dice por qué.",
        "Le réseau n'a pas pu être chargé ; le journal du serveur dit pourquoi.",
        "无法加载网络；原因见服务器日志。",
        "ネットワークを読み込めませんでした。理由はサーバーのログにあります。",
    ),
    "error": ("Error", "Fehler", "Error", "Erreur", "错误", "エラー"),
    "note": ("Note", "Hinweis", "Aviso", "Remarque", "提示", "お知らせ"),
    "loading": (
        "One moment: the network is still loading.",
        "Einen Moment: das Netz wird noch geladen.",
        "Un momento: la red todavía se está cargando.",
        "Un instant : le réseau est encore en cours de chargement.",
        "请稍候：网络仍在加载。",
        "お待ちください。ネットワークを読み込んでいます。",
    ),
    "busy": (
        "Many are drawing just now: your answer comes by itself as soon as it is your turn.",
        "Gerade zeichnen viele: deine Antwort kommt von selbst, sobald du an der Reihe bist.",
        "Ahora dibujan muchas personas: tu respuesta llegará sola en cuanto te toque.",
        "Beaucoup de personnes dessinent : la réponse viendra d'elle-même dès que ce sera votre tour.",
        "现在使用的人很多：轮到你时，答案会自动出现。",
        "ただいま混み合っています。順番が来ると、答えが自動的に表示されます。",
    ),
    "about_title": ("About", "Über", "Acerca de", "À propos", "关于", "このデモについて"),
    "about": (
        "Your drawing is cut out, its strokes are brought to one thickness, and it is laid into 28x28"
        " pixels, as the pictures of the MNIST data set were. A small convolutional network looks at"
        " it, and at two copies moved by one pixel. It was trained on MNIST and on strokes that"
        " people wrote with a pen, painted with thin and fat brushes. A second output, trained on"
        " letters and scribbles, says whether it looks like a digit at all. The percentages are"
        " calibrated: of the answers given with 90%, about nine in ten are right.",
        "Deine Zeichnung wird ausgeschnitten, ihre Striche werden gleich dick gemacht, und sie kommt"
        " in 28x28 Pixel wie die Bilder des Datensatzes MNIST. Ein kleines Faltungsnetz betrachtet"
        " sie und zwei um ein Pixel verschobene Kopien. Es lernte von MNIST und von Strichen, die"
        " Menschen mit einem Stift schrieben, gemalt mit dünnen und dicken Pinseln. Ein zweiter"
        " Ausgang, an Buchstaben und Gekritzel trainiert, sagt, ob es überhaupt eine Ziffer ist. Die"
        " Prozente sind kalibriert: von Antworten mit 90 % stimmen etwa neun von zehn.",
        "Se recorta tu dibujo, se igualan sus trazos y se coloca en 28x28 píxeles, como las imágenes"
        " del conjunto MNIST. Una pequeña red convolucional lo mira, junto con dos copias movidas"
        " un píxel. Aprendió de MNIST y de trazos que varias personas escribieron con un lápiz"
        " digital, pintados con pinceles finos y gruesos. Una segunda salida, entrenada con letras y"
        " garabatos, dice si parece un dígito. Los porcentajes están calibrados: de las respuestas"
        " dadas con un 90 %, unas nueve de cada diez son correctas.",
        "Votre dessin est découpé, ses traits sont ramenés à une même épaisseur, et il est placé dans"
        " 28x28 pixels, comme les images du jeu MNIST. Un petit réseau convolutif le regarde, avec"
        " deux copies décalées d'un pixel. Il a appris de MNIST et de traits écrits au stylet,"
        " peints avec des pinceaux fins et épais. Une seconde sortie, entraînée sur des lettres et"
        " des gribouillis, dit si cela ressemble à un chiffre. Les pourcentages sont calibrés : parmi"
        " les réponses données à 90 %, environ neuf sur dix sont justes.",
        "系统会裁出你的手写，把笔画调成统一粗细，再放进 28x28 像素，与 MNIST 数据集的图片一样。一个"
        "小型卷积网络会看它，以及两个平移一个像素的副本。它用 MNIST 和人们用笔写下的笔画训练，"
        "这些笔画用细笔和粗笔绘出。第二个输出用字母和涂鸦训练，判断它像不像数字。百分比经过校准："
        "以 90% 给出的答案，大约十个里有九个正确。",
        "描いた絵を切り抜き、線の太さをそろえ、MNIST データセットの画像と同じように 28x28 ピクセルに"
        "収めます。小さな畳み込みネットワークが、それと 1 ピクセルずらした二つの写しを見ます。MNIST と、"
        "人がペンで書いた線を細い筆や太い筆で描いたもので学習しました。文字や落書きで学習した二つ目の"
        "出力が、そもそも数字に見えるかを答えます。確率は較正済みで、90% の答えは十のうち約九が正解です。",
    ),
    "about_figures": (
        "How well it reads",
        "Wie gut es liest",
        "Qué tan bien lee",
        "Sa précision",
        "识别效果",
        "読み取りの精度",
    ),
    "no_figures": (
        "These weights came without figures.",
        "Zu diesen Gewichten gibt es keine Zahlen.",
        "Estos pesos no traen cifras.",
        "Ces poids sont fournis sans chiffres.",
        "这些权重没有附带数据。",
        "この重みには数値が付いていません。",
    ),
    "row_mnist": (
        "MNIST test images read right",
        "Richtig gelesene Testbilder von MNIST",
        "Imágenes de prueba de MNIST acertadas",
        "Images de test MNIST bien lues",
        "MNIST 测试图片正确率",
        "MNIST テスト画像の正解率",
    ),
    "row_unipen": (
        "People it has never seen (UNIPEN)",
        "Menschen, die es nie sah (UNIPEN)",
        "Personas que nunca ha visto (UNIPEN)",
        "Personnes jamais vues (UNIPEN)",
        "从未见过的人（UNIPEN）",
        "初めて見る人の字（UNIPEN）",
    ),
    "row_pendigits": (
        "People it has never seen (pendigits)",
        "Menschen, die es nie sah (pendigits)",
        "Personas que nunca ha visto (pendigits)",
        "Personnes jamais vues (pendigits)",
        "从未见过的人（pendigits）",
        "初めて見る人の字（pendigits）",
    ),
    "row_worst": (
        "Worst brush and size",
        "Schlechtester Pinsel und Größe",
        "Peor pincel y tamaño",
        "Pire pinceau et taille",
        "最差的笔粗与大小",
        "最も苦手な筆と大きさ",
    ),
    "row_auroc": (
        "Tells digits from letters (1 is perfect)",
        "Unterscheidet Ziffern von Buchstaben (1 ist perfekt)",
        "Distingue dígitos de letras (1 es perfecto)",
        "Distingue chiffres et lettres (1 est parfait)",
        "区分数字与字母（1 为完美）",
        "数字と文字の区別（1 が完全）",
    ),
    "row_refused": (
        "Digits called not a digit",
        "Ziffern, die es für keine hält",
        "Dígitos que no reconoce como tales",
        "Chiffres pris pour autre chose",
        "被误判为非数字的数字",
        "数字でないとされた数字",
    ),
    "row_ece": (
        "How far its percentages are off",
        "Wie weit die Prozente danebenliegen",
        "Cuánto se desvían sus porcentajes",
        "Erreur de ses pourcentages",
        "百分比的平均偏差",
        "確率のずれ",
    ),
    "released": ("released", "dieses Netz", "esta red", "ce réseau", "本网络", "このネットワーク"),
    "plain_resized": (
        "plain convnet, canvas resized",
        "einfaches Faltungsnetz, Leinwand verkleinert",
        "red convolucional simple, lienzo reducido",
        "réseau convolutif simple, toile réduite",
        "普通卷积网络，缩小画布",
        "普通の畳み込みネットワーク、縮小した画面",
    ),
    "plain_normalised": (
        "plain convnet, MNIST normalisation",
        "einfaches Faltungsnetz, normiert wie MNIST",
        "red convolucional simple, normalización de MNIST",
        "réseau convolutif simple, normalisation de MNIST",
        "普通卷积网络，MNIST 归一化",
        "普通の畳み込みネットワーク、MNIST の正規化",
    ),
    "plot_brush": (
        "Share read right, by the brush's radius",
        "Anteil richtig gelesener, nach Radius des Pinsels",
        "Aciertos según el radio del pincel",
        "Part bien lue selon le rayon du pinceau",
        "不同笔粗下的正确率",
        "筆の半径ごとの正解率",
    ),
    "plot_confusion": (
        "What it takes for what",
        "Was es womit verwechselt",
        "Qué confunde con qué",
        "Ce qu'il confond",
        "混淆矩阵",
        "何を何と間違えるか",
    ),
    "plot_reliability": (
        "How often it is right, against how sure it is",
        "Wie oft es recht hat, gegen seine Sicherheit",
        "Cuánto acierta según su seguridad",
        "Justesse selon son assurance",
        "把握程度与实际正确率",
        "確信度と実際の正解率",
    ),
    "about_data": (
        "What it was trained on",
        "Womit es trainiert wurde",
        "Con qué se entrenó",
        "Ses données d'entraînement",
        "训练数据",
        "学習に使ったデータ",
    ),
    "about_fails": (
        "Where it fails",
        "Wo es scheitert",
        "Dónde falla",
        "Ses limites",
        "局限",
        "苦手なもの",
    ),
    "fails": (
        "Letters that look like digits (O, l, S, Z, B, g) pass for digits. Half a digit is read as"
        " the digit it looks like. Only Western digits are known.",
        "Buchstaben, die wie Ziffern aussehen (O, l, S, Z, B, g), gelten als Ziffern. Eine halbe"
        " Ziffer wird als die gelesen, der sie gleicht. Nur westliche Ziffern sind bekannt.",
        "Las letras que parecen dígitos (O, l, S, Z, B, g) pasan por dígitos. Medio dígito se lee"
        " como el que parece. Solo conoce los dígitos occidentales.",
        "Les lettres qui ressemblent à des chiffres (O, l, S, Z, B, g) passent pour des chiffres. Un"
        " demi-chiffre est lu comme celui auquel il ressemble. Seuls les chiffres occidentaux sont"
        " connus.",
        "形似数字的字母（O、l、S、Z、B、g）会被当成数字。半个数字会被读作它看起来像的数字。"
        "只认识西式阿拉伯数字。",
        "数字に似た文字（O、l、S、Z、B、g）は数字とみなされます。半分の数字は、似ている数字として"
        "読まれます。西洋式の数字しか知りません。",
    ),
    "about_served": (
        "What is served here",
        "Was hier läuft",
        "Qué se sirve aquí",
        "Ce qui est servi ici",
        "当前使用的权重",
        "ここで動いている重み",
    ),
    "served": (
        "version {0} from {1}",
        "Version {0} von {1}",
        "versión {0} de {1}",
        "version {0} de {1}",
        "版本 {0}，来自 {1}",
        "版 {0}（{1}）",
    ),
    "served_own": (
        "version {0} from the repository",
        "Version {0} aus dem Repository",
        "versión {0} del repositorio",
        "version {0} du dépôt",
        "版本 {0}，来自代码仓库",
        "リポジトリの版 {0}",
    ),
    "embed_title": (
        "Embed & API",
        "Einbetten & API",
        "Insertar y API",
        "Intégrer et API",
        "嵌入与 API",
        "埋め込みと API",
    ),
    "embed_intro": (
        "Put this page into yours, or let a program ask.",
        "Baue diese Seite in deine ein, oder lass ein Programm fragen.",
        "Inserta esta página en la tuya o pregunta desde un programa.",
        "Intégrez cette page à la vôtre, ou interrogez-la depuis un programme.",
        "把本页嵌入你的网页，或用程序调用。",
        "このページを埋め込むか、プログラムから呼び出せます。",
    ),
    "numbers": ("Numbers", "Zahlen", "Números", "Nombres", "多位数", "複数の数字"),
    "number_blank": (
        "Write a number, its digits side by side.",
        "Schreibe eine Zahl, die Ziffern nebeneinander.",
        "Escribe un número, con los dígitos uno al lado del otro.",
        "Écrivez un nombre, les chiffres côte à côte.",
        "请写一个多位数，数字并排。",
        "数字をいくつか横に並べて書いてください。",
    ),
    "number_sure": (
        "This looks like {0}.",
        "Das sieht nach {0} aus.",
        "Parece {0}.",
        "Cela ressemble à {0}.",
        "这看起来是 {0}。",
        "{0} のようです。",
    ),
    "number_unsure": (
        "Maybe {0}: I am not sure of every digit.",
        "Vielleicht {0}: ich bin mir nicht bei jeder Ziffer sicher.",
        "Quizá {0}: no estoy seguro de todos los dígitos.",
        "Peut-être {0} : je ne suis pas sûr de chaque chiffre.",
        "可能是 {0}：我并不是每个数字都有把握。",
        "{0} かもしれません。自信のない数字があります。",
    ),
    "number_upload": (
        "Or upload a picture of a number",
        "Oder lade das Bild einer Zahl hoch",
        "O sube la imagen de un número",
        "Ou envoyez l'image d'un nombre",
        "或者上传多位数的图片",
        "または数字の画像をアップロード",
    ),
    "photo": ("Photo", "Foto", "Foto", "Photo", "照片", "写真"),
    "photo_intro": (
        "Take, paste or upload a photo of one digit on paper.",
        "Fotografiere eine Ziffer auf Papier, oder füge ein Foto ein.",
        "Haz, pega o sube una foto de un dígito en papel.",
        "Prenez, collez ou envoyez la photo d'un chiffre sur papier.",
        "拍摄、粘贴或上传一张纸上数字的照片。",
        "紙に書いた数字を一つ撮影、貼り付け、またはアップロードしてください。",
    ),
    "no_ink": (
        "I find no digit in this photo.",
        "Ich finde keine Ziffer in diesem Foto.",
        "No encuentro ningún dígito en esta foto.",
        "Je ne trouve aucun chiffre sur cette photo.",
        "这张照片里没有找到数字。",
        "この写真には数字が見つかりません。",
    ),
    "step_light": (
        "Light evened out",
        "Licht ausgeglichen",
        "Luz igualada",
        "Lumière égalisée",
        "光线均匀化",
        "明るさを均一に",
    ),
    "step_lines": (
        "Lines and edges removed",
        "Linien und Ränder entfernt",
        "Líneas y bordes quitados",
        "Lignes et bords retirés",
        "去除线条与边缘",
        "罫線と端を除去",
    ),
    "step_found": (
        "Digit found",
        "Ziffer gefunden",
        "Dígito encontrado",
        "Chiffre trouvé",
        "找到数字",
        "数字を検出",
    ),
    "step_ink": ("Ink", "Tinte", "Tinta", "Encre", "墨迹", "インク"),
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


def language(request: Request) -> int:
    """Which of `LANGUAGES` to answer `request` in; English where it asks for none of them."""
    wanted = request.headers.get("accept-language", "") if request else ""
    for tag in wanted.split(","):
        primary = tag.split(";")[0].strip().split("-")[0].lower()
        for i, known in enumerate(LANGUAGES):
            if known.split("-")[0] == primary:
                return i
    return 0


def say(key: str, request: Request, *values: object) -> str:
    """The sentence `key` in the language of `request`."""
    sentence = SENTENCES[key][language(request)].format(*values)
    return sentence.replace(" a 8", " an 8")


def translate(text: str, request: Request) -> str:
    """`text` in the language of `request` where it is a sentence of ours, else as it stands."""
    known = (sentences for sentences in SENTENCES.values() if sentences[0] == text)
    return next(known, (text,) * len(LANGUAGES))[language(request)]
