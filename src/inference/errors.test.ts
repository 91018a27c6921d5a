import { expect, test } from 'vitest'
import { renderError, renderErrorEvent } from '../protocol/openai-chat/render-error.ts'
import { modelId } from '../routing/model.ts'
import { ERROR_KINDS, type ErrorCode, errorKind, GatewayError, toGatewayError } from './errors.ts'

const codes = Object.keys(ERROR_KINDS) as ErrorCode[]

test.each(codes)('%s is rendered as an OpenAI error object, in a body and in a stream', code => {
  const attempt = {
    provider: 'p',
    model: modelId('p/m'),
    status: 500,
    ms: 1.6,
    code: 'upstream_error' as const,
  }
  const error = new GatewayError(code, 'what was given; what was expected', {
    param: 'model',
    decisionId: 'dec_1',
    attempts: [attempt],
    reasons: { 'p/m': 'it lacks tools' },
  })
  const kind = errorKind(code)
  const expected = {
    error: {
      message: 'what was given; what was expected',
      type: kind.type,
      param: 'model',
      code,
      plimsoll: {
        responsible: kind.responsible,
        decision_id: 'dec_1',
        attempts: [{ provider: 'p', model: 'p/m', status: 500, code: 'upstream_error', ms: 2 }],
        reasons: { 'p/m': 'it lacks tools' },
      },
    },
  }
  expect(JSON.parse(renderError(error))).toEqual(expected)
  expect(renderErrorEvent(error)).toBe(`data: ${JSON.stringify(JSON.parse(renderError(error)))}\n\n`)
  expect(error.status).toBe(kind.status)
})

test('the status says who must act: callers get 4xx, providers and we 5xx or 429', () => {
  for (const code of codes) {
    const { status, responsible } = errorKind(code)
    if (responsible === 'caller') expect(status).toBeLessThan(500)
    else expect(status === 429 || status >= 500).toBe(true)
  }
})

test('the message of an unexpected error is hidden, its cause kept', () => {
  const cause = new Error('password is hunter2')
  const error = toGatewayError(cause)
  expect([error.code, error.status, error.cause]).toEqual(['internal', 500, cause])
  expect(renderError(error)).not.toContain('hunter2')
  expect(toGatewayError(error)).toBe(error)
})
