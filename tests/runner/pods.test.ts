import test from 'ava'
import fc from 'fast-check'
import type { TestCase } from '../../scripts/cases/test-case.ts'
import { topologyValues } from '../../scripts/cluster/own/topologies.ts'
import { Failure } from '../../scripts/errors/failure.ts'
import type { Environment } from '../../scripts/host/environment.ts'
import { checkNeeds } from '../../scripts/runner/needs.ts'
import { checkPods } from '../../scripts/runner/pods.ts'
import { findTestCase, testCases } from '../../scripts/runner/registry.ts'
import { readSettings } from '../../scripts/settings/settings.ts'

const HOME = { HOME: '/nowhere' }

/** The failure of a check; undefined if it passes. */
function failureOf(check: () => void): Failure | undefined {
  try {
    check()
    return undefined
  } catch (error) {
    if (error instanceof Failure) return error
    throw error
  }
}

/** The failure for a test with settings; undefined if it can run. */
function refusal(name: string, environment: Environment, options: Environment = {}): Failure | undefined {
  const found = findTestCase(name) as TestCase
  // Plugins are tested elsewhere.
  const { plugins: _, ...needs } = found.needs
  const values = { ...found.cluster, ...found.forced }
  const topology = values.TOPOLOGY ? (topologyValues(values.TOPOLOGY) ?? {}) : {}
  const below = [
    { origin: 'test', values },
    { origin: 'topology', values: topology },
  ] as const
  return failureOf(() => checkNeeds({ ...found, needs }, readSettings(options, { ...HOME, ...environment }, { below })))
}

/** Variables, then the test and its options. */
function ask(line: string): Failure | undefined {
  const words = line.split(' ')
  const pairs = (pattern: RegExp, change: (name: string) => string) =>
    Object.fromEntries(
      words
        .filter(word => pattern.test(word))
        .map(word => word.split('=') as [string, string])
        .map(([name, value]) => [change(name), value]),
    )
  const options = pairs(/^--/, name => `__${name.slice(2).replaceAll('-', '_')}`)
  const name = words.find(word => findTestCase(word)) ?? ''
  return refusal(
    name,
    pairs(/^xcluster_/, variable => variable),
    options,
  )
}

