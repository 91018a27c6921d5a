import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, describe, expect, it } from 'vitest'
import { createRandom } from '../../routing/numeric/random.ts'
import { type CsvRecord, createCsvParser, csvRecords } from './csv-records.ts'

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = []
  for await (const item of items) list.push(item)
  return list
}

/** Records of a text that comes in pieces of the given size. */
function parse(text: string, size = text.length): readonly CsvRecord[] {
  const parser = createCsvParser()
  const records: CsvRecord[] = []
  for (let at = 0; at < text.length; at += size) records.push(...parser.push(text.slice(at, at + size)))
  return [...records, ...parser.end()]
}

const fields = (records: readonly CsvRecord[]): readonly (readonly string[])[] =>
  records.map(record => record.fields)

describe('createCsvParser', () => {
  it('reads quotes, doubled quotes, commas and line breaks in fields, and counts lines', () => {
    const text = 'a,b\r\n"x, ""y""\r\nz",1\n,""\n\nlast,"end"'
    expect(parse(text)).toEqual([
      { line: 1, fields: ['a', 'b'] },
      { line: 2, fields: ['x, "y"\r\nz', '1'] },
      { line: 4, fields: ['', ''] },
      { line: 6, fields: ['last', 'end'] },
    ])
  })

  it('gives the same records wherever the text is cut', () => {
    const text = 'id,"text ""q"""\r\n"1\n2",plain\r3,"é, ü"\n""\n4,5\r\n'
    for (let size = 1; size < text.length; size++) expect(parse(text, size)).toEqual(parse(text))
    expect(fields(parse(text))).toEqual([
      ['id', 'text "q"'],
      ['1\n2', 'plain'],
      ['3', 'é, ü'],
      [''],
      ['4', '5'],
    ])
  })

  it('reads back whatever is written by the rules', () => {
    const random = createRandom('csv')
    const alphabet = ['a', ',', '"', '\n', '\r', ' ', 'é']
    for (let trial = 0; trial < 200; trial++) {
      const rows = Array.from({ length: 1 + random.integer(4) }, () =>
        Array.from({ length: 2 }, () =>
          Array.from({ length: random.integer(5) }, () => alphabet[random.integer(alphabet.length)]).join(''),
        ),
      )
      const text = rows.map(row => row.map(cell => `"${cell.replaceAll('"', '""')}"`).join(',')).join('\n')
      expect(fields(parse(text, 1 + random.integer(7)))).toEqual(rows)
    }
  })

  it.each([
    ['a,b\n"open,1\n2,3', 'the record that begins on line 2 opens a quote that is never closed'],
    ['a,b\nx"y,1', 'a quote stands inside a field that is not quoted'],
    ['"a"b,1', 'after the closing quote of a field'],
  ])('refuses %j', (text, fault) => {
    expect(() => parse(text)).toThrow(fault)
  })
})

describe('csvRecords', () => {
  const folder = mkdtempSync(join(tmpdir(), 'csv-records-'))
  afterAll(() => rmSync(folder, { recursive: true }))

  it('unpacks .gz, drops a byte order mark and tells the bytes read', async () => {
    const path = join(folder, 'a.csv.gz')
    const packed = gzipSync('\ufeffa,b\n1,2\n')
    writeFileSync(path, packed)
    let bytes = 0
    const records = await all(
      csvRecords(path, read => {
        bytes += read
      }),
    )
    expect(fields(records)).toEqual([
      ['a', 'b'],
      ['1', '2'],
    ])
    expect(bytes).toBe(packed.length)
  })

  it('names the file and the line of a fault', async () => {
    const path = join(folder, 'b.csv')
    writeFileSync(path, 'a,b\n1,2\n3,x"y\n')
    await expect(all(csvRecords(path, () => {}))).rejects.toThrow(`${path}, line 3: a quote`)
    writeFileSync(path, Buffer.from([0x61, 0x0a, 0xff, 0x0a]))
    await expect(all(csvRecords(path, () => {}))).rejects.toThrow('not valid UTF-8')
  })
})
