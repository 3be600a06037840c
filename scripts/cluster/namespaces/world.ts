import path from 'node:path'
import type { Duplex } from 'node:stream'
import { counted, encodeMessage } from '../own/message.ts'
import { WORLD } from '../own/parts.ts'
import { spawnInCluster } from '../own/spawn.ts'
import { obstacle } from './obstacles.ts'
import type { UserMaps } from './user-maps.ts'
import { readWorldEvents } from './world-events.ts'

/** The program that creates the namespaces and stays as their first process. */
const PROGRAM = path.join(import.meta.dirname, 'world/world.pl')

/** The namespaces of a cluster, from the start of their first process. */
export interface World {
  /**
   * Resolves when a node accepts logins.
   * @throws Failure NODE_NOT_UP (exit 4) or NO_NAMESPACES (exit 3) with the reason when the node or the world failed;
   *   the signal's reason when it is aborted
   */
  up(node: string, signal: AbortSignal): Promise<void>
  /** Resolves when a node has ended, with the reason: `was ended by SIGKILL`. */
  ended(node: string): Promise<string>
  /** Lets the world outlive this process. */
  release(): void
  /** Starts the nodes. */
  populate(nodes: NodesRequest): void
}

export interface NodesRequest {
  /** Directories to stack, the image's first. */
  readonly layers: readonly string[]
  readonly names: readonly string[]
  /** The identity of each node, from identityMessage(). */
  readonly nodes: readonly Buffer[]
  /** Input of `ip -batch` for the neighbors of each node; may be empty. */
  readonly neighbours: readonly string[]
}

/** Starts the world without nodes; the caller can do other work in the meantime. */
export function startWorld(clusterDirectory: string, maps: UserMaps): World {
  const { child, ended, errors } = spawnInCluster(WORLD, clusterDirectory, ['perl', PROGRAM], { pipes: 1 })
  const control = child.stdio[3] as Duplex
  let subjects: ReadonlySet<string> = new Set([WORLD])
  const events = readWorldEvents(control, () => subjects)
  control.on('error', () => {}) // the world ended, which its process reports
  ended.then(how => events.report('failed', WORLD, `its first process ${how}${errors() && `: ${errors()}`}`))
  control.write(encodeMessage({ tool: maps.tool ? 'yes' : 'no', uid: maps.uid, gid: maps.gid }))
  /** Never resolves. */
  const failure = async (node: string) => {
    const [subject, why] = await Promise.race([
      events.of('failed', node).then(reason => [node, reason] as const),
      events.of('failed', WORLD).then(reason => ['the cluster', reason] as const),
      events.of('ended', node).then(how => [node, `its first process ${how}`] as const),
    ])
    const stderr = subject === node ? '' : errors()
    throw obstacle(subject, stderr && !why.includes(stderr) ? `${why}: ${stderr}` : why)
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
        await Promise.race([events.of('up', node), failure(node), aborted])
      } finally {
        signal.removeEventListener('abort', abort)
      }
    },
    // When the world ends, it reports no node's end.
    ended: node => Promise.race([events.of('ended', node), ended.then(() => "ended with the cluster's own")]),
    populate: ({ layers, names, nodes, neighbours }) => {
      subjects = new Set([WORLD, ...names])
      const [ofLayers, ofNodes, ofNeighbours] = [layers, nodes, neighbours].map(values =>
        Buffer.concat(values.map(counted)),
      ) as [Buffer, Buffer, Buffer]
      control.write(encodeMessage({ layers: ofLayers, nodes: ofNodes, neighbours: ofNeighbours }))
    },
    release: () => {
      control.end('keep\n', () => control.destroy())
      child.unref()
    },
  }
}
