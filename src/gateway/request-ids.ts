import { hash, randomFillSync, timingSafeEqual } from 'node:crypto'
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
/** Of base64: 9 bytes without a spare bit. */
const SIGNATURE_CHARACTERS = 12
const TOKEN = /^(?:dec|req)_([A-Za-z0-9_-]{22})([A-Za-z0-9_-]{12})$/

/**
 * Ids signed with a secret: 6 bytes of time, 10 random bytes, and the first 9 bytes of SHA-256(secret, those 16).
 * The message has a fixed length and most of the digest stays hidden, so the plain keyed hash cannot be extended; it costs
 * a third of an HMAC, and every request pays for one.
 */
export function createRequestIds(secret: Uint8Array): RequestIds {
  const pool = Buffer.alloc(RANDOM_POOL_BYTES)
  let used = RANDOM_POOL_BYTES
  const body = Buffer.alloc(TIME_BYTES + RANDOM_BYTES)
  const signed = Buffer.concat([secret, body])
  const sign = (token: Buffer): string => {
    signed.set(token, secret.length)
    return hash('sha256', signed, 'base64url').slice(0, SIGNATURE_CHARACTERS)
  }
  return {
    create(nowMs) {
      if (used + RANDOM_BYTES > RANDOM_POOL_BYTES) {
        randomFillSync(pool)
        used = 0
      }
      body.writeUIntBE(Math.floor(nowMs), 0, TIME_BYTES)
      pool.copy(body, TIME_BYTES, used, used + RANDOM_BYTES)
      used += RANDOM_BYTES
      const token = body.toString('base64url') + sign(body)
      return { requestId: `req_${token}`, decisionId: decisionId(`dec_${token}`) }
    },
    verify(id) {
      const match = TOKEN.exec(id)
      const [, text, signature] = match ?? []
      if (text === undefined || signature === undefined) return null
      const token = Buffer.from(text, 'base64url')
      // Base64 has spare bits here: an id counts only as it was written.
      if (token.toString('base64url') !== text) return null
      if (!timingSafeEqual(Buffer.from(sign(token)), Buffer.from(signature))) return null
      return {
        decisionId: decisionId(`dec_${text}${signature}`),
        atMs: token.readUIntBE(0, TIME_BYTES),
      }
    },
  }
}
