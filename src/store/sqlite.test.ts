import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { decisionId } from '../routing/decision.ts'
import { createRandom } from '../routing/numeric/random.ts'
import { randomRecord } from './random-record.fixture.ts'
import { openSqliteStore } from './sqlite.ts'
import { describeStore } from './store.contract.ts'
import type { NewEvent, Store } from './store.ts'

let folder = ''
let files = 0
const paths = new Map<Store, string>()

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'plimsoll-sqlite-'))
})

afterAll(async () => {
  await rm(folder, { recursive: true })
})

const newPath = (): string => join(folder, `log-${files++}.db`)

async function open(path: string): Promise<Store> {
  const store = await openSqliteStore(path)
  paths.set(store, path)
  return store
}

describeStore({
  name: 'SQLite',
  open: () => open(newPath()),
  reopen: closed => open(paths.get(closed) ?? newPath()),
})

function decided(id: string): NewEvent {
  return { kind: 'decision', atMs: 1, policy: 'p', record: randomRecord(createRandom(id), { id }) }
}

describe('the SQLite store', () => {
  it('refuses a log that another gateway writes, and only as long as it does', async () => {
    const path = newPath()
    const first = await openSqliteStore(path)
    await expect(openSqliteStore(path)).rejects.toMatchObject({
      code: 'store_locked',
      message: expect.stringMatching(/another process.*operator must stop it/),
    })
    await first.close()
    await (await openSqliteStore(path)).close()
  })

  it('lets a reader look at a log that is being written', async () => {
    const path = newPath()
    const writer = await openSqliteStore(path)
    await writer.append([decided('a')])
    const reader = await openSqliteStore(path, { readOnly: true })
    expect((await reader.findDecision(decisionId('a')))?.record.id).toBe('a')
    await writer.append([decided('b')])
    expect((await reader.summary()).decisions).toBe(2)
    expect(await reader.tryBecomeLearner()).toBe(false)
    await expect(reader.append([decided('c')])).rejects.toMatchObject({ code: 'store_unavailable' })
    await reader.close()
    await writer.close()
  })

  it('lets nobody but its owner read a new log', async () => {
    const path = newPath()
    const store = await openSqliteStore(path)
    await store.append([decided('a')])
    for (const file of [path, `${path}-wal`]) expect((await stat(file)).mode & 0o777).toBe(0o600)
    await store.close()
  })

  it('survives power loss when asked to: full synchronisation is accepted', async () => {
    const store = await openSqliteStore(newPath(), { synchronous: 'full' })
    expect(await store.append([decided('a')])).toEqual([{ status: 'committed', cursor: 1 }])
    await store.close()
  })

  const broken: readonly (readonly [string, (path: string) => Promise<void> | void, RegExp])[] = [
    ['a file that is no database', path => writeFile(path, 'x'.repeat(5000)), /is not a SQLite database/],
    [
      'a database of another program',
      path => writeDatabase(path, 'CREATE TABLE t (a)'),
      /of another program; the operator must name another file/,
    ],
    [
      'a log of a newer plimsoll',
      path => writeDatabase(path, 'PRAGMA application_id = 0x706c696d; PRAGMA user_version = 999'),
      /schema 999.*knows schemas up to 2.*newer plimsoll/,
    ],
  ]
  it.each(broken)('refuses %s', async (_name, prepare, message) => {
    const path = newPath()
    await prepare(path)
    await expect(openSqliteStore(path)).rejects.toMatchObject({
      code: 'store_unavailable',
      message: expect.stringMatching(message),
    })
  })

  it('refuses a folder that does not exist, and an absent log for reading', async () => {
    const unavailable = { code: 'store_unavailable', message: expect.stringMatching(/operator must/) }
    await expect(openSqliteStore(join(folder, 'absent', 'log.db'))).rejects.toMatchObject(unavailable)
    await expect(openSqliteStore(newPath(), { readOnly: true })).rejects.toMatchObject(unavailable)
  })
})

function writeDatabase(path: string, sql: string): void {
  const database = new DatabaseSync(path)
  database.exec(sql)
  database.close()
}