/** Refused settings and their messages; the first ten once failed in started VMs. */
const REFUSED: readonly (readonly [line: string, says: RegExp])[] = [
  ['xcluster_PODIF=all bridge --nvm=1', /xcluster_PODIF=all: is reserved by the kernel/],
  ['xcluster_PODIF=dev bridge --nvm=1', /xcluster_PODIF=dev: is a keyword of ip/],
  ['xcluster_ADRTEMPLATE=172.016.0.0/16/24 bridge --nvm=1', /leading zero/],
  ['xcluster_ADRTEMPLATE=224.0.0.0/8/16 bridge --nvm=1', /multicast/],
  ['xcluster_ADRTEMPLATE=192.168.0.0/16/24 L3 --nvm=2', /node 1, 192\.168\.1\.0\/24, overlaps .* on net 1/],
  ['xcluster_PREFIX=ff02::1 bridge --nvm=1', /multicast/],
  ['xcluster_NAME_PREFIX=test- bridge --nvm=1', /test-vm-001-ns04: 16 characters/],
  ['xcluster_NPODS=100 dual_bridges', /br2-vm-001-ns100: 16 characters/],
  ['xcluster_NPODS=100 L2 --nvm=3', /303 random addresses, but .* 254/],
  ['xcluster_NPODS=254 cni_bridge --nvm=1', /253 addresses .* \(excluding the gateway\), but xcluster_NPODS is 254/],
  ['xcluster_NPODS=254 macvlan --nvm=1', /255 random addresses/],
  ['xcluster_RNDADR=yes xcluster_NPODS=254 bridge --nvm=1', /255 random addresses/],
  ['xcluster_RNDADR=yes L3', /xcluster_RNDADR=yes: its PODs have addresses of their node's network/],
  ['xcluster_RNDADR=no L2', /xcluster_RNDADR=no: its PODs have random addresses/],
  ['xcluster_ADRTEMPLATE=10.0.0.0/24/25 ipvlan', /126 hosts, but random addresses/],
  ['xcluster_ADRTEMPLATE=10.0.0.0/24/26 bridge', /nodes up to 3, but the highest is 4/],
  ['xcluster_ADRTEMPLATE=10.0.0.0/16/30 xcluster_NPODS=3 bridge', /has 2 addresses/],
  ['xcluster_ADRTEMPLATE=10.0.0.0/16/30 xcluster_NPODS=2 cni_bridge', /has 1 address /],
  ['xcluster_ADRTEMPLATE=10.0.0.0/16/32 L3', /has 0 addresses/],
  ['xcluster_ADRTEMPLATE=10.0.0.0/16/26 dual_bridges', /no host 100/],
  ['xcluster_ADRTEMPLATE=192.168.0.0/16/24 L2', /of the PODs, 192\.168\.0\.0\/24, overlaps .* on net 0/],
  ['xcluster_ADRTEMPLATE=192.168.0.0/16/24 bridge --nvm=1', /node 1, 192\.168\.1\.0\/24/],
  ['xcluster_ADRTEMPLATE=192.160.0.0/12/16 bridge --nvm=8', /node 8, 192\.168\.0\.0\/16/],
  ['xcluster_ADRTEMPLATE=126.0.0.0/7/8 bridge --nvm=1', /network 1, 127\.0\.0\.0\/8, is loopback/],
  ['xcluster_PODIF=hostname xcluster_NAME_PREFIX=test- cni_bridge', /test-vm-001-ns04: 16 characters/],
  ['xcluster_PODIF=ip6tnl0 L3_overlay', /the kernel creates an interface of this name/],
  ['xcluster_BR=lo bridge --nvm=1', /xcluster_BR=lo: is the loopback interface/],
  ['xcluster_BR=dev L2', /xcluster_BR=dev: is a keyword of ip/],
  ['xcluster_BR=a-bridge-too-long L3', /xcluster_BR=\S+: has more than 15 characters/],
  ['xcluster_BR=eth1 bridge --nvm=1', /xcluster_BR=eth1: is another interface of the nodes/],
  ['xcluster_BR=vm-002-ns04 L3', /xcluster_BR=vm-002-ns04: is another interface of the nodes/],
  ['L3 --nets-vm=0,2', /vm-001 is not on net 1/],
  ['L2 --nets2=0,2', /vm-001's eth1 is on net 1, and vm-002's eth1 on net 2/],
  ['dual_bridges --nets-vm=0,1,4,3', /vm-001's eth2 is on net 4, and vm-202's eth3 on net 3/],
]

const TAKEN = [
  'xcluster_NPODS=254 bridge --nvm=1',
  'xcluster_NPODS=253 cni_bridge --nvm=1',
  'xcluster_NPODS=253 L2 --nvm=1',
  'xcluster_NPODS=99 dual_bridges',
  'xcluster_NPODS=99 xcluster_NAME_PREFIX=tst- bridge --nvm=1',
  'xcluster_NAME_PREFIX=test- cni_bridge --nvm=1',
  'xcluster_NAME_PREFIX=test- macvlan --nvm=1',
  'xcluster_NAME_PREFIX=a-long-prefix- dual_bridges',
  'xcluster_ADRTEMPLATE=10.0.0.0/24/24 L2',
  'xcluster_ADRTEMPLATE=10.0.0.0/8/16 xcluster_NPODS=100 L2 --nvm=3',
  'xcluster_ADRTEMPLATE=10.0.0.0/16/30 xcluster_NPODS=2 bridge --nvm=2',
  'xcluster_ADRTEMPLATE=10.0.0.0/26/29 xcluster_NPODS=6 bridge',
  'xcluster_ADRTEMPLATE=10.0.0.0/16/25 dual_bridges',
  'xcluster_ADRTEMPLATE=192.168.0.0/16/24 dual_bridges',
  'xcluster_ADRTEMPLATE=192.168.0.0/16/24 bridge --nvm=1 --nets-vm=0',
  'xcluster_ADRTEMPLATE=192.160.0.0/12/16 bridge --nvm=7',
  'xcluster_ADRTEMPLATE=126.0.0.0/7/8 L2 --nvm=1',
  'xcluster_RNDADR=yes bridge',
  'xcluster_PODIF=hostname L3',
  'xcluster_PODIF=ip6tnl0 bridge',
  'xcluster_BR=mybridge bridge',
  'xcluster_BR=eth2 bridge',
  'xcluster_BR=eth1 ipvlan',
  'xcluster_BR=vm-002-ns05 L3',
  'L3 --nets-vm=0,2,1',
  'L2 --nets-vm=0,7',
  'xcluster_NPODS=254 start',
]

for (const [line, says] of REFUSED) {
  test(`${line}: is refused before anything starts, with a hint`, t => {
    const failure = ask(line)
    t.is(failure?.exitCode, 2)
    t.regex(failure?.message ?? '', says)
    t.truthy(failure?.hint)
  })
}

for (const line of TAKEN) test(`${line}: not refused`, t => t.is(ask(line)?.message, undefined))

test('accepts every test with the default settings', t => {
  for (const { name, needs } of testCases) if (!needs.running) t.is(refusal(name, {})?.message, undefined, name)
})

test('has an address for each POD with all accepted settings', t => {
  const settings = fc.record({
    nvm: fc.integer({ min: 1, max: 200 }),
    pods: fc.integer({ min: 1, max: 254 }),
    outer: fc.integer({ min: 1, max: 32 }),
    more: fc.nat(31),
  })
  fc.assert(
    fc.property(settings, fc.constantFrom('bridge', 'cni_bridge', 'ipvlan'), ({ nvm, pods, outer, more }, name) => {
      const inner = Math.min(32, outer + more)
      const environment = { ...HOME, xcluster_NPODS: String(pods), xcluster_ADRTEMPLATE: `10.0.0.0/${outer}/${inner}` }
      const { message = '' } =
        failureOf(() => checkPods(findTestCase(name) as TestCase, readSettings({ __nvm: String(nvm) }, environment))) ??
        {}
      const hosts = 2 ** (32 - inner) - 2 - (name === 'cni_bridge' ? 1 : 0)
      const random = inner > 24 ? 0 : hosts
      const fits = name === 'ipvlan' ? nvm * (pods + 1) <= random : nvm < 2 ** (inner - outer) && pods <= hosts
      // A short prefix contains special-purpose networks, or the nodes' own.
      if (fits && /is (loopback|reserved|link-local|multicast)|overlaps/.test(message)) return
      t.is(message === '', fits, message)
    }),
    { numRuns: 300 },
  )
})
