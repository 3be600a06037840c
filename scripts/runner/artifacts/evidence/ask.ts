import { PassThrough, Writable } from 'node:stream'
import { follow, withDeadline } from '../../../host/deadline.ts'
import { plainText } from '../../../host/text.ts'
import { type ArchiveFile, tarReader } from '../../../ovl/archive.ts'
import { lineSplitter } from '../../../ssh/lines.ts'
import type { Node } from '../../../ssh/node.ts'
import { quote } from '../../../ssh/quote.ts'

/** What a node is to show. */
export interface Task {
  readonly node: Node
  /** The PODs that are looked at, besides the node itself. */
  readonly pods: ReadonlySet<string>
  /** What its PODs ping once more. */
  readonly pings: readonly { readonly pod: string; readonly address: string }[]
}

/** What a node showed, or why it showed nothing. */
export interface Shown {
  readonly node: Node
  /** `<node or POD>/<what>.txt` or `.pcap` */
  readonly files: readonly ArchiveFile[]
  readonly failure?: string
}

/** How long all nodes together have, in milliseconds; one that does not answer is not waited for by the others for so long. */
const PATIENCE_MS = 30_000
const NODE_PATIENCE_MS = 14_000
/** How long a node may take to begin: one that hangs is not worth more. */
const BEGIN_MS = 5000

const LIMITS = { memberBytes: 8 * 2 ** 20, extractedBytes: 16 * 2 ** 20, members: 1000, archiveBytes: 64 * 2 ** 20 }
/** Of what a node says on stderr. */
const MOST_COMPLAINTS = 20
const MOST_CHARACTERS = 300
const FILE = /^[\w-][\w.-]*\/\w+\.(?:txt|pcap)$/

/**
 * Asks nodes, all at once and by one command each, what is in them. Where something is to be pinged they wait for each other: none
 * pings before all capture, and none ends its capture before all have pinged.
 * @throws the signal's reason when that is aborted
 */
export async function askNodes(tasks: readonly Task[], signal: AbortSignal): Promise<readonly Shown[]> {
  const isCaptured = tasks.some(({ pings }) => pings.length > 0)
  const shown = await withDeadline(
    PATIENCE_MS,
    async deadline => {
      const talks = tasks.map(task => talk(task, isCaptured, deadline.signal))
      if (isCaptured) {
        await meet(talks, 'ready')
        for (const { say } of talks) say('go')
        await meet(
          talks.filter(({ passed }) => passed.has('ready')),
          'pinged',
        )
        for (const { say } of talks) say('stop')
      }
      return await Promise.all(talks.map(talk => talk.shown))
    },
    { parent: signal },
  )
  signal.throwIfAborted()
  return shown
}

/** Where nodes wait for each other. */
type Place = 'ready' | 'pinged'

/** A node's command under way: it says where it is, and is told when to go on. */
interface Talk {
  readonly shown: Promise<Shown>
  readonly passed: ReadonlySet<Place>
  /** Also once the command has ended. */
  readonly at: Readonly<Record<Place, Promise<void>>>
  say(word: 'go' | 'stop'): void
}

async function meet(talks: readonly Talk[], place: Place): Promise<void> {
  await withDeadline(NODE_PATIENCE_MS, async ({ signal }) => {
    const tooLong = new Promise<void>(resolve => signal.addEventListener('abort', () => resolve(), { once: true }))
    await Promise.race([Promise.all(talks.map(({ at }) => at[place])), tooLong])
  })
}

function talk({ node, pods, pings }: Task, isCaptured: boolean, signal: AbortSignal): Talk {
  const passed = new Set<Place>()
  const arrivals = new Map<Place, () => void>()
  const arrival = (place: Place) => new Promise<void>(resolve => arrivals.set(place, resolve))
  const at = { ready: arrival('ready'), pinged: arrival('pinged') }
  const complaints: string[] = []
  const stderr = lineSplitter(line => {
    if (line !== 'ready' && line !== 'pinged') {
      if (complaints.length < MOST_COMPLAINTS) complaints.push(plainText(line).slice(0, MOST_CHARACTERS))
      return
    }
    passed.add(line)
    arrivals.get(line)?.()
  })
  const stdin = new PassThrough()
  for (const pod of pods) stdin.write(`pod ${pod}\n`)
  for (const { pod, address } of pings) stdin.write(`ping ${pod} ${address}\n`)
  stdin.write('end\n')
  const run = async (): Promise<Shown> => {
    const { reader, stream: stdout } = archiveOf(node, error => giveUp.abort(error))
    const giveUp = new AbortController()
    const stopFollowing = follow(signal, giveUp)
    const begin = setTimeout(() => giveUp.abort(new Error(`no answer in ${BEGIN_MS / 1000} s`)), BEGIN_MS)
    const onRunning = () => clearTimeout(begin)
    const command = quote(['netns_test', 'evidence', ...(isCaptured ? ['--capture'] : [])])
    try {
      const exitCode = await node.connection.run(command, { stdout, stderr, stdin, onRunning }, giveUp.signal)
      giveUp.signal.throwIfAborted()
      if (exitCode === 0) return { node, files: reader.end() }
      return {
        node,
        files: [],
        failure: complaints.join('; ') || `netns_test evidence ends with exit code ${exitCode}`,
      }
    } catch (error) {
      const failure = signal.aborted ? `no answer in ${PATIENCE_MS / 1000} s` : (error as Error).message
      return { node, files: [], failure }
    } finally {
      clearTimeout(begin)
      stopFollowing()
      for (const arrive of arrivals.values()) arrive()
    }
  }
  return { shown: run(), passed, at, say: word => stdin.write(`${word}\n`) }
}

/** What a node sends is read as it comes. Names come from the VM: what is no file of ours is left out. */
function archiveOf({ name }: Node, onError: (error: unknown) => void) {
  const reader = tarReader(`evidence of ${name}`, path => FILE.test(path), LIMITS)
  let failed = false
  const stream = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      try {
        if (!failed) reader.write(chunk)
      } catch (error) {
        failed = true
        onError(error)
      }
      done()
    },
  })
  return { reader, stream }
}
