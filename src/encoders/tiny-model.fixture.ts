import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Dimensions of the tiny model. */
export const TINY_DIMENSIONS = 4

const letters = 'abcdefghijklmnopqrstuvwxyz0123456789.,'
const vocabulary = [
  '[PAD]',
  '[UNK]',
  '[CLS]',
  '[SEP]',
  ...letters,
  ...[...letters].map(letter => `##${letter}`),
]

/**
 * Writes a working model folder of a few kilobytes: a tokenizer of letters, and an ONNX graph of one node that looks each
 * token's vector up. What it says means nothing, but a runtime loads and runs it as it would a large one.
 */
export function writeTinyModel(folder: string, seed = 1): void {
  mkdirSync(join(folder, 'onnx'), { recursive: true })
  const write = (file: string, value: unknown): void =>
    writeFileSync(join(folder, file), JSON.stringify(value))
  write('config.json', { model_type: 'bert', hidden_size: TINY_DIMENSIONS, vocab_size: vocabulary.length })
  write('tokenizer_config.json', {
    tokenizer_class: 'BertTokenizer',
    model_max_length: 512,
    do_lower_case: true,
    pad_token: '[PAD]',
    unk_token: '[UNK]',
    cls_token: '[CLS]',
    sep_token: '[SEP]',
  })
  write('tokenizer.json', {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: [],
    normalizer: { type: 'BertNormalizer', clean_text: true, handle_chinese_chars: true, lowercase: true },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    post_processor: null,
    decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
    model: {
      type: 'WordPiece',
      unk_token: '[UNK]',
      continuing_subword_prefix: '##',
      max_input_chars_per_word: 100,
      vocab: Object.fromEntries(vocabulary.map((token, id) => [token, id])),
    },
  })
  writeFileSync(join(folder, 'onnx', 'model.onnx'), lookUpGraph(seed))
}

/** An ONNX model: last_hidden_state = Gather(weights, input_ids). */
function lookUpGraph(seed: number): Uint8Array {
  const weights = Float32Array.from({ length: vocabulary.length * TINY_DIMENSIONS }, (_, i) =>
    Math.sin(seed * (i + 1) ** 2),
  )
  const tensor = message([
    [1, vocabulary.length],
    [1, TINY_DIMENSIONS],
    [2, FLOAT],
    [8, 'weights'],
    [9, new Uint8Array(weights.buffer)],
  ])
  const node = message([
    [1, 'weights'],
    [1, 'input_ids'],
    [2, 'last_hidden_state'],
    [4, 'Gather'],
  ])
  const graph = message([
    [1, node],
    [2, 'lookup'],
    [5, tensor],
    [11, valueInfo('input_ids', INT64, ['batch', 'tokens'])],
    [12, valueInfo('last_hidden_state', FLOAT, ['batch', 'tokens', TINY_DIMENSIONS])],
  ])
  return message([
    [1, 8],
    [8, message([[2, 13]])],
    [7, graph],
  ])
}

const FLOAT = 1
const INT64 = 7

function valueInfo(name: string, type: number, shape: readonly (string | number)[]): Uint8Array {
  const dims = shape.map((dim): Field => [1, message([typeof dim === 'string' ? [2, dim] : [1, dim]])])
  const tensor = message([
    [1, type],
    [2, message(dims)],
  ])
  return message([
    [1, name],
    [2, message([[1, tensor]])],
  ])
}

type Field = readonly [number: number, value: number | string | Uint8Array]

/** A protocol-buffers message: numbers as varints, everything else with its length. */
function message(fields: readonly Field[]): Uint8Array {
  const parts = fields.map(([number, value]) => {
    if (typeof value === 'number') return Buffer.from([...varint(number << 3), ...varint(value)])
    const bytes = typeof value === 'string' ? Buffer.from(value) : value
    return Buffer.concat([Buffer.from([...varint((number << 3) | 2), ...varint(bytes.length)]), bytes])
  })
  return Buffer.concat(parts)
}

function varint(value: number): readonly number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...varint(value >>> 7)]
}
