import type { AuditDesk, WaitingAudit } from './audit-desk.ts'

/** A desk in the memory of this process. @param check throws once the store was closed */
export function createMemoryAuditDesk(check: () => void): AuditDesk {
  const waiting = new Map<string, WaitingAudit>()
  const spent = new Map<number, Map<string, number>>()
  const oldestFirst = (): readonly WaitingAudit[] => [...waiting.values()].sort((a, b) => a.atMs - b.atMs)
  return {
    async hold(audit) {
      check()
      if (!waiting.has(audit.decision)) waiting.set(audit.decision, audit)
    },
    async find(decision) {
      check()
      return waiting.get(decision) ?? null
    },
    async list({ className, nowMs, limit }) {
      check()
      return oldestFirst()
        .filter(audit => audit.expiresMs > nowMs && (className === null || audit.className === className))
        .slice(0, limit)
    },
    async remove(decision) {
      check()
      return waiting.delete(decision)
    },
    async removeExpired(nowMs, limit) {
      check()
      const expired = oldestFirst()
        .filter(({ expiresMs }) => expiresMs <= nowMs)
        .slice(0, limit)
      for (const { decision } of expired) waiting.delete(decision)
      return expired.map(({ transcript: _, ...rest }) => rest)
    },
    async count(className) {
      check()
      return oldestFirst().filter(audit => audit.className === className).length
    },
    async spend(className, day, usd) {
      check()
      const ofDay = spent.get(day) ?? new Map<string, number>()
      ofDay.set(className, (ofDay.get(className) ?? 0) + usd)
      spent.set(day, ofDay)
    },
    async spending(day) {
      check()
      return [...(spent.get(day) ?? [])].map(([className, usd]) => ({ className, usd }))
    },
  }
}
