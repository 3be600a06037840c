import type { ProbeMatrix } from '../../../scripts/proof/rules/matrix.ts'

const [one, two] = ['a', 'b<'].map((pod, index) => ({
  pod,
  node: 'vm-001',
  address: `10.0.0.${index + 1}`,
  family: 4 as const,
  interface: 'eth0',
}))
const TARGETS = [one, two].flatMap(pod => pod ?? [])
const SOURCES = TARGETS.map(({ pod, node }) => ({ pod, node }))
/** The results of a probe between two PODs, one of them wrong. */
export const MATRIX: ProbeMatrix = {
  probe: { protocol: 'tcp/80', payload: 'plain', bytes: 0 },
  sources: SOURCES,
  targets: TARGETS,
  rows: [
    [undefined, { kind: 'refused', refusal: 'admin-prohibited', from: '10.0.0.2' }],
    [{ kind: 'reply', by: { pod: 'a', node: 'vm-001' }, milliseconds: 0.5 }, undefined],
  ],
  rules: [Int16Array.from([-2, 0]), Int16Array.from([0, -2])],
  wrong: TARGETS.slice(1).map(target => ({ source: SOURCES[0] as never, target, why: 'is silent, but must reply' })),
  unproved: SOURCES.slice(1).map(source => ({
    source,
    family: 4,
    pairs: 2,
    why: 'it does not even answer itself',
    isSlow: false,
  })),
  counts: { expected: 2, reached: 1, forbidden: 3, closed: 2, unsent: 1 },
}
