import type { Readable } from 'node:stream'
import { plainText } from '../../host/text.ts'
import { lineSplitter } from '../../ssh/lines.ts'

/** What the world reports about a node, or about itself. */
export type WorldEvent = 'up' | 'failed' | 'ended'

/** The events of a world. Each happens at most once. */
export interface WorldEvents {
  /** Resolves with the rest of the line, without control characters. */
  of(what: WorldEvent, subject: string): Promise<string>
  /** Reports an event that the world itself cannot report. */
  report(what: WorldEvent, subject: string, text: string): void
}

const MAX_CHARACTERS = 500

/**
 * Reads the lines `<event> <node or world> <text>` of a world. Root in a node can make its process write anything, so
 * lines of other forms are dropped, and so are repeated events and those of nodes that do not exist.
 * @param subjects the nodes and the world
 */
export function readWorldEvents(stream: Readable, subjects: () => ReadonlySet<string>): WorldEvents {
  const events = new Map<string, PromiseWithResolvers>()
  const event = (what: WorldEvent, subject: string) => {
    const key = `${what} ${subject}`
    const created = events.get(key) ?? promiseWithResolvers()
    events.set(key, created)
    return created
  }
  const report: WorldEvents['report'] = (what, subject, text) =>
    event(what, subject).resolve(plainText(text).slice(0, MAX_CHARACTERS))
  const lines = lineSplitter(line => {
    const [, what, subject = '', text = ''] = /^(up|failed|ended) (\S+) ?(.*)$/s.exec(line) ?? []
    if (what && subjects().has(subject)) report(what as WorldEvent, subject, text)
  })
  stream.pipe(lines)
  return { of: async (what, subject) => await event(what, subject).promise, report }
}

interface PromiseWithResolvers {
  readonly promise: Promise<string>
  readonly resolve: (text: string) => void
}

function promiseWithResolvers(): PromiseWithResolvers {
  let resolve: (text: string) => void = () => {}
  const promise = new Promise<string>(done => {
    resolve = done
  })
  return { promise, resolve }
}
