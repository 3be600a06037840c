import test from 'ava'
import fc from 'fast-check'
import type { WrongPair } from '../../../../scripts/proof/summary.ts'
import { choosePairs, MOST_PAIRS } from '../../../../scripts/runner/artifacts/evidence/choose.ts'

const podOf = (node: number, number: number) => ({
  pod: `vm-${String(node).padStart(3, '0')}-ns0${number}`,
  node: `vm-${String(node).padStart(3, '0')}`,
})

/** The wrong pairs, both families, of PODs selected by a predicate. */
function wrongWhere(nodes: number, pods: number, holds: (from: string, to: string) => boolean): readonly WrongPair[] {
  const all = Array.from({ length: nodes }, (_, n) =>
    Array.from({ length: pods }, (__, p) => podOf(n + 1, p + 1)),
  ).flat()
  return all.flatMap(source =>
    all
      .filter(({ pod }) => pod !== source.pod && holds(source.pod, pod))
      .flatMap(to =>
        ([4, 6] as const).map(family => {
          const address = `${family === 4 ? '10.0.0.' : 'fd00::'}${to.pod}`
          return { source, destination: { ...to, family, address, interface: 'eth0' }, what: 'missing' as const }
        }),
      ),
  )
}

test('chooses nothing without wrong pairs', t => {
  t.deepEqual(choosePairs([]), { pairs: [], omitted: 0 })
})

test('pings all addresses of a pair again', t => {
  const { pairs, omitted } = choosePairs(wrongWhere(2, 2, (from, to) => from === 'vm-001-ns01' && to === 'vm-002-ns02'))
  t.is(omitted, 0)
  t.is(pairs.length, 1)
  t.deepEqual(pairs[0]?.addresses, ['10.0.0.vm-002-ns02', 'fd00::vm-002-ns02'])
})

test('chooses both directions of a POD whose link is cut', t => {
  const cut = 'vm-002-ns03'
  const { pairs } = choosePairs(wrongWhere(4, 4, (from, to) => from === cut || to === cut))
  t.true(pairs.every(({ source, destination }) => source.pod === cut || destination.pod === cut))
  t.true(pairs.some(({ source }) => source.pod === cut))
  t.true(pairs.some(({ destination }) => destination.pod === cut))
})

test('chooses some pairs of a node isolated from a hundred, and counts the rest', t => {
  const isCut = (pod: string) => pod.startsWith('vm-050')
  const wrong = wrongWhere(100, 4, (from, to) => isCut(from) !== isCut(to))
  const { pairs, omitted } = choosePairs(wrong)
  t.is(pairs.length, MOST_PAIRS)
  t.is(omitted, wrong.length / 2 - MOST_PAIRS)
  const nodes = pairs.map(({ source, destination }) => `${source.node} ${destination.node}`)
  t.is(new Set(nodes).size, MOST_PAIRS, 'each shows another two nodes')
})

test('chooses only wrong pairs, each once; chosen and omitted pairs add up', t => {
  const all = wrongWhere(3, 2, () => true)
  fc.assert(
    fc.property(fc.subarray([...all]), wrong => {
      const { pairs, omitted } = choosePairs(wrong)
      const keys = pairs.map(({ source, destination }) => `${source.pod} ${destination.pod}`)
      const given = new Set(wrong.map(({ source, destination }) => `${source.pod} ${destination.pod}`))
      t.is(new Set(keys).size, keys.length)
      t.true(keys.every(key => given.has(key)))
      t.is(keys.length + omitted, given.size)
      t.is(pairs.length === 0, wrong.length === 0)
    }),
    { numRuns: 100 },
  )
})
