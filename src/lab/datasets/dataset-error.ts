/** What is wrong with one row of a source, without its place: what was given and what was expected. */
export class CellFault extends Error {}

/** A published data set cannot be read: the message names the file, the place in it where there is one, and the fault. */
export class DatasetError extends Error {
  readonly code = 'bad_dataset'
  readonly file: string
  /** For example `line 3` or `row 7`, counted from 1; `null` where the fault concerns the whole file. */
  readonly place: string | null

  constructor(file: string, place: string | null, fault: string, cause?: unknown) {
    super(`${file}${place === null ? '' : `, ${place}`}: ${fault}`, { cause })
    this.name = 'DatasetError'
    this.file = file
    this.place = place
  }
}

/** Turns whatever went wrong while a file was read into a `DatasetError`; those pass unchanged. */
export function datasetError(file: string, place: string | null, error: unknown): DatasetError {
  if (error instanceof DatasetError) return error
  if (error instanceof CellFault) return new DatasetError(file, place, error.message)
  const code = (error as NodeJS.ErrnoException).code ?? ''
  const message = error instanceof Error ? error.message : String(error)
  if (code === 'ENOENT') return new DatasetError(file, null, 'no such file or folder')
  if (code.startsWith('Z_'))
    return new DatasetError(file, null, `not a readable gzip file: ${message}`, error)
  if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA') {
    return new DatasetError(file, place, 'the text is not valid UTF-8', error)
  }
  return new DatasetError(file, place, `cannot be read: ${message}`, error)
}
