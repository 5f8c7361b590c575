// Measurements in the image's own coordinates: lengths and angles in millimeters where the spacing is known.

const NAME = "http://www.w3.org/2000/svg";

/** The distance of two points in millimeters, or in pixels where the spacing is not known. */
export function distance([ax, ay], [bx, by], spacing) {
  const [between_rows, between_columns] = spacing.length ? spacing : [1, 1];
  return Math.hypot((bx - ax) * between_columns, (by - ay) * between_rows);
}

/** The angle at the middle point in degrees. */
export function angle(a, vertex, b, spacing) {
  const [high, wide] = spacing.length ? spacing : [1, 1];
  const first = Math.atan2((a[1] - vertex[1]) * high, (a[0] - vertex[0]) * wide);
  const second = Math.atan2((b[1] - vertex[1]) * high, (b[0] - vertex[0]) * wide);
  const turn = Math.abs(((first - second) * 180) / Math.PI);
  return turn > 180 ? 360 - turn : turn;
}

export class Marks {
  constructor(svg) {
    this.svg = svg;
    this.all = new Map(); // by image
    this.open = null;
  }

  list(key) {
    if (!this.all.has(key)) this.all.set(key, []);
    return this.all.get(key);
  }

  begin(key, kind, point) {
    this.open = { kind, points: [point, point] };
    this.list(key).push(this.open);
  }

  /** The point that is being set goes along. */
  move(point) {
    if (this.open) this.open.points[this.open.points.length - 1] = point;
  }

  /** The point is set; whether the mark is whole. */
  set(point) {
    if (!this.open) return true;
    this.move(point);
    if (this.open.kind === "angle" && this.open.points.length === 2) {
      this.open.points.push(point);
      return false;
    }
    this.open = null;
    return true;
  }

  drop(key) {
    this.list(key).pop();
    this.open = null;
  }

  text(mark, spacing) {
    const [a, b, c] = mark.points;
    if (mark.kind === "angle") return c ? `${angle(a, b, c, spacing).toFixed(1)}°` : "";
    return `${distance(a, b, spacing).toFixed(1)} ${spacing.length ? "mm" : "px"}`;
  }

  draw(key, spacing, place) {
    this.svg.replaceChildren();
    for (const mark of this.list(key)) {
      const points = mark.points.map(place);
      const line = document.createElementNS(NAME, "polyline");
      line.setAttribute("points", points.map((point) => point.join(",")).join(" "));
      this.svg.append(line);
      for (const [x, y] of points) {
        const dot = document.createElementNS(NAME, "circle");
        dot.setAttribute("cx", x);
        dot.setAttribute("cy", y);
        dot.setAttribute("r", 3);
        this.svg.append(dot);
      }
      const [x, y] = mark.kind === "angle" ? points[1] : points[points.length - 1];
      const text = document.createElementNS(NAME, "text");
      text.setAttribute("x", x + 8);
      text.setAttribute("y", y - 8);
      text.textContent = this.text(mark, spacing);
      this.svg.append(text);
    }
  }
}
