import type { ExecutionContext } from 'ava'
import type { Program } from './program.ts'

/** The failed pairs in a log, as `<source> <address>`. */
export const wrongPairs = (log: string): readonly string[] =>
  [
    ...new Set(
      [...log.matchAll(/ \| FAILED: (\S+) → \S+ (\S+) /g)].map(([, source, address]) => `${source} ${address}`),
    ),
  ].sort()

/** The PODs of each side, and their addresses. */
const sidesOf = (outside: readonly [string, string]) =>
  outside.map((name, side) => [
    ...[1, 2].map(pod => [`br${side + 2}-vm-001-ns0${pod}`, `172.16.0.${pod}`, `1000::1:ac10:${pod}`]),
    [name, '172.16.0.100', '1000::1:ac10:64'],
  ])

/**
 * Proves that the matrix of two sides reports exactly the pairs that are joined or cut.
 * @param outside their external ends
 */
export async function provesSides(
  t: ExecutionContext,
  { run, runWith }: Program,
  name: string,
  outside: readonly [string, string],
): Promise<void> {
  const start = await runWith({ xcluster_NPODS: '2' }, 'test', name, '--no-stop')
  t.is(start.status, 0, start.stderr)
  // With three PODs on each side: the two others, and the other side's three except the one with the same address.
  t.regex(start.stderr, /: matrix: 24 of 24 pairs answer; 24 of 24 forbidden pairs blocked;/)
  const prove = () => run('test', 'matrix', '--no-start', '--reach', name, '--timeout=30')
  const inVm = async (command: string) => t.is((await run('exec', 'vm-001', '--', 'sh', '-c', command)).status, 0)
  const sides = sidesOf(outside)

  const ends = 'ip link set j2 master br2 up && ip link set j3 master br3 up'
  await inVm(`ip link add j2 type veth peer name j3 && ${ends}`)
  const joined = await prove()
  t.is(joined.status, 1, joined.stderr)
  const across = sides.flatMap((side, index) =>
    side.flatMap(([from, ...own]) =>
      (sides[1 - index] ?? []).flatMap(([, ...addresses]) =>
        addresses.filter(address => !own.includes(address)).map(address => `${from} ${address}`),
      ),
    ),
  )
  t.deepEqual(wrongPairs(joined.stdout), across.sort())
  t.notRegex(joined.stdout, /→.* does not answer/)
  await inVm('ip link delete j2')

  await inVm('ip link set br3-vm-001-ns02 down')
  const cut = await prove()
  t.is(cut.status, 1, cut.stderr)
  const pod = 'br3-vm-001-ns02'
  const ofIt = sides[1]?.flatMap(([from, ...own]) =>
    (sides[1] ?? []).flatMap(([to, ...addresses]) =>
      from !== to && (from === pod || to === pod)
        ? addresses.filter(address => !own.includes(address)).map(address => `${from} ${address}`)
        : [],
    ),
  )
  t.deepEqual(wrongPairs(cut.stdout), ofIt?.sort())
  await inVm('ip link set br3-vm-001-ns02 up')
  t.is((await prove()).status, 0, 'all is well again')
}
