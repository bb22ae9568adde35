// What <digit-network> says, in six languages. {0}, {1} ... are places for values.

import { countMaps, looksAt, SIDE, sources } from "./fields.js";

/**
 * @typedef {{ stages: string[], picture: string, image: string, order: string, fixed: string,
 *   brightest: string, hint: string, sentence: string, part: string, whole: string, and: string,
 *   map: string, pixel: string, kernel: string, adds: string, scores: string, places: string,
 *   of: string, rather: string, winner: string, nobody: string, colours: string, score: string,
 *   lead: string, blank: string }} Texts
 */

/** @type {Record<string, Texts>} */
export const TEXTS = {
  en: {
    stages: ["fine", "coarse", "middle", "small", "tiny", "places"],
    picture: "picture",
    image: "the picture",
    order: "Order of the maps",
    fixed: "Fixed order",
    brightest: "Brightest first",
    hint: "Step by step, the network turns your drawing into a digit. Point at a map, or tap it.",
    sentence: "{0} maps of {1}, made from {2}: each of their pixels sees {3}.",
    part: "{0} pixels of the drawing",
    whole: "the whole drawing",
    and: "{0} and {1}",
    map: "Map {1} of “{0}”",
    pixel: "The marked pixel looks at what is framed in the picture.",
    kernel: "What it looks for: ink on red, paper on blue",
    adds: "It adds {1} to the score of the {0}.",
    scores: "scores",
    places: "Which places spoke for it?",
    of: "For",
    rather: "rather than",
    winner: "the answer",
    nobody: "the rest",
    colours: "Red places spoke for it, blue ones against it.",
    score: "All places {1}, with the starting value {2}: the {0} scores {3}.",
    lead: "All places {2}, with the starting values {3}: the {0} is {4} ahead of the {1}.",
    blank: "Draw a digit first.",
  },
  de: {
    stages: ["fein", "grob", "mittel", "klein", "winzig", "Orte"],
    picture: "Bild",
    image: "dem Bild",
    order: "Reihenfolge der Karten",
    fixed: "Feste Folge",
    brightest: "Hellste zuerst",
    hint: "Schritt für Schritt macht das Netz aus deiner Zeichnung eine Ziffer. Zeige auf eine Karte oder tippe sie an.",
    sentence: "{0} Karten zu {1}, gemacht aus {2}: jedes ihrer Pixel sieht {3}.",
    part: "{0} Pixel der Zeichnung",
    whole: "die ganze Zeichnung",
    and: "{0} und {1}",
    map: "Karte {1} von „{0}“",
    pixel: "Das markierte Pixel betrachtet, was im Bild umrahmt ist.",
    kernel: "Was sie sucht: Tinte auf Rot, Papier auf Blau",
    adds: "Sie gibt der {0} {1} Punkte.",
    scores: "Punkte",
    places: "Welche Orte sprachen dafür?",
    of: "Für",
    rather: "und nicht",
    winner: "die Antwort",
    nobody: "den Rest",
    colours: "Rote Orte sprachen dafür, blaue dagegen.",
    score: "Alle Orte {1}, mit dem Startwert {2}: die {0} hat {3} Punkte.",
    lead: "Alle Orte {2}, mit den Startwerten {3}: die {0} liegt {4} vor der {1}.",
    blank: "Zeichne zuerst eine Ziffer.",
  },
  es: {
    stages: ["fino", "grueso", "medio", "pequeño", "diminuto", "lugares"],
    picture: "imagen",
    image: "la imagen",
    order: "Orden de los mapas",
    fixed: "Orden fijo",
    brightest: "Más vivos primero",
    hint: "Paso a paso, la red convierte tu dibujo en un dígito. Señala un mapa o tócalo.",
    sentence: "{0} mapas de {1}, hechos a partir de {2}: cada uno de sus píxeles ve {3}.",
    part: "{0} píxeles del dibujo",
    whole: "todo el dibujo",
    and: "{0} y {1}",
    map: "Mapa {1} de «{0}»",
    pixel: "El píxel marcado mira lo enmarcado en la imagen.",
    kernel: "Lo que busca: tinta en rojo, papel en azul",
    adds: "Añade {1} a los puntos del {0}.",
    scores: "puntos",
    places: "¿Qué lugares hablaron a favor?",
    of: "Del",
    rather: "y no del",
    winner: "la respuesta",
    nobody: "resto",
    colours: "Los lugares rojos hablaron a favor, los azules en contra.",
    score: "Todos los lugares {1}, con el valor inicial {2}: el {0} tiene {3} puntos.",
    lead: "Todos los lugares {2}, con los valores iniciales {3}: el {0} aventaja al {1} en {4}.",
    blank: "Dibuja primero un dígito.",
  },
  fr: {
    stages: ["fin", "grossier", "moyen", "petit", "minuscule", "lieux"],
    picture: "image",
    image: "l'image",
    order: "Ordre des cartes",
    fixed: "Ordre fixe",
    brightest: "Les plus vives d'abord",
    hint: "Pas à pas, le réseau fait de votre dessin un chiffre. Pointez une carte ou touchez-la.",
    sentence: "{0} cartes de {1}, tirées de {2} : chacun de leurs pixels voit {3}.",
    part: "{0} pixels du dessin",
    whole: "tout le dessin",
    and: "{0} et {1}",
    map: "Carte {1} de « {0} »",
    pixel: "Le pixel marqué regarde ce qui est encadré dans l'image.",
    kernel: "Ce qu'elle cherche : encre sur rouge, papier sur bleu",
    adds: "Elle ajoute {1} aux points du {0}.",
    scores: "points",
    places: "Quels lieux ont plaidé pour ?",
    of: "Pour",
    rather: "plutôt que",
    winner: "la réponse",
    nobody: "le reste",
    colours: "Les lieux rouges plaident pour, les bleus contre.",
    score: "Tous les lieux {1}, avec la valeur de départ {2} : le {0} a {3} points.",
    lead: "Tous les lieux {2}, avec les valeurs de départ {3} : le {0} devance le {1} de {4}.",
    blank: "Dessinez d'abord un chiffre.",
  },
  ja: {
    stages: ["細", "粗", "中", "小", "極小", "場所"],
    picture: "画像",
    image: "画像",
    order: "マップの順序",
    fixed: "固定の順",
    brightest: "明るい順",
    hint: "一歩ずつ、ネットワークが絵を数字に変えていきます。マップを指すか、タップしてください。",
    sentence: "{2}から作られた {1} のマップが {0} 枚。それぞれのピクセルが見るのは{3}。",
    part: "絵の {0} ピクセル",
    whole: "絵の全体",
    and: "{0}と{1}",
    map: "「{0}」のマップ {1}",
    pixel: "印の付いたピクセルは、画像の枠の中を見ています。",
    kernel: "探すもの：赤にインク、青に紙",
    adds: "{0} の点数に {1} を加えます。",
    scores: "点数",
    places: "どの場所が支持しましたか？",
    of: "支持",
    rather: "比べる相手",
    winner: "答え",
    nobody: "なし",
    colours: "赤い場所は支持し、青い場所は反対しました。",
    score: "すべての場所 {1}、初期値 {2}、合わせて {0} の点数は {3}。",
    lead: "すべての場所 {2}、初期値 {3}、合わせて {0} は {1} を {4} 上回ります。",
    blank: "先に数字を描いてください。",
  },
  "zh-CN": {
    stages: ["细", "粗", "中", "小", "微", "位置"],
    picture: "图片",
    image: "图片",
    order: "特征图的顺序",
    fixed: "固定顺序",
    brightest: "最亮的在前",
    hint: "网络一步一步地把你的手写变成一个数字。指向一张特征图，或点按它。",
    sentence: "{0} 张 {1} 的特征图，由{2}得出：其中每个像素看到{3}。",
    part: "手写的 {0} 像素",
    whole: "整个手写",
    and: "{0}和{1}",
    map: "“{0}”的特征图 {1}",
    pixel: "标出的像素看的是图片中框住的部分。",
    kernel: "它找的是：红处有墨，蓝处是纸",
    adds: "它给 {0} 的分数加上 {1}。",
    scores: "分数",
    places: "哪些位置支持它？",
    of: "支持",
    rather: "而不是",
    winner: "答案",
    nobody: "其余",
    colours: "红色位置支持它，蓝色位置反对它。",
    score: "所有位置 {1}，加上起始值 {2}：{0} 的分数是 {3}。",
    lead: "所有位置 {2}，加上起始值 {3}：{0} 比 {1} 多 {4}。",
    blank: "请先写一个数字。",
  },
};

