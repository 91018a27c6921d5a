import { GatewayError } from '../inference/errors.ts'
import { StoreError } from '../store/store-error.ts'

const RETRY_AFTER_MS = 1000

/** Waits for the store on a caller's behalf. Throws `store_unavailable` when it fails; other errors stay as they are. */
export async function fromStore<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer
  } catch (cause) {
    if (!(cause instanceof StoreError)) throw cause
    throw new GatewayError(
      'store_unavailable',
      'the event log cannot be reached; send the same request again later',
      {
        cause,
        retryAfterMs: RETRY_AFTER_MS,
      },
    )
  }
}
