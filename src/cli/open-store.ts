import { createMemoryStore } from '../store/memory.ts'
import { openSqliteStore } from '../store/sqlite.ts'
import type { Store } from '../store/store.ts'
import { StoreError } from '../store/store-error.ts'
import { CommandError, exitCodes, wrongUsage } from './exit.ts'

/** Opens the event log that a configuration or `--store` names: `sqlite:FILE`, or `memory:` for none beyond the process. */
export async function openStore(name: string, readOnly = false): Promise<Store> {
  if (name === 'memory:') return createMemoryStore()
  if (!name.startsWith('sqlite:') || name === 'sqlite:')
    throw wrongUsage(`a store is sqlite:FILE or memory:, but '${name}' was given`)
  try {
    return await openSqliteStore(name.slice('sqlite:'.length), { readOnly })
  } catch (error) {
    if (error instanceof StoreError) throw new CommandError(exitCodes.failed, error.message, error)
    throw error
  }
}
