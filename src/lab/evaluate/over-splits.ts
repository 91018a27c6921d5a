import type { EvaluatedSplit } from '../evaluate.ts'
import type { CalibrationBin } from '../metrics/calibration.ts'
import type { RouterPoint } from '../metrics/outcome-matrix.ts'

/** Arithmetic mean of a figure over the splits. */
export function meanOver(splits: readonly EvaluatedSplit[], of: (split: EvaluatedSplit) => number): number {
  return splits.reduce((sum, split) => sum + of(split), 0) / splits.length
}

/** Where each policy's predictions lead over all prices, price by price averaged over the splits; policies without are left out. */
export function meanCurves(
  splits: readonly EvaluatedSplit[],
): Readonly<Record<string, readonly RouterPoint[]>> {
  return Object.fromEntries(
    (splits[0]?.results ?? []).flatMap(({ policy, curve }, p) => {
      if (curve === null) return []
      const points = curve.map((_, i) => ({
        satisfaction: meanOver(splits, split => split.results[p]?.curve?.[i]?.satisfaction ?? 0),
        costUsd: meanOver(splits, split => split.results[p]?.curve?.[i]?.costUsd ?? 0),
      }))
      return [[policy, points]]
    }),
  )
}

/** Calibration curve of each policy over all its splits; policies without predictions are left out. */
export function pooledCalibration(
  splits: readonly EvaluatedSplit[],
): Readonly<Record<string, readonly CalibrationBin[]>> {
  return Object.fromEntries(
    (splits[0]?.results ?? []).flatMap(({ policy, calibration }, p) =>
      calibration === null
        ? []
        : [[policy, pooledBins(splits.flatMap(split => split.results[p]?.calibration ?? []))]],
    ),
  )
}

/** Bins of the same tenth, put together by their rows. */
function pooledBins(bins: readonly CalibrationBin[]): readonly CalibrationBin[] {
  const tenth = ({ predicted }: CalibrationBin): number => Math.min(9, Math.floor(predicted * 10 + 1e-9))
  return Array.from({ length: 10 }, (_, i) => bins.filter(bin => tenth(bin) === i))
    .filter(same => same.length > 0)
    .map(same => {
      const rows = same.reduce((sum, bin) => sum + bin.rows, 0)
      const mean = (of: (bin: CalibrationBin) => number): number =>
        same.reduce((sum, bin) => sum + of(bin) * bin.rows, 0) / rows
      return { rows, predicted: mean(bin => bin.predicted), observed: mean(bin => bin.observed) }
    })
}
