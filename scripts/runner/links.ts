import type { TestCase } from '../cases/test-case.ts'
import { usageFailure } from '../errors/failure.ts'
import type { NodePlan } from '../settings/nodes.ts'

/**
 * Checks that nodes share the nets that a test requires.
 * @param nodes with as many interfaces as the test needs
 * @throws Failure NOT_LINKED (exit 2)
 */
export function checkLinks({ name, needs }: TestCase, nodes: readonly NodePlan[]): void {
  const workers = nodes.filter(({ role }) => role === 'worker')
  const wrong = (why: string, hint: string) => usageFailure('NOT_LINKED', `${name}: ${why}`, { hint })
  const outside = workers.find(({ nets }) => needs.net !== undefined && !nets.includes(needs.net))
  if (outside && workers.length > 1) {
    throw wrong(
      `${outside.name} is not on net ${needs.net}, which connects the nodes`,
      `--nets${outside.number}=${[0, needs.net, ...outside.nets.slice(1)].join(',')}, or --nets-vm for all`,
    )
  }
  const joined = (needs.links ?? []).map(({ workers: position, ...others }) => {
    const ends = [
      ...(position === undefined ? [] : workers.map(node => ({ node, position }))),
      ...Object.entries(others).map(([of, at]) => ({ node: nodes.find(node => node.name === of), position: at })),
    ].flatMap(({ node, position: at }) => (node ? [{ net: node.nets[at], text: `${node.name}'s eth${at}` }] : []))
    const [first, ...more] = ends
    const other = more.find(({ net }) => net !== first?.net)
    if (first && other) {
      const nets = `${first.text} is on net ${first.net}, and ${other.text} on net ${other.net}`
      throw wrong(nets, 'they must be on the same net: see --nets-vm, --nets-router and --nets<N>')
    }
    return first
  })
  const twice = joined.find((end, index) => end && joined.findIndex(each => each?.net === end.net) < index)
  if (twice) throw wrong(`net ${twice.net} would join both bridges`, 'each bridge needs its own net: see --nets-vm')
}