/**
 * @param {string} text
 * @param {(string | number)[]} values
 * @returns {string} the text with the values in its places
 */
export function fill(text, ...values) {
  return text.replace(/\{(\d)\}/g, (_, place) => String(values[place]));
}

/**
 * @param {string} name of a layer
 * @param {Texts} texts
 */
export function stageName(name, texts) {
  return texts.stages[TEXTS.en.stages.indexOf(name)] ?? name;
}

/**
 * What a stage looks at, and how many maps it has, as its layers say.
 *
 * @param {import("./reader.js").Description["header"]} header
 * @param {import("./fields.js").Field} field of the stage
 * @param {number} stage its number
 * @param {Texts} texts
 * @returns {string} one sentence
 */
export function sentenceOf(header, field, stage, texts) {
  const square = (/** @type {number} */ side) => `${side}x${side}`;
  const widths = Array.from({ length: field.count }, (_, i) => {
    const [first, end] = looksAt(field, i);
    return end - first;
  });
  const widest = Math.max(...widths);
  const made = sources(header, stage).map((number) => {
    return number < 0 ? texts.image : stageName(header.stages[number].name, texts);
  });
  return fill(
    texts.sentence,
    countMaps(header, stage),
    square(field.count),
    made.reduce((a, b) => fill(texts.and, a, b)),
    widest < SIDE ? fill(texts.part, square(widest)) : texts.whole,
  );
}
