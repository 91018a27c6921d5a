/** A value that must never be printed: logs and JSON show a mask, only `reveal` gives it. */
export interface Secret {
  reveal(): string
  toString(): string
  toJSON(): string
}

/** Wraps a secret so that it cannot be logged by accident. */
export function createSecret(value: string): Secret {
  return Object.freeze({ reveal: () => value, toString: () => '[secret]', toJSON: () => '[secret]' })
}
