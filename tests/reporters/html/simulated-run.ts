import type { AttemptInfo, FailedStep, NewEvent, RunEvent } from '../../../scripts/events/events.ts'
import type { Interface, NodeFacts } from '../../../scripts/proof/facts.ts'
import { assemble } from '../../../scripts/proof/matrix.ts'

export interface Simulation {
  readonly nodes: number
  /** On each node. */
  readonly pods: number
  /** An isolated POD: `vm-001-ns02`. */
  readonly cut?: string
  readonly turn?: AttemptInfo
  /** Another attempt follows. */
  readonly retried?: boolean
  /** Lines of output of each step on each node. */
  readonly lines?: number
}

const BEGUN = Date.UTC(2026, 0, 15, 9, 30)
const STEPS = ['forward', 'create_with_addresses', 'linux_bridge', 'default_route', 'setup_routes'] as const

const number = (value: number, digits = 3) => String(value).padStart(digits, '0')
const device = (ifname: string, ifindex: number, more: Partial<Interface> = {}): Interface => ({
  ifname,
  ifindex,
  flags: ['UP'],
  operstate: 'UP',
  addr_info: [],
  ...more,
})
const address = (family: 'inet' | 'inet6', local: string, prefixlen: number) =>
  ({ family, local, prefixlen, scope: 'global' }) as const

/** The facts of nodes with PODs on a bridge. */
export function simulatedNetwork({ nodes, pods, cut }: Simulation): readonly NodeFacts[] {
  return Array.from({ length: nodes }, (_, index) => {
    const node = index + 1
    const name = `vm-${number(node)}`
    const podName = (pod: number) => `${name}-ns${number(pod, 2)}`
    const all = Array.from({ length: pods }, (_, pod) => pod + 1)
    const ports = all.map(pod =>
      device(podName(pod), 10 + pod, {
        linkinfo: { info_kind: 'veth' },
        link_index: 2,
        master: 'br0',
        ...(podName(pod) === cut && { operstate: 'DOWN' }),
      }),
    )
    return {
      node: name,
      routes: [],
      interfaces: [
        device('lo', 1),
        device('eth0', 2, { address: `00:00:00:01:00:${node.toString(16).padStart(2, '0')}` }),
        device('eth1', 3, {
          address: `00:00:00:01:01:${node.toString(16).padStart(2, '0')}`,
          addr_info: [address('inet', `192.168.1.${node}`, 24)],
        }),
        device('br0', 4, {
          linkinfo: { info_kind: 'bridge' },
          addr_info: [address('inet', `172.16.${node}.0`, 24)],
        }),
        ...ports,
      ],
      pods: all.map(pod => ({
        name: podName(pod),
        routes: [],
        interfaces: [
          device('lo', 1),
          device('eth0', 2, {
            linkinfo: { info_kind: 'veth' },
            link_index: 10 + pod,
            operstate: podName(pod) === cut ? 'LOWERLAYERDOWN' : 'UP',
            addr_info: [
              address('inet', `172.16.${node}.${pod}`, 24),
              address('inet6', `1000::1:ac10:${node.toString(16)}${number(pod, 2)}`, 120),
            ],
          }),
        ],
      })),
    }
  })
}

const ALL = { expected: true, pinned: false, perPod: false, includes: () => true }

/** Reproducible round trips: near, far, and a few slow ones. */
function simulatedTimes(seed: number, isNear: boolean): readonly [min: string, mean: string, max: string] {
  const mixed = Math.imul(seed ^ (seed >>> 7), 2654435761)
  const chance = (Math.imul(mixed ^ (mixed >>> 15), 2246822519) >>> 8) % 1000
  const mean = (isNear ? 0.1 : 0.8) * (1 + chance / 400) * (chance > 985 ? 20 : 1)
  return [mean * 0.7, mean, mean * (1.2 + chance / 1000)].map(time => time.toPrecision(3)) as [string, string, string]
}

export function simulatedMatrix(simulation: Simulation) {
  const network = simulatedNetwork(simulation)
  const pods = network.flatMap(({ node, pods }) => pods.map(pod => ({ node, pod })))
  const lines = new Map(network.map(({ node }) => [node, [] as string[]]))
  for (const [row, source] of pods.entries()) {
    for (const [column, { node, pod }] of pods.entries()) {
      if (source.pod === pod) continue
      const isCut = simulation.cut !== undefined && [source.pod.name, pod.name].includes(simulation.cut)
      for (const [index, { local }] of (pod.interfaces[1]?.addr_info ?? []).entries()) {
        const times = simulatedTimes((row * pods.length + column) * 2 + index, node === source.node)
        lines.get(source.node)?.push(`${source.pod.name} ${local} ${isCut ? '6 0 - - -' : `3 3 ${times.join(' ')}`}`)
      }
    }
  }
  const outputs = [...lines].map(([node, text]) => ({ node, text: text.join('\n') }))
  return { network, matrix: assemble(network, 'all', [{ rounds: [ALL], outputs }]) }
}

