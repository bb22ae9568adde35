// The maps of one stage as tiles, in <digit-network>: a list from which one map is chosen.

import { paintMaps } from "./network-paint.js";

/**
 * @typedef {import("./reader.js").Inside["stages"][number]} Features
 * @typedef {HTMLCanvasElement & { values: Float32Array }} Tile
 */

export const TILES_STYLE = `
.maps { position: relative; }
.sheet { position: absolute; inset: 0; width: 100%; height: 100%; pointer-events: none; }
.tiles { display: grid; gap: 2px; grid-template-columns: repeat(var(--columns), var(--tile)); }
.tile {
  display: block; width: 100%; aspect-ratio: 1; border-radius: 2px; image-rendering: pixelated;
  color: var(--accent, #2457d6); background: var(--paper, Canvas);
  box-shadow: 0 0 0 1px var(--line, #8884); touch-action: manipulation;
}
.tiles .tile { cursor: pointer; }
.tile[aria-selected=true] { box-shadow: 0 0 0 2px var(--accent, #2457d6); }
@container (max-width: 599px) {
  .tiles { grid-template-columns: repeat(auto-fill, minmax(max(var(--tile), 26px), 1fr)); }
  .tiles .tile { scroll-margin-bottom: 190px; } /* the chosen map lies over the screen's foot */
}
`;
// How wide a tile is in CSS pixels, and how many stand side by side where the stages do, by the
// number of a map's pixels along a side.
/** @type {Record<number, number[]>} */
const SIZES = { 28: [46, 2], 14: [26, 4], 7: [22, 8], 4: [16, 11] };

export class StageTiles {
  /**
   * @param {string} name of the layer
   * @param {number} side of its maps in pixels
   * @param {number} count of its maps
   * @param {(map: number, pin: boolean) => void} choose is called for the map that is pointed at,
   *   or chosen for good: `pin`
   */
  constructor(name, side, count, choose) {
    this.element = document.createElement("div");
    this.element.className = "maps";
    // The sheet is painted over the tiles, which have no pixels of their own.
    this.element.innerHTML =
      '<div class="tiles" role="listbox"></div><canvas class="sheet" aria-hidden="true"></canvas>';
    this.list = /** @type {HTMLElement} */ (this.element.firstChild);
    this.sheet = /** @type {HTMLCanvasElement} */ (this.element.lastChild);
    const [width, columns] = SIZES[side] ?? [22, 8];
    // Fewer in a row, so that a small stage is not higher than it is wide.
    const fitting = width === 16 && count <= 64 ? 8 : columns;
    this.list.style.setProperty("--tile", `${fitting === columns ? width : 22}px`);
    this.list.style.setProperty("--columns", String(fitting));
    /** @type {Tile[]} */
    this.tiles = Array.from({ length: count }, (_, map) => {
      const values = new Float32Array(side * side);
      const look = { width: side, height: side, className: "tile", role: "option", values };
      const tile = Object.assign(document.createElement("canvas"), look);
      Object.assign(tile.dataset, { stage: name, map });
      return tile;
    });
    this.list.append(...this.tiles);
    this.atlas = document.createElement("canvas");
    this.atlas.width = count * side;
    this.atlas.height = side;
    /** @type {{ left: number, top: number, width: number }[]} where tiles are in the sheet */
    this.slots = [];
    /** @type {import("./network-paint.js").Colour} */
    this.ink = new Uint8ClampedArray(4);
    /** @type {Tile[]} as they are shown */
    this.shown = this.tiles;
    this.most = 0; // the largest value of all maps
    this.entry = 0; // the map that Tab leads to
    this.choose = choose;
    new ResizeObserver(() => this.measure()).observe(this.list);
    this.listen();
  }

  listen() {
    /** @param {Event} event */
    const mapOf = ({ target }) => this.tiles.indexOf(/** @type {Tile} */ (target));
    /** @type {[string, boolean][]} */
    const ways = [
      ["pointerover", false],
      ["click", true],
      ["focusin", true],
    ];
    for (const [type, pin] of ways) {
      this.list.addEventListener(type, (event) => {
        if (mapOf(event) >= 0) this.choose(mapOf(event), pin);
      });
    }
    this.list.addEventListener("pointerleave", () => this.choose(-1, false));
    this.list.addEventListener("keydown", (event) => {
      const at = this.shown.indexOf(/** @type {Tile} */ (event.target));
      const top = this.shown[0].offsetTop;
      const columns = this.shown.filter((tile) => tile.offsetTop === top).length;
      const last = this.shown.length - 1;
      /** @type {Record<string, number>} */
      const places = {
        ArrowLeft: at - 1,
        ArrowRight: at + 1,
        ArrowUp: at - columns,
        ArrowDown: at + columns,
        Home: 0,
        End: last,
      };
      if (!(event.key in places) || at < 0) return;
      event.preventDefault();
      this.shown[Math.min(Math.max(places[event.key], 0), last)].focus();
    });
  }

  /**
   * @param {number} map that Tab leads to
   * @param {boolean} isSelected whether it is the one that is shown large
   */
  select(map, isSelected) {
    this.entry = map;
    this.tiles.forEach((tile, k) => {
      tile.tabIndex = k === map ? 0 : -1;
      tile.setAttribute("aria-selected", String(isSelected && k === map));
    });
  }

  /** @param {(map: number) => string} nameOf each map */
  translate(nameOf) {
    this.tiles.forEach((tile, map) => {
      tile.setAttribute("aria-label", nameOf(map));
    });
  }

  /**
   * @param {Features | null} features null for a blank drawing
   * @param {boolean} brightestFirst
   * @param {import("./network-paint.js").Colour} ink
   */
  show(features, brightestFirst, ink) {
    this.most = features ? features.data.reduce((most, value) => Math.max(most, value), 0) : 0;
    this.tiles.forEach((tile, map) => {
      const { values } = tile;
      for (let i = 0; i < values.length; i++) {
        values[i] = features ? features.data[i * features.channels + map] : 0;
      }
    });
    this.ink = ink;
    if (brightestFirst) this.order(true);
    else this.paint();
  }

  /** Finds out where the tiles are, in the order in which they are shown. */
  measure() {
    const list = this.list.getBoundingClientRect();
    const scale = devicePixelRatio;
    this.sheet.width = Math.round(list.width * scale);
    this.sheet.height = Math.round(list.height * scale);
    this.slots = this.shown.map((tile) => {
      const { left, top, width } = tile.getBoundingClientRect();
      const place = { left: left - list.left, top: top - list.top, width };
      return { left: place.left * scale, top: place.top * scale, width: width * scale };
    });
    this.paint();
  }

  paint() {
    const maps = this.slots.map((slot, rank) => ({ ...slot, values: this.shown[rank].values }));
    if (maps.length) paintMaps(this.sheet, this.atlas, maps, this.most, this.ink);
  }

  /** @param {boolean} brightestFirst */
  order(brightestFirst) {
    /** @param {Tile} tile */
    const light = ({ values }) => values.reduce((sum, value) => sum + value, 0);
    const lights = brightestFirst ? this.tiles.map(light) : this.tiles.map(() => 0);
    const ranks = [...this.tiles.keys()].sort((a, b) => lights[b] - lights[a]);
    this.shown = ranks.map((map) => this.tiles[map]);
    this.shown.forEach((tile, rank) => {
      tile.style.order = brightestFirst ? String(rank) : "";
    });
    this.paint();
  }
}
