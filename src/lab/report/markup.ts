/** Text as it may stand between tags and in attributes of HTML and SVG. */
export function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
}

/** Stands where there is no number: a share of a bill of nothing, for example. */
const unknown = '–'

/** A coordinate with one decimal: finer ones only cost bytes. */
export function at(value: number): string {
  return String(Math.round(value * 10) / 10)
}

/** A share in percent. */
export function percent(share: number, digits = 1): string {
  if (Number.isNaN(share)) return unknown
  return `${decimal(share * 100, digits)}%`
}

/** A number with fixed decimals, a real minus sign, and no sign on a zero. */
export function decimal(value: number, digits: number): string {
  if (Number.isNaN(value)) return unknown
  const text = value.toFixed(digits)
  return Number(text) === 0 ? text.replace('-', '') : text.replace('-', '\u2212')
}

/** A difference: always with its sign, but for zero. */
export function signed(value: number, digits: number): string {
  const text = decimal(value, digits)
  return Number(value.toFixed(digits)) > 0 ? `+${text}` : text
}

/** US dollars per 1,000 requests to three digits, from dollars per request. */
export function perThousand(costUsd: number): string {
  const value = costUsd * 1000
  if (value === 0) return '$0'
  const digits = Math.min(6, Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value)))))
  return `$${value.toFixed(digits)}`
}

/** A count with its noun. */
export function counted(count: number, noun: string): string {
  return `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`
}

/** The part of a model's name that tells it from others: what follows the last slash. */
export function shortName(model: string): string {
  return model.slice(model.lastIndexOf('/') + 1)
}
