import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { type ScriptedEndpoint, startScriptedEndpoint } from '../encoders/scripted-endpoint.fixture.ts'
import { parseArguments } from './arguments.ts'
import { run as runEvaluate } from './evaluate.ts'
import { CommandError } from './exit.ts'
import { run as runReplay } from './replay.ts'
import { ENCODER_KEY, encoderOption, readEncoderSpec } from './trace-preparer.ts'
import { run as runTrain } from './train.ts'

const folder = mkdtempSync(join(tmpdir(), 'plimsoll-encoder-'))
const [trace, zoo] = [join(folder, 'quiz.jsonl'), join(folder, 'zoo.plimsoll')]
let endpoint: ScriptedEndpoint
let stdout = ''

beforeAll(async () => {
  endpoint = await startScriptedEndpoint()
  const lines = Array.from({ length: 90 }, (_, i) =>
    JSON.stringify({
      id: `q${i}`,
      prompt: `Question ${i}`,
      scores: { small: i % 3 === 0 ? 0 : 1, large: 1 },
      costs: { small: 0.001, large: 0.02 },
    }),
  )
  writeFileSync(trace, lines.join('\n'))
})
beforeEach(() => {
  endpoint.mood = 'fine'
  stdout = ''
  vi.spyOn(process.stdout, 'write').mockImplementation(text => {
    stdout += String(text)
    return true
  })
  vi.spyOn(process.stderr, 'write').mockImplementation(() => true)
})
afterEach(() => vi.restoreAllMocks())
afterAll(async () => {
  await endpoint.close()
  rmSync(folder, { recursive: true })
})

const spec = (model = 'letters'): readonly string[] => ['--encoder', `${endpoint.baseUrl}#${model}`]
const replay = (...more: readonly string[]) =>
  runReplay(['--trace', trace, '--floor', '.8', '--json', ...more])
const refusal = async (command: Promise<number>): Promise<unknown> => command.catch((error: unknown) => error)

describe('readEncoderSpec', () => {
  const read = (text: string, environment = {}) => {
    const given = parseArguments({ name: 'x', summary: '', options: [encoderOption] }, ['--encoder', text])
    return given === 'help' ? null : readEncoderSpec(given, environment)
  }

  it('reads an endpoint with its model and key, and a folder', () => {
    const plain = {
      kind: 'embeddings',
      baseUrl: 'https://e.example/v1',
      model: 'bge/small',
      dimensions: null,
    }
    expect(read('https://e.example/v1#bge/small')).toEqual({ ...plain, apiKey: null })
    expect(read('https://e.example/v1#bge%2Fsmall', { [ENCODER_KEY]: 'k' })).toEqual({
      ...plain,
      apiKey: 'k',
    })
    expect(read('onnx:models/mini')).toEqual({ kind: 'onnx', folder: 'models/mini', pooling: 'mean' })
  })

  it.each([
    'bge-small',
    'http://e.example/v1',
    'http://e.example/v1#',
    'ftp://e.example#m',
    '#m',
    'onnx:',
    'http://e.example#%E0%A4%A',
  ])('refuses %s', text => {
    expect(() => read(text)).toThrow(CommandError)
    expect(() => read(text)).toThrow(/--encoder.*expected onnx:FOLDER|--encoder must be URL#MODEL/)
  })
})

describe('the option --encoder', () => {
  it('trains and replays with embeddings, each prompt encoded once per command', async () => {
    const before = endpoint.calls.length
    expect(await runTrain(['--trace', trace, '--out', zoo, '--json', ...spec()])).toBe(0)
    expect(JSON.parse(stdout).encoder).toBe('hashed-ngrams@1 with embeddings:letters@3')
    // One call finds the dimensions, 90 prompts are two batches.
    expect(endpoint.calls.slice(before).map(({ input }) => input.length)).toEqual([1, 64, 26])
    expect(readFileSync(zoo, 'latin1')).toContain('embeddings:letters@3')
    expect(await replay('--artefact', zoo, ...spec())).toBe(0)
  })

  it('refuses an artefact of another encoder, or of none', async () => {
    await runTrain(['--trace', trace, '--out', zoo, ...spec()])
    const named =
      /trained on features of hashed-ngrams@1 with embeddings:letters@3, but features here are made by/
    const bare = await refusal(replay('--artefact', zoo))
    expect(bare).toMatchObject({ exitCode: 65, message: expect.stringMatching(named) })
    expect(await refusal(replay('--artefact', zoo, ...spec('digits')))).toMatchObject({ exitCode: 65 })
    await runTrain(['--trace', trace, '--out', zoo])
    expect(await refusal(replay('--artefact', zoo, ...spec()))).toMatchObject({ exitCode: 65 })
  })

  it('evaluates, and warms up on the rows of another trace, with embeddings', async () => {
    const json = join(folder, 'evaluation.json')
    const few = ['--policies', 'lr,mean-cost', '--seeds', '1', '--floors', '.7:.9:.1', '--json', json]
    expect(await runEvaluate(['--trace', trace, ...few, ...spec()])).toBe(0)
    const before = endpoint.calls.length
    expect(await replay('--warm-start-trace', trace, '--limit', '20', ...spec())).toBe(0)
    expect(endpoint.calls.length - before).toBe(5)
  })

  it('ends the command where the encoder cannot be used, and says why', async () => {
    endpoint.mood = 'unauthorised'
    expect(await refusal(replay(...spec()))).toMatchObject({
      exitCode: 78,
      message: expect.stringMatching(/^--encoder: .*status 401; correct its address, the model or the key/),
    })
    endpoint.mood = 'malformed'
    expect(await refusal(replay(...spec()))).toMatchObject({ exitCode: 1 })
    expect(await refusal(replay('--encoder', `onnx:${folder}`))).toMatchObject({
      exitCode: 78,
      message: expect.stringContaining('lacks config.json'),
    })
  })
})
