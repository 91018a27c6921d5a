/** How often and how far the mean over a rolling window lay below the floor. */
export interface WindowShortfall {
  /** Share of the windows whose mean lies below the mean floor of the same requests. */
  readonly violations: number
  /** Mean over the windows of [floor - mean]+. */
  readonly shortfall: number
}

/**
 * Looks at every window of `width` successive requests; `null` when the stream is shorter than one window.
 * Floors may differ by request: a window is measured against the mean of its own.
 */
export function windowShortfall(
  satisfaction: Float64Array,
  floors: Float64Array,
  width: number,
): WindowShortfall | null {
  if (satisfaction.length < width) return null
  // Sums move by adding and subtracting; their rounding must not turn a floor met exactly into a violation.
  const tolerance = 1e-9
  let gap = 0
  let violated = 0
  let total = 0
  for (let end = 0; end < satisfaction.length; end++) {
    gap += (floors[end] ?? 0) - (satisfaction[end] ?? 0)
    if (end >= width) gap -= (floors[end - width] ?? 0) - (satisfaction[end - width] ?? 0)
    if (end < width - 1) continue
    const missing = gap / width
    if (missing <= tolerance) continue
    violated++
    total += missing
  }
  const windows = satisfaction.length - width + 1
  return { violations: violated / windows, shortfall: total / windows }
}
