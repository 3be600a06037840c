import fs from 'node:fs'
import path from 'node:path'
import { quoteWord } from '../../scripts/ssh/quote.ts'

/** Result of a call of `netns_test`. */
export interface Call {
  readonly name: string
  readonly exit: number
  /** With times of day replaced. */
  readonly stdout: string
  readonly stderr: string
  /** The state afterwards, one fact per line; empty unless requested. */
  readonly state: readonly string[]
  /** `dad <accept_dad> ra <accept_ra> gen <addr_gen_mode>` of each POD's conf/default. */
  readonly podDefaults: readonly string[]
}

/** A call of the original, recorded in the only VM of a cluster: vm-001, three networks, NPODS=2, PREFIX=1000::1. */
export interface RecordedCall {
  readonly case: string
  readonly setup?: string
  readonly command: string
  readonly exit: number
  /** Missing if it contains pings. */
  readonly stdout?: string
  /** Changes to a node without PODs: `+ <fact>`, `- <fact>`. Missing if not recorded. */
  readonly state?: readonly string[]
}

export const recordedCalls: readonly RecordedCall[] = fs
  .readFileSync(path.join(import.meta.dirname, 'netns_test-original.jsonl'), 'utf8')
  .trim()
  .split('\n')
  .map(line => JSON.parse(line))

/**
 * The numbers in `/etc/rnd-addresses` known from the recorded calls, by line. The other lines hold the remaining
 * numbers.
 */
const RECORDED_NUMBERS: Readonly<Record<number, number>> = { 1: 64, 2: 203, 3: 76, 4: 190, 5: 212, 99: 110 }

export function rndAddresses(): string {
  const known = Object.values(RECORDED_NUMBERS)
  const others = Array.from({ length: 254 }, (_, index) => index + 1).filter(number => !known.includes(number))
  return Array.from({ length: 254 }, (_, index) => `${RECORDED_NUMBERS[index + 1] ?? others.shift()}\n`).join('')
}

/** A script for a VM that prints the node's state, and then makes the calls. */
export function scriptFor(calls: readonly Pick<RecordedCall, 'case' | 'setup' | 'command' | 'state'>[]): string {
  const lines = calls.map(({ case: name, setup = '', command, state }) =>
    ['call', name, setup, command, state ? 'yes' : 'no'].map(quoteWord).join(' '),
  )
  const library = fs.readFileSync(path.join(import.meta.dirname, 'contract.sh'), 'utf8')
  return `${library}\ncall before '' : yes\n${lines.join('\n')}\n`
}

/** Reads the script's output. */
export function readCalls(output: string): readonly Call[] {
  return output
    .split(/^call /m)
    .slice(1)
    .map(text => {
      const [name = '', ...lines] = text.split('\n')
      const of = (kind: string) => lines.filter(line => line.startsWith(`${kind} `)).map(line => line.slice(4))
      const joined = (kind: string) =>
        of(kind)
          .map(line => `${line}\n`)
          .join('')
          .replaceAll(/\b\d\d:\d\d:\d\d\b/g, 'HH:MM:SS')
      const spaces = lines
        .join('\n')
        .split(/^space /m)
        .slice(1)
      return {
        name,
        exit: Number(/^exit (\d+)$/m.exec(text)?.[1]),
        stdout: joined('out'),
        stderr: joined('err'),
        state: spaces
          .flatMap(factsOf)
          .map(plainNames(/cni/.test(name)))
          .sort(),
        podDefaults: spaces.slice(1).map(space => confOf(space).get('default') ?? ''),
      }
    })
}

/** Interfaces that every namespace has, or that only some kernels create. */
const NOISE = ['lo', 'ip6tnl0', 'dummy0']
/** Interfaces whose settings were not recorded, because they belong to the topology. */
const TOPOLOGY = [...NOISE, 'all', 'default', 'eth0', 'eth2']

