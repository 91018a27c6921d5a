import { createHmac, randomFillSync, timingSafeEqual } from 'node:crypto'
import { type DecisionId, decisionId } from '../routing/decision.ts'

/** One request's two names: they share a token, so that feedback may use either. */
export interface RequestNames {
  readonly requestId: string
  readonly decisionId: DecisionId
}

/** Makes signed ids and tells ours from others', without looking anything up. */
export interface RequestIds {
  create(nowMs: number): RequestNames
  /** The decision that a request or decision id names; `null` for an id that this store never signed. */
  verify(id: string): { readonly decisionId: DecisionId; readonly atMs: number } | null
}

const RANDOM_POOL_BYTES = 4096
const RANDOM_BYTES = 10
const TIME_BYTES = 6
const SIGNATURE_BYTES = 9
const TOKEN = /^(?:dec|req)_([A-Za-z0-9_-]{22})([A-Za-z0-9_-]{12})$/

/** Ids signed with a secret: 6 bytes of time, 10 random bytes, 9 bytes of HMAC-SHA-256. */
export function createRequestIds(secret: Uint8Array): RequestIds {
  const pool = Buffer.alloc(RANDOM_POOL_BYTES)
  let used = RANDOM_POOL_BYTES
  const body = Buffer.alloc(TIME_BYTES + RANDOM_BYTES)
  const sign = (text: string): Buffer =>
    createHmac('sha256', secret).update(text).digest().subarray(0, SIGNATURE_BYTES)
  return {
    create(nowMs) {
      if (used + RANDOM_BYTES > RANDOM_POOL_BYTES) {
        randomFillSync(pool)
        used = 0
      }
      body.writeUIntBE(Math.floor(nowMs), 0, TIME_BYTES)
      pool.copy(body, TIME_BYTES, used, used + RANDOM_BYTES)
      used += RANDOM_BYTES
      const text = body.toString('base64url')
      const token = text + sign(text).toString('base64url')
      return { requestId: `req_${token}`, decisionId: decisionId(`dec_${token}`) }
    },
    verify(id) {
      const match = TOKEN.exec(id)
      const [, text, signature] = match ?? []
      if (text === undefined || signature === undefined) return null
      if (!timingSafeEqual(sign(text), Buffer.from(signature, 'base64url'))) return null
      return {
        decisionId: decisionId(`dec_${text}${signature}`),
        atMs: Buffer.from(text, 'base64url').readUIntBE(0, TIME_BYTES),
      }
    },
  }
}
