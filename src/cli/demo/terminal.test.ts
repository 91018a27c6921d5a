import { EventEmitter } from 'node:events'
import type { ReadStream, WriteStream } from 'node:tty'
import { describe, expect, it } from 'vitest'
import { steppedFloor } from './live-display.ts'
import { span } from './paint.ts'
import { type DemoKey, keysIn, openLiveTerminal } from './terminal.ts'

/** Terminal streams as far as the display uses them. */
function fakeTerminal() {
  const written: string[] = []
  const modes: string[] = []
  const output = Object.assign(new EventEmitter(), {
    columns: 80,
    rows: 24,
    write: (text: string) => written.push(text) > 0,
  })
  const input = Object.assign(new EventEmitter(), {
    isTTY: true,
    setRawMode: (raw: boolean) => modes.push(raw ? 'raw' : 'cooked'),
    resume: () => modes.push('reads'),
    pause: () => modes.push('paused'),
  })
  const streams = { output: output as unknown as WriteStream, input: input as unknown as ReadStream }
  return { ...streams, emitter: { output, input }, written, modes }
}

describe('live terminal', () => {
  it('hears plus, minus, arrows and every way to end', () => {
    expect(keysIn('+')).toEqual(['raise'])
    expect(keysIn('=-_')).toEqual(['raise', 'lower', 'lower'])
    expect(keysIn('\u001b[A\u001b[A\u001b[B')).toEqual(['raise', 'raise', 'lower'])
    expect(keysIn('\u001bOA')).toEqual(['raise'])
    expect([...'qQ\u0003\u0004'].flatMap(keysIn)).toEqual(['end', 'end', 'end', 'end'])
    expect(keysIn('x\u001b[C\u001b1')).toEqual([])
  })

  it('gives back all that it took, once', () => {
    const { output, input, emitter, written, modes } = fakeTerminal()
    const keys: DemoKey[] = []
    const terminal = openLiveTerminal({
      output,
      input,
      colour: false,
      onKey: key => keys.push(key),
      onResize: () => {},
    })
    emitter.input.emit('data', Buffer.from('+'))
    terminal.draw([[span('one')], [span('two')]])
    terminal.restore()
    terminal.restore()
    terminal.draw([[span('late')]])
    expect(keys).toEqual(['raise'])
    expect(modes).toEqual(['raw', 'reads', 'cooked', 'paused'])
    expect(emitter.input.listenerCount('data') + emitter.output.listenerCount('resize')).toBe(0)
    const all = written.join('')
    expect(all).toContain('one\u001b[K\r\ntwo')
    expect(all).not.toContain('late')
    expect(all.startsWith('\u001b[?1049h')).toBe(true)
    expect(all.endsWith('\u001b[?1049l')).toBe(true)
    expect(all.split('\u001b[?1049l')).toHaveLength(2)
  })

  it('leaves the keys alone where the input is no terminal', () => {
    const { output, input, emitter, modes } = fakeTerminal()
    emitter.input.isTTY = false
    const terminal = openLiveTerminal({ output, input, colour: true, onKey: () => {}, onResize: () => {} })
    expect(terminal.hearsKeys).toBe(false)
    terminal.restore()
    expect(modes).toEqual([])
  })

  it('steps the floor by a hundredth, inside (0, 1)', () => {
    expect(steppedFloor(0.85, 1)).toBe(0.86)
    expect(steppedFloor(0.1 + 0.2, -1)).toBe(0.29)
    expect([steppedFloor(0.99, 1), steppedFloor(0.015, -1)]).toEqual([0.99, 0.01])
  })
})
