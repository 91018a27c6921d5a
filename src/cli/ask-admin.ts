import { CommandError, exitCodes } from './exit.ts'

const TIMEOUT_MS = 10_000

/** Asks a gateway's admin port; ends the command with its own words when it refuses. */
export async function askAdmin(url: string, path: string): Promise<unknown> {
  let response: Response
  try {
    response = await fetch(new URL(path, url), { signal: AbortSignal.timeout(TIMEOUT_MS) })
  } catch (error) {
    throw new CommandError(
      exitCodes.failed,
      `no gateway answers at ${url}; is it running, and is this its admin port?`,
      error,
    )
  }
  const body: unknown = await response.json().catch(() => null)
  if (response.ok) return body
  const error = typeof body === 'object' && body !== null && 'error' in body ? body.error : null
  const told =
    typeof error === 'object' && error !== null && 'message' in error
      ? String(error.message)
      : `status ${response.status}`
  throw new CommandError(exitCodes.failed, told)
}