/** Steps of a test on all nodes, the proof, and evidence if a POD is isolated. */
export function* simulatedTest(test: string, at: number, simulation: Simulation): Generator<RunEvent> {
  const nodes = Array.from({ length: simulation.nodes }, (_, index) => `vm-${number(index + 1)}`)
  yield {
    at,
    type: 'test-start',
    test,
    summary: 'routes between the VMs: all PODs reach each other',
    ...(simulation.turn && { turn: simulation.turn }),
    settings: [
      { name: '__nvm', value: String(simulation.nodes), origin: 'option' },
      { name: 'xcluster_NPODS', value: String(simulation.pods), origin: 'default' },
    ],
  }
  yield { at, type: 'cluster-start', test, nodes: nodes.length, kind: `embedded: ${nodes.length} VMs, KVM` }
  for (const [index, node] of nodes.entries())
    yield { at: at + 900 + index * 20, type: 'node-up', node, up: index + 1, of: nodes.length }
  let now = at + 1000 + nodes.length * 20
  for (const [position, step] of STEPS.entries()) {
    const id = { test, step, index: position + 1 }
    yield { at: now, type: 'step-start', ...id, nodes }
    for (const node of nodes)
      for (let line = 1; line <= (simulation.lines ?? 6); line++)
        yield { at: now + line, type: 'output', ...id, node, ...lineOf(step, node, line) }
    const longest = 300 + position * 250
    for (const [index, node] of nodes.entries()) {
      const milliseconds = longest * (0.6 + (((index + position) * 7) % 10) / 25)
      yield { at: now + milliseconds, type: 'step-end', ...id, node, failure: undefined, milliseconds }
    }
    now += longest
  }
  yield* simulatedProof(test, now, nodes, simulation)
}

const lineOf = (step: string, node: string, line: number) =>
  ({
    stream: line === 1 ? 'stderr' : 'stdout',
    line: line === 1 ? `09:30:00 (${node}): TEST CASE: ${step}` : `+ ip -batch: ${step} of ${node}, command ${line}`,
  }) as const

function* simulatedProof(
  test: string,
  at: number,
  nodes: readonly string[],
  simulation: Simulation,
): Generator<RunEvent> {
  const id = { test, step: 'matrix', index: STEPS.length + 1 }
  const { network, matrix } = simulatedMatrix(simulation)
  yield { at, type: 'step-start', ...id, nodes }
  yield { at: at + 100, type: 'network', test, network }
  yield { at: at + 2000, type: 'matrix', test, matrix, text: 'measured' }
  const { cut } = simulation
  const failures: FailedStep[] = []
  for (const node of nodes) {
    const pairs = matrix.sources.filter(
      source => source.node === node && cut && (source.pod === cut || node === nodes[0]),
    )
    const lastLines = pairs.slice(0, 4).map(({ pod }) => `${pod} → ${cut} does not answer`)
    const failure =
      pairs.length > 0 && cut?.startsWith(node) ? { ...id, node, why: `${cut} does not answer`, lastLines } : undefined
    if (failure) failures.push(failure)
    yield { at: at + 2500, type: 'step-end', ...id, node, failure, milliseconds: 2500 }
  }
  for (const { node } of failures)
    for (const what of ['routes', 'neighbours', 'kernel messages'])
      yield {
        at: at + 2600,
        type: 'evidence',
        test,
        node,
        subject: cut ?? node,
        what,
        text: `${what} of ${cut}\nline two\n`,
      }
  yield { at: at + 2700, type: 'artefact', test, path: `/results of a run/${test}` }
  const [first] = failures
  yield {
    at: at + 2800,
    type: 'test-end',
    test,
    verdict: first ? 'failed' : 'passed',
    retried: simulation.retried === true,
    why: first && `${first.step} on ${first.node}: ${first.why}`,
  }
}

/** A complete run of one test. */
export function* simulatedRun(simulation: Simulation): Generator<RunEvent> {
  const command = ['./netns.ts', 'test', 'L3']
  const invocation = { command, directory: '/work in progress', words: ['L3'], options: {}, ovls: [] }
  yield { at: BEGUN, type: 'run-start', tests: ['L3'], invocation }
  yield { at: BEGUN, type: 'provenance', component: { name: 'qemu', version: '7.2.19', digest: '5f'.repeat(32) } }
  yield { at: BEGUN, type: 'notice', text: 'emulated: KVM does not work here (setup --check says why)' }
  const failures: FailedStep[] = []
  let last = BEGUN
  for (const event of simulatedTest('L3', BEGUN + 50, simulation)) {
    if (event.type === 'step-end' && event.failure) failures.push(event.failure)
    last = event.at
    yield event
  }
  yield { at: last, type: 'run-end', ...endOf(failures), seconds: Math.round((last - BEGUN) / 1000), left: undefined }
}

/** A run of several tests, one of which fails. */
export function* simulatedRuns(): Generator<RunEvent> {
  yield { at: BEGUN, type: 'run-start', tests: ['bridge', 'L3', 'ipvlan'] }
  const small = { nodes: 2, pods: 2 }
  yield* simulatedTest('bridge', BEGUN + 50, small)
  yield* simulatedTest('L3', BEGUN + 20_000, { ...small, cut: 'vm-002-ns01' })
  yield* simulatedTest('ipvlan', BEGUN + 40_000, small)
  yield { at: BEGUN + 60_000, type: 'run-end', verdict: 'failed', failures: [], seconds: 60, left: undefined }
}

const endOf = (
  failures: readonly FailedStep[],
): Pick<Extract<NewEvent, { type: 'run-end' }>, 'verdict' | 'failures'> => ({
  verdict: failures.length > 0 ? 'failed' : 'passed',
  failures,
})
