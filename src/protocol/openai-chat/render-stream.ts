import type { StreamPart } from '../../inference/answer.ts'

export const END_OF_STREAM = 'data: [DONE]\n\n'

/** How the client's view of a stream differs from the provider's. */
export interface StreamRendering {
  readonly includeUsage: boolean
  /** Cost of the usage that an event reports; `null` while the price is unknown. */
  costUsd(event: Readonly<Record<string, unknown>>): number | null
}

/**
 * Bytes of one part for the client; `null` when the part is not for it.
 * A usage event of its own is there because the gateway asked for it; the client sees it only if it asked as well.
 */
export function renderPart(part: StreamPart, rendering: StreamRendering): Uint8Array | null {
  if (part.kind === 'output') return part.bytes
  if (!rendering.includeUsage) return part.alone ? null : part.bytes
  const cost = rendering.costUsd(part.event)
  const usage = part.event.usage
  if (cost === null || typeof usage !== 'object' || usage === null) return part.bytes
  return Buffer.from(`data: ${JSON.stringify({ ...part.event, usage: { ...usage, cost } })}\n\n`)
}
