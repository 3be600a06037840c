import type { ExecutionContext } from 'ava'
import type { Program } from '../vm/program.ts'

const PODS = ['vm-001-ns01', 'vm-001-ns02', 'vm-002-ns01', 'vm-002-ns02']
export const nodeOf = (pod: string): string => pod.slice(0, 6)

/** The pairs of two PODs on each of two nodes for which a predicate holds, as `vm-001-ns01 → vm-002-ns02 IPv6`. */
export const pairsWhere = (holds: (from: string, to: string) => boolean): readonly string[] =>
  PODS.flatMap(from =>
    PODS.filter(to => to !== from && holds(from, to)).flatMap(to =>
      [4, 6].map(family => `${from} → ${to} IPv${family}`),
    ),
  ).sort()

/** The pairs of PODs on different nodes. */
export const BETWEEN_NODES = pairsWhere((from, to) => nodeOf(from) !== nodeOf(to))

/** The failed pairs in a log, as in pairsWhere. */
const failedPairs = (log: string): readonly string[] =>
  [
    ...new Set(
      [...log.matchAll(/ \| FAILED: (\S+) → (\S+) (\S+) /g)].map(
        ([, from, to, address]) => `${from} → ${to} IPv${address?.includes(':') ? 6 : 4}`,
      ),
    ),
  ].sort()

/** An interface in the output of `ip -d -j link`. */
export interface Link {
  readonly ifname: string
  readonly address: string
  readonly mtu: number
  readonly master?: string
  readonly linkinfo?: { readonly info_kind: string; readonly info_data?: Readonly<Record<string, unknown>> }
}

/** A cluster of two nodes with two PODs each, whose PODs all reach each other. */
export interface Connected {
  /** Stderr of the run. */
  readonly summary: string
  /** @returns the stdout of a shell command on a node or in a POD, which must succeed */
  execute(where: string, command: string): Promise<string>
  link(where: string, name: string): Promise<Link>
  /** Proves the pairs again: exactly the expected ones must be reported as wrong. @returns its stderr */
  failsWith(expected: readonly string[]): Promise<string>
  /** Proves the pairs again: all must answer. */
  passes(): Promise<void>
}

/** Runs a test that connects the PODs of all nodes; it must pass. The cluster is left running. */
export async function connect(t: ExecutionContext, { run, runWith }: Program, name: string): Promise<Connected> {
  const { status, stderr } = await runWith({ xcluster_NPODS: '2' }, 'test', name, '--nvm=2', '--no-stop')
  t.is(status, 0, stderr)
  t.regex(stderr, /: matrix: 24 of 24 pairs answer;/)
  const execute = async (where: string, command: string) => {
    const ended = await run('exec', where, '--', 'sh', '-c', command)
    t.is(ended.status, 0, `${where}: ${command}: ${ended.stderr}`)
    return ended.stdout
  }
  const prove = () => run('test', 'matrix', '--no-start')
  return {
    summary: stderr,
    execute,
    link: async (where, device) => JSON.parse(await execute(where, `ip -d -j link show dev ${device}`))[0],
    failsWith: async expected => {
      const failed = await prove()
      t.is(failed.status, 1, failed.stderr)
      t.deepEqual(failedPairs(failed.stdout), expected)
      return failed.stderr
    },
    passes: async () => {
      const passed = await prove()
      t.is(passed.status, 0, passed.stderr)
    },
  }
}
