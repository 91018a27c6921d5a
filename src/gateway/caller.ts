import { hash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { GatewayError } from '../inference/errors.ts'
import type { KeyConfig } from './config.ts'

/** Finds the key that a request carries; `null` when the gateway is open. Throws `invalid_api_key`. */
export function identifyCaller(request: IncomingMessage, keys: readonly KeyConfig[]): KeyConfig | null {
  if (keys.length === 0) return null
  const header = request.headers.authorization
  const presented = header?.startsWith('Bearer ') ? header.slice(7).trim() : request.headers['x-api-key']
  if (typeof presented !== 'string' || presented === '')
    throw new GatewayError('invalid_api_key', 'no key was given; send it as "authorization: Bearer KEY"')
  const digest = hash('sha256', presented, 'buffer')
  let found: KeyConfig | null = null
  // Every key is compared, and each in constant time: the time taken tells nothing of which one was near.
  for (const key of keys) if (timingSafeEqual(digest, key.sha256)) found = key
  if (found === null)
    throw new GatewayError(
      'invalid_api_key',
      'the key is not known here; check it, or ask the operator for one',
    )
  return found
}
