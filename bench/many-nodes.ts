import type { NewEvent } from '../scripts/events/events.ts'
import type { NodeFacts } from '../scripts/proof/facts.ts'
import type { Matrix } from '../scripts/proof/matrix.ts'

export const NODES = 100
export const PODS = 4
const STEPS = 6
/** More lines than a node writes in a step of any test. */
const LINES = 400
/** Bytes that one node writes in one step. */
const FLOOD = 10 * 2 ** 20

export const nodes = Array.from({ length: NODES }, (_, index) => `vm-${String(index + 1).padStart(3, '0')}`)
export const podsOf = (node: string) => Array.from({ length: PODS }, (_, index) => `${node}-ns0${index + 1}`)

/** The runner's events of a test on a hundred nodes. */
export function* manyNodes(matrix: Matrix, network: readonly NodeFacts[]): Generator<NewEvent> {
  const test = 'L3'
  yield { type: 'run-start', tests: [test] }
  yield { type: 'test-start', test, summary: 'PODs of all VMs by routes', settings: [] }
  yield { type: 'cluster-start', test, nodes: NODES, kind: `embedded: ${NODES} VMs` }
  for (const [index, node] of nodes.entries()) yield { type: 'node-up', node, up: index + 1, of: NODES }
  for (let index = 1; index <= STEPS; index++) {
    const id = { test, step: `step_${index}`, index }
    yield { type: 'step-start', ...id, nodes }
    for (let line = 0; line < LINES; line++) {
      for (const [position, node] of nodes.entries()) {
        const pod = podsOf(node)[line % PODS]
        yield {
          type: 'output',
          ...id,
          node,
          stream: 'stdout',
          line: `${pod} 172.16.${position + 1}.${line % 250} answers`,
        }
      }
    }
    if (index === STEPS) {
      const line = `\u001b[31m${'flood '.repeat(20)}\u001b[0m`
      for (let bytes = 0; bytes < FLOOD; bytes += line.length)
        yield { type: 'output', ...id, node: 'vm-001', stream: 'stdout', line: `${bytes} ${line}` }
    }
    for (const node of nodes) yield { type: 'step-end', ...id, node, failure: undefined, milliseconds: 1000 }
  }
  yield { type: 'network', test, network }
  yield { type: 'matrix', test, matrix, text: 'all pairs answer' }
  yield { type: 'test-end', test, verdict: 'passed', why: undefined }
  yield { type: 'run-end', verdict: 'passed', failures: [], seconds: 60, left: undefined }
}
