import type { ByteReader, ByteWriter } from '../numeric/byte-codec.ts'
import type { TrainingCurve } from '../policy.ts'

/** Points of a whole curve. */
const POINTS = 40

/** Means of figures over equal stretches of a training. */
export interface LearningCurve {
  /** One value per column; NaN where a step has none. */
  add(values: readonly number[]): void
  view(): TrainingCurve
  write(writer: ByteWriter): void
  read(reader: ByteReader): void
}

/** A curve of at most 40 points over so many steps. */
export function createLearningCurve(columns: readonly string[], steps: number): LearningCurve {
  const width = columns.length
  const stretch = Math.max(1, Math.ceil(steps / POINTS))
  const sums = new Float64Array(width)
  const counts = new Float64Array(width)
  let points: number[] = []
  let added = 0
  return {
    add(values) {
      values.forEach((value, k) => {
        if (Number.isNaN(value)) return
        sums[k] = (sums[k] ?? 0) + value
        counts[k] = (counts[k] ?? 0) + 1
      })
      added++
      if (added % stretch !== 0 && added !== steps) return
      points.push(added, ...sums.map((sum, k) => sum / (counts[k] ?? 0)))
      sums.fill(0)
      counts.fill(0)
    },
    view: () => ({
      columns,
      points: Array.from({ length: points.length / (width + 1) }, (_, i) => {
        const [step = 0, ...values] = points.slice(i * (width + 1), (i + 1) * (width + 1))
        return { step, values: values.map(value => (Number.isNaN(value) ? null : value)) }
      }),
    }),
    write(writer) {
      for (const array of [sums, counts, Float64Array.from(points)]) writer.array(array)
      writer.count(added)
    },
    read(reader) {
      sums.set(reader.float64())
      counts.set(reader.float64())
      points = [...reader.float64()]
      added = reader.count()
    },
  }
}