interface Interface {
  readonly ifname: string
  readonly flags: readonly string[]
  readonly mtu: number
  readonly master?: string
  readonly inet6_addr_gen_mode?: string
  readonly addr_info: readonly { local: string; prefixlen: number; scope: string; broadcast?: string }[]
}
interface Route {
  readonly dst: string
  readonly dev?: string
  readonly gateway?: string
  readonly prefsrc?: string
  readonly table?: string
}

/** The IPv6 settings of each interface: `dad 1 ra 1 gen 0`. */
function confOf(space: string): ReadonlyMap<string, string> {
  const read = (setting: string) =>
    new Map(
      [...space.matchAll(new RegExp(`^conf (.+)/${setting}:(.*)$`, 'gm'))].map(([, device, value]) => [device, value]),
    )
  const [dad, ra, gen] = ['accept_dad', 'accept_ra', 'addr_gen_mode'].map(read)
  return new Map(
    [...(dad ?? [])].map(([device = '', value]) => [
      device,
      `dad ${value} ra ${ra?.get(device)} gen ${gen?.get(device)}`,
    ]),
  )
}

function factsOf(space: string): readonly string[] {
  const [name = '', ...lines] = space.split('\n')
  const isVm = name === 'vm'
  const [links = [], addresses = [], routes = []] = lines
    .filter(line => line.startsWith('json '))
    .map(line => JSON.parse(line.slice(5))) as [Interface[]?, Interface[]?, Route[]?]
  const isShown = ({ ifname }: Interface) => ifname && !NOISE.includes(ifname)
  const ofLines = lines.flatMap(line => {
    const [kind = '', ...words] = line.split(' ')
    if (kind === 'hostname') return isVm ? [] : [`hostname ${words[0]}`]
    if (kind === 'sysctl' || kind === 'file') return [line]
    return []
  })
  const settings = confOf(space)
  const hidden = isVm ? TOPOLOGY : [...NOISE, 'all', 'default']
  const facts = [
    ...[...settings.keys()]
      .filter(device => !hidden.includes(device))
      .map(device => `conf ${device} ${settings.get(device)}`),
    ...links
      .filter(isShown)
      .map(
        ({ ifname, flags, mtu, master, inet6_addr_gen_mode: mode }) =>
          `link ${ifname} ${flags.includes('UP') ? 'up' : 'down'} mtu ${mtu}${master ? ` master ${master}` : ''} addrgenmode ${mode}`,
      ),
    ...addresses.filter(isShown).flatMap(({ ifname, addr_info }) =>
      addr_info.map(({ local, prefixlen, broadcast }) => {
        const address = local.startsWith('fe80:') ? 'LL' : local
        return `address ${ifname} ${address}/${prefixlen}${broadcast && !isVm ? ` brd ${broadcast}` : ''}`
      }),
    ),
    ...routes
      .filter(
        ({ dst, table, dev = '' }) => table === 'main' && !NOISE.includes(dev) && !(isVm && dst.startsWith('fe80:')),
      )
      .map(({ dst, gateway, dev, prefsrc }) =>
        ['route', dst, gateway && `via ${gateway}`, dev && `dev ${dev}`, prefsrc && `src ${prefsrc}`]
          .filter(Boolean)
          .join(' '),
      ),
    ...ofLines,
  ]
  return facts.map(fact => `${name} ${fact}`)
}

/** Replaces CNI's random interface names, and addresses that depend on the order of the PODs' requests. */
const plainNames = (isCni: boolean) => (fact: string) => {
  const named = fact.replaceAll(/\bveth[0-9a-f]{8}\b/g, 'veth*')
  return isCni
    ? named.replaceAll(/172\.16\.1\.[23]\b/g, '172.16.1.*').replaceAll(/1000::1:ac10:10[23]\b/g, '1000::1:ac10:10*')
    : named
}

/** The differences of two lists of facts: `+` for facts only in the second. Facts may repeat. */
export function changes(before: readonly string[], after: readonly string[]): readonly string[] {
  const left = [...before]
  const added = after.filter(fact => {
    const index = left.indexOf(fact)
    if (index >= 0) left.splice(index, 1)
    return index < 0
  })
  return [...added.map(fact => `+ ${fact}`), ...left.map(fact => `- ${fact}`)].sort()
}
