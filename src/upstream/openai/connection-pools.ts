import { Pool } from 'undici'

/** Keep-alive connections to the providers, one pool per origin and connect timeout. */
export interface ConnectionPools {
  pool(origin: string, connectTimeoutMs: number): Pool
  /** Drops the connections; running calls end with an error. */
  close(): Promise<void>
}

/** Makes an empty set of pools; connections open at the first call. */
export function createConnectionPools(): ConnectionPools {
  const pools = new Map<string, Pool>()
  return {
    pool(origin, connectTimeoutMs) {
      const key = `${origin} ${connectTimeoutMs}`
      let pool = pools.get(key)
      if (pool === undefined) {
        // The calls time themselves: the parser's timers are coarse and know nothing of first tokens.
        pool = new Pool(origin, {
          connect: { timeout: connectTimeoutMs },
          headersTimeout: 0,
          bodyTimeout: 0,
          allowH2: false,
        })
        pools.set(key, pool)
      }
      return pool
    },
    async close() {
      await Promise.all([...pools.values()].map(pool => pool.destroy()))
      pools.clear()
    },
  }
}
