/** A share or a satisfaction with three decimals, `0.853`; a dash while unknown. */
export function formatShare(value: number | null): string {
  return value === null || Number.isNaN(value) ? '–' : value.toFixed(3)
}

/** An amount of USD with three significant digits, never in exponents: `$4.83`, `$0.0213`, `$15.0`. */
export function formatUsd(amountUsd: number | null): string {
  if (amountUsd === null || Number.isNaN(amountUsd)) return '–'
  if (amountUsd === 0) return '$0'
  const magnitude = Math.floor(Math.log10(Math.abs(amountUsd)))
  return `$${amountUsd.toFixed(Math.min(9, Math.max(0, 2 - magnitude)))}`
}

/** A mean cost per request as the cost of a thousand requests. */
export function formatPerThousand(costUsd: number | null): string {
  return formatUsd(costUsd === null ? null : 1000 * costUsd)
}

/** A whole percentage: `41%`, and `<1%` for what is there but rounds to nothing. */
export function formatPercent(share: number): string {
  if (share > 0 && share < 0.005) return '<1%'
  return `${Math.round(100 * share)}%`
}

/** A count with thousands separated: `12,345`. */
export function formatCount(count: number): string {
  return String(Math.round(count)).replace(/\B(?=(\d{3})+$)/g, ',')
}

/** Minutes and seconds: `1:05`. */
export function formatDuration(durationMs: number): string {
  const seconds = Math.floor(durationMs / 1000)
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
}

/** A horizontal bar of a share in [0, 1] of a width, to an eighth of a character. */
export function bar(share: number, width: number): string {
  const eighths = Math.round(Math.min(1, Math.max(0, share)) * width * 8)
  const rest = ' ▏▎▍▌▋▊▉'[eighths % 8] ?? ''
  return `${'█'.repeat(Math.floor(eighths / 8))}${eighths % 8 === 0 ? '' : rest}`
}
