import { at } from './markup.ts'

/** Shapes tell policies apart where colours do not. */
const shapes: readonly ((x: number, y: number, r: number) => string)[] = [
  (x, y, r) => `<circle cx="${at(x)}" cy="${at(y)}" r="${at(r)}"/>`,
  (x, y, r) =>
    `<rect x="${at(x - r * 0.9)}" y="${at(y - r * 0.9)}" width="${at(r * 1.8)}" height="${at(r * 1.8)}"/>`,
  (x, y, r) =>
    polygon([
      [x, y - r * 1.25],
      [x + r * 1.15, y + r * 0.85],
      [x - r * 1.15, y + r * 0.85],
    ]),
  (x, y, r) =>
    polygon([
      [x, y - r * 1.3],
      [x + r * 1.3, y],
      [x, y + r * 1.3],
      [x - r * 1.3, y],
    ]),
  (x, y, r) =>
    polygon([
      [x, y + r * 1.25],
      [x + r * 1.15, y - r * 0.85],
      [x - r * 1.15, y - r * 0.85],
    ]),
]

/** The mark of the policy at this position of the list. */
export function marker(policy: number, x: number, y: number, radius: number): string {
  const shape = shapes[policy % shapes.length]
  return shape === undefined ? '' : shape(x, y, radius)
}

/** Class of the policy's colour. */
export function colourClass(policy: number): string {
  return `c${policy % 12}`
}

function polygon(points: readonly (readonly [number, number])[]): string {
  return `<polygon points="${points.map(([x, y]) => `${at(x)},${at(y)}`).join(' ')}"/>`
}
