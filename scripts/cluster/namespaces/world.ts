import path from 'node:path'
import type { Duplex } from 'node:stream'
import { plainText } from '../../host/text.ts'
import { lineSplitter } from '../../ssh/lines.ts'
import { WORLD } from '../own/parts.ts'
import { spawnInCluster } from '../own/spawn.ts'
import { obstacle } from './obstacles.ts'
import type { UserMaps } from './users.ts'

/** The program that makes the namespaces and stays as their first process. */
const PROGRAM = path.join(import.meta.dirname, 'world/world.pl')

/** The namespaces of a cluster, from the start of their first process on. */
export interface World {
  /**
   * Resolves when a node can be logged in to.
   * @throws Failure NODE_NOT_UP (exit 4) or NO_NAMESPACES (exit 3) with the reason when the node or the whole world gave up;
   *   the signal's reason
   */
  up(node: string, signal: AbortSignal): Promise<void>
  /** Resolves when a node has ended, with how: `was ended by SIGKILL`. */
  ended(node: string): Promise<string>
  /** Lets it go on without this process. */
  release(): void
  /** Makes the nodes, which come up at once. */
  populate(nodes: NodesRequest): void
}

export interface NodesRequest {
  /** Trees that are laid over each other, the image's first. */
  readonly layers: readonly string[]
  /** The identity of each node, as identityMessage() makes it. */
  readonly nodes: readonly Buffer[]
  /** For each node what `ip -batch` is to do for its neighbours; empty where that is nothing. */
  readonly neighbours: readonly string[]
}

const MOST_CHARACTERS = 500

/** Starts the world, without nodes: that takes some milliseconds in which there is other work. */
export function startWorld(clusterDirectory: string, maps: UserMaps): World {
  const { child, ended, errors } = spawnInCluster(WORLD, clusterDirectory, ['perl', PROGRAM], { pipes: 1 })
  const control = child.stdio[3] as Duplex
  const events = new Map<string, { promise: Promise<string>; resolve: (how: string) => void }>()
  const event = (name: string) => {
    const known = events.get(name)
    if (known) return known
    let resolve: (how: string) => void = () => {}
    const made = { promise: new Promise<string>(done => (resolve = done)), resolve: (how: string) => resolve(how) }
    events.set(name, made)
    return made
  }
  const lines = lineSplitter(line => {
    const [what, node, rest = ''] = /^(\S+) (\S+) ?(.*)$/s.exec(line)?.slice(1) ?? []
    event(`${what} ${node}`).resolve(plainText(rest).slice(0, MOST_CHARACTERS))
  })
  control.pipe(lines)
  control.on('error', () => {}) // it ended: its process says so
  ended.then(how => event(`failed ${WORLD}`).resolve(`its first process ${how}${errors() && `: ${errors()}`}`))
  control.write(message({ tool: maps.tool ? 'yes' : 'no', uid: maps.uid, gid: maps.gid }))
  /** Never resolves. */
  const failure = async (node: string) => {
    const [subject, why] = await Promise.race([
      event(`failed ${node}`).promise.then(reason => [node, reason] as const),
      event(`failed ${WORLD}`).promise.then(reason => ['the cluster', reason] as const),
      event(`ended ${node}`).promise.then(how => [node, `its first process ${how}`] as const),
    ])
    const said = subject === node ? '' : errors()
    throw obstacle(subject, said && !why.includes(said) ? `${why}: ${said}` : why)
  }
  return {
    up: async (node, signal) => {
      signal.throwIfAborted()
      let abort = () => {}
      const aborted = new Promise<never>((_, reject) => {
        abort = () => reject(signal.reason)
        signal.addEventListener('abort', abort, { once: true })
      })
      try {
        await Promise.race([event(`up ${node}`).promise, failure(node), aborted])
      } finally {
        signal.removeEventListener('abort', abort)
      }
    },
    // Its own end may come unheard when all end together.
    ended: node => Promise.race([event(`ended ${node}`).promise, ended.then(() => "ended with the cluster's own")]),
    populate: ({ layers, nodes, neighbours }) => {
      const [ofLayers, ofNodes, ofNeighbours] = [layers, nodes, neighbours].map(values =>
        Buffer.concat(values.map(counted)),
      ) as [Buffer, Buffer, Buffer]
      control.write(message({ layers: ofLayers, nodes: ofNodes, neighbours: ofNeighbours }))
    },
    release: () => {
      control.end('keep\n', () => control.destroy())
      child.unref()
    },
  }
}

/** Names and values in turn, see world/world.pl. */
const message = (values: Readonly<Record<string, string | Buffer>>): Buffer =>
  counted(Buffer.concat(Object.entries(values).flat().map(counted)))

function counted(value: string | Buffer): Buffer {
  const bytes = Buffer.from(value)
  const head = Buffer.alloc(4)
  head.writeUInt32BE(bytes.length)
  return Buffer.concat([head, bytes])
}
