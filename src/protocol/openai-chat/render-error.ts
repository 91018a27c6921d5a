import type { GatewayError } from '../../inference/errors.ts'
import { errorKind } from '../../inference/errors.ts'

/** The OpenAI error object, with what the gateway knows beyond it under `plimsoll`. */
export function renderError(error: GatewayError): string {
  const { param, decisionId, attempts, reasons } = error.details
  const plimsoll = {
    responsible: errorKind(error.code).responsible,
    ...(decisionId === undefined ? {} : { decision_id: decisionId }),
    ...(attempts === undefined
      ? {}
      : { attempts: attempts.map(({ ms, ...attempt }) => ({ ...attempt, ms: Math.round(ms) })) }),
    ...(reasons === undefined ? {} : { reasons }),
  }
  return JSON.stringify({
    error: {
      message: error.message,
      type: errorKind(error.code).type,
      param: param ?? null,
      code: error.code,
      plimsoll,
    },
  })
}

/** The event that ends a stream which broke after its first output. */
export function renderErrorEvent(error: GatewayError): string {
  return `data: ${renderError(error)}\n\n`
}
