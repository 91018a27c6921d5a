import { decimal } from './markup.ts'

/** Maps values of an axis to coordinates. */
export interface Scale {
  readonly place: (value: number) => number
  readonly ticks: readonly number[]
}

/** The ticks of a share's axis in percent, with as many decimals as tell them apart. */
export function percentLabels({ ticks }: Scale): readonly string[] {
  const [first = 0, second = 1] = ticks
  const digits = second - first < 0.0099 ? 1 : 0
  return ticks.map(tick => decimal(tick * 100, digits))
}

/** From `low` and `high` of an axis to the coordinates of its two ends. */
export interface Span {
  readonly low: number
  readonly high: number
  readonly from: number
  readonly to: number
}

/** An even axis with about `count` ticks at round values. */
export function evenScale({ low, high, from, to }: Span, count: number): Scale {
  const width = high > low ? high - low : 1
  const rough = width / Math.max(1, count)
  const power = 10 ** Math.floor(Math.log10(rough))
  const distance = (step: number): number => Math.abs(Math.log((step * power) / rough))
  const step =
    power * [1, 2, 5, 10].reduce((best, each) => (distance(each) < distance(best) ? each : best), 1)
  const first = Math.ceil(low / step - 1e-9)
  const last = Math.floor((low + width) / step + 1e-9)
  return {
    place: value => from + ((value - low) / width) * (to - from),
    ticks: Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => (first + i) * step),
  }
}

/**
 * A logarithmic axis with at most `count` ticks at 1, 2 and 5 times powers of ten, or at powers alone. Needs 0 < low < high; what
 * lies below `low` stands at its end.
 */
export function logScale({ low, high, from, to }: Span, count: number): Scale {
  const width = Math.log(high / low)
  const powers = Array.from(
    { length: Math.ceil(Math.log10(high)) - Math.floor(Math.log10(low)) + 1 },
    (_, i) => Math.floor(Math.log10(low)) + i,
  )
  const ticksAt = (steps: readonly number[], every: number): readonly number[] =>
    powers
      .filter(power => power % every === 0)
      .flatMap(power => steps.map(step => step * 10 ** power))
      .filter(value => value >= low * 0.999 && value <= high * 1.001)
  const candidates = [ticksAt([1, 2, 5], 1), ticksAt([1, 3], 1), ticksAt([1], 1), ticksAt([1], 2)]
  return {
    place: value => from + (Math.log(Math.max(value, low) / low) / width) * (to - from),
    ticks: candidates.find(ticks => ticks.length <= count) ?? [],
  }
}
