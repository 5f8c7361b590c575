// One frame as numbers: fetched once, kept within a budget, windowed into pixels of the screen.

const KINDS = {
  int8: Int8Array, uint8: Uint8Array, int16: Int16Array, uint16: Uint16Array, int32: Int32Array,
  uint32: Uint32Array, float32: Float32Array, float64: Float64Array, rgb8: Uint8Array,
};
const BUDGET = 600e6;

export class Frame {
  constructor(told, buffer) {
    Object.assign(this, told);
    this.values = new KINDS[told.kind](buffer);
    this.isColor = told.samples === 3;
    this.size = buffer.byteLength;
  }

  /** The stored value at a place, with slope and intercept; three numbers for colors; undefined outside. */
  at(column, row) {
    if (column < 0 || row < 0 || column >= this.columns || row >= this.rows) return undefined;
    const index = row * this.columns + column;
    if (this.isColor) return [...this.values.subarray(index * 3, index * 3 + 3)];
    return this.values[index] * this.slope + this.intercept;
  }

  /** "table" where the file has a VOI LUT, else center and width as it says, else from least to most. */
  window() {
    if (this.levels) return "table";
    const said = this.windows.find(([, width]) => width > 0);
    return said ? [...said] : this.range();
  }

  /** Center and width that show every value. */
  range() {
    if (!this.extent) {
      let low = Infinity;
      let high = -Infinity;
      for (const value of this.values) {
        if (value < low) low = value;
        if (value > high) high = value;
      }
      const ends = [low * this.slope + this.intercept, high * this.slope + this.intercept];
      this.extent = [Math.min(...ends), Math.max(...ends)];
    }
    const [low, high] = this.extent;
    return [(low + high + 1) / 2, Math.max(high - low + 1, 1e-6)];
  }

  /** A level of gray by the VOI LUT. PS3.3 §C.11.2.1.1. */
  level(modal) {
    return this.levels[Math.trunc(Math.min(Math.max(modal - this.first, 0), this.levels.length - 1))];
  }

  /** Pixels for a canvas. PS3.3 §C.11.2.1.1, §C.11.2.1.2, the linear function. */
  paint(window, inverted) {
    const byTable = window === "table";
    const [center, width] = byTable ? [0, 1] : window;
    const count = this.rows * this.columns;
    const pixels = new Uint32Array(count);
    const values = this.values;
    if (this.isColor) {
      const flip = inverted ? 0xffffff : 0;
      for (let at = 0, from = 0; at < count; at++, from += 3)
        pixels[at] = ((0xff << 24) | (values[from + 2] << 16) | (values[from + 1] << 8) | values[from]) ^ flip;
    } else {
      const invert = inverted !== this.inverse;
      const low = center - 0.5 - (width - 1) / 2;
      const scale = width > 1 ? 255 / (width - 1) : Infinity;
      const gray = (value) => {
        const modal = value * this.slope + this.intercept;
        const level = byTable ? this.level(modal)
          : modal <= low ? 0 : modal > low + width - 1 ? 255 : Math.round((modal - low) * scale);
        return (invert ? 255 - level : level) * 0x010101;
      };
      const lowest = { Int8Array: -128, Uint8Array: 0, Int16Array: -32768, Uint16Array: 0 }[values.constructor.name];
      if (lowest === undefined) {
        for (let at = 0; at < count; at++) pixels[at] = 0xff000000 | gray(values[at]);
      } else {
        const span = values.BYTES_PER_ELEMENT === 1 ? 256 : 65536;
        const table = new Uint32Array(span);
        for (let at = 0; at < span; at++) table[at] = 0xff000000 | gray(at + lowest);
        for (let at = 0; at < count; at++) pixels[at] = table[values[at] - lowest];
      }
    }
    return new ImageData(new Uint8ClampedArray(pixels.buffer), this.columns, this.rows);
  }
}

/** Fetches frames and keeps the latest ones. */
export class Frames {
  constructor(study) {
    this.study = study;
    this.held = new Map();
    this.size = 0;
  }

  get(instance, number) {
    const key = `${instance}/${number}`;
    let held = this.held.get(key);
    if (held) this.held.delete(key);
    else held = this.fetch(instance, number, key);
    this.held.set(key, held); // the latest used stands last
    return held;
  }

  has(instance, number) {
    return this.held.has(`${instance}/${number}`);
  }

  async fetch(instance, number, key) {
    try {
      const place = `/studies/${this.study}/instances/${instance}/frames/${number}`;
      const answer = await fetch(`${place}/samples`);
      if (!answer.ok) throw new Error((await answer.json().catch(() => ({}))).detail || answer.statusText);
      const frame = new Frame(JSON.parse(answer.headers.get("x-samples")), await answer.arrayBuffer());
      if (frame.has_levels) {
        const said = await (await fetch(`${place}/levels`)).json();
        frame.first = said.first;
        frame.levels = Uint8Array.from(atob(said.levels), (one) => one.charCodeAt(0));
      }
      this.size += frame.size;
      this.shrink();
      return frame;
    } catch (error) {
      this.held.delete(key);
      throw error;
    }
  }

  async shrink() {
    for (const [key, held] of this.held) {
      if (this.size <= BUDGET) return;
      this.held.delete(key);
      held.then((frame) => (this.size -= frame.size)).catch(() => {});
    }
  }

  async overlays(instance, number) {
    const answer = await fetch(`/studies/${this.study}/instances/${instance}/frames/${number}/overlays`);
    return answer.ok ? answer.json() : [];
  }
}

/** A plane of bits as an image of one color. */
export function planeImage(plane) {
  const bits = Uint8Array.from(atob(plane.data), (one) => one.charCodeAt(0));
  const image = new ImageData(plane.columns, plane.rows);
  const pixels = new Uint32Array(image.data.buffer);
  for (let at = 0; at < pixels.length; at++) if ((bits[at >> 3] >> (at & 7)) & 1) pixels[at] = 0xff4fe36b;
  return image;
}
