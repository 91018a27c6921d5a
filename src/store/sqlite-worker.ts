import { parentPort, workerData } from 'node:worker_threads'
import { decodeBatch } from './event-codec.ts'
import { SqliteAuditDesk } from './sqlite-audit-desk.ts'
import { SqliteLog } from './sqlite-log.ts'
import type { SqliteCallName, SqliteCalls, SqliteReply, SqliteRequest } from './sqlite-messages.ts'
import { asStoreError, type OpenDatabase, openDatabase, type SqliteSettings } from './sqlite-open.ts'

// The thread of one database: a commit can block for milliseconds, which requests must not wait for.

type Answer = SqliteCalls[SqliteCallName]['answer']

/** Everything that is kept in one database. */
interface Kept {
  readonly log: SqliteLog
  readonly desk: SqliteAuditDesk
}

function answer(open: OpenDatabase, { log, desk }: Kept, request: SqliteRequest): Answer {
  switch (request.name) {
    case 'append':
      return log.append(decodeBatch(request.question.batch), request.question.frames)
    case 'readPage':
      return log.readPage(request.question.after, request.question.limit)
    case 'readTrail':
      return log.readTrail(request.question.id)
    case 'readFrame':
      return log.readFrame(request.question.hash)
    case 'findUnanswered': {
      const { className, beforeMs, limit } = request.question
      return log.findUnanswered(className, beforeMs, limit)
    }
    case 'loadSnapshot':
      return log.loadSnapshot(request.question.policy)
    case 'saveSnapshot':
      log.saveSnapshot(request.question)
      return null
    case 'secret':
      return log.secret()
    case 'summary':
      return log.summary()
    case 'desk':
      return desk.answer(request.question)
    case 'close':
      open.database.close()
      open.lock?.close()
      return null
    default:
      return request satisfies never
  }
}

function failureOf(error: unknown, path: string, number: number): SqliteReply {
  const { code, message } = asStoreError(error, path)
  return { number, failure: { code, message } }
}

function serve(settings: SqliteSettings, reply: (message: SqliteReply) => void): void {
  const open = openDatabase(settings)
  const kept = { log: new SqliteLog(open.database), desk: new SqliteAuditDesk(open.database) }
  parentPort?.on('message', (request: SqliteRequest) => {
    try {
      reply({ number: request.number, answer: answer(open, kept, request) })
    } catch (error) {
      reply(failureOf(error, settings.path, request.number))
    }
    if (request.name === 'close') parentPort?.close()
  })
  reply({ number: 0, answer: null })
}

const settings = workerData as SqliteSettings
const reply = (message: SqliteReply): void => parentPort?.postMessage(message)
try {
  serve(settings, reply)
} catch (error) {
  reply(failureOf(error, settings.path, 0))
}
