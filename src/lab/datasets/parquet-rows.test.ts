import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parquetWriteBuffer } from 'hyparquet-writer'
import { afterAll, describe, expect, it } from 'vitest'
import { openParquet } from './parquet-rows.ts'

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = []
  for await (const item of items) list.push(item)
  return list
}

const folder = mkdtempSync(join(tmpdir(), 'parquet-rows-'))
afterAll(() => rmSync(folder, { recursive: true }))
const path = join(folder, 'a.parquet')
const schema = [
  { name: 'root', num_children: 3 },
  { name: 'id', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'OPTIONAL' },
  { name: 'm', num_children: 2, repetition_type: 'OPTIONAL' },
  { name: 'score', type: 'DOUBLE', repetition_type: 'OPTIONAL' },
  { name: 'response', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'OPTIONAL' },
  { name: 'n', type: 'INT64', repetition_type: 'OPTIONAL' },
] as const
const rows = Array.from({ length: 25 }, (_, i) => ({
  id: `r${i}`,
  m: i === 3 ? null : { score: i / 100, response: 'long '.repeat(100) },
  n: BigInt(i),
}))

function write(rowGroupSize: number): void {
  const column = <K extends keyof (typeof rows)[number]>(name: K): { name: K; data: unknown[] } => ({
    name,
    data: rows.map(row => row[name]),
  })
  const columnData = [column('id'), column('m'), column('n')]
  writeFileSync(path, new Uint8Array(parquetWriteBuffer({ columnData, schema: [...schema], rowGroupSize })))
}

describe('openParquet', () => {
  it.each([4, 100])('streams rows with the kept leaves only, row groups of %i', async rowGroupSize => {
    write(rowGroupSize)
    const file = await openParquet(path)
    expect(file.columns).toEqual(['id', 'm', 'n'])
    expect(file.fieldsOf('m')).toEqual(['score', 'response'])
    expect(file.fieldsOf('id')).toBeNull()
    const kept = await all(
      file.rows(
        leaf => leaf[0] === 'id' || leaf[1] === 'score',
        () => {},
      ),
    )
    expect(kept.map(row => row.number)).toEqual(rows.map((_, i) => i + 1))
    expect(kept[2]?.values).toEqual({ id: 'r2', m: { score: 0.02 } })
    expect(kept[24]?.values).toEqual({ id: 'r24', m: { score: 0.24 } })
    expect(kept[3]?.values.id).toBe('r3')
  })

  it('tells fewer bytes where fewer leaves are kept', async () => {
    write(100)
    const file = await openParquet(path)
    const bytes = async (keep: (leaf: readonly string[]) => boolean): Promise<number> => {
      let total = 0
      await all(
        file.rows(keep, read => {
          total += read
        }),
      )
      return total
    }
    expect(await bytes(leaf => leaf[0] === 'n')).toBeLessThan(await bytes(() => true))
  })

  it('refuses what is no Parquet file', async () => {
    writeFileSync(path, 'a,b\n1,2\n')
    await expect(openParquet(path)).rejects.toThrow(`${path}: cannot be read`)
  })
})
