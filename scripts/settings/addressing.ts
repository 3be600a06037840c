import { usageFailure } from '../errors/failure.ts'
import { wrongInterfaceName } from './interface-name.ts'
import { type Network, specialUse, wrongPrefix } from './networks.ts'
import { MOST_PODS, POD_DEFAULTS } from './pod-facts.ts'
import type { Sources } from './sources.ts'

/** An ADRTEMPLATE `a.b.c.d/outer/inner`: the bits between the lengths number the nodes, those behind the PODs. */
export interface AddressTemplate {
  readonly text: string
  /** All nodes' networks together; its prefix length is the template's first one. */
  readonly network: Network
  /** Prefix length of one node's network. */
  readonly inner: number
}

/** How PODs are counted, named and addressed; the VMs get it as NPODS, ADRTEMPLATE, PODIF, PREFIX, NAME_PREFIX. */
export interface Addressing {
  readonly podsPerNode: number
  readonly template: AddressTemplate
  readonly podInterface: string
  readonly prefix: string
  /** What stands in front of PODs' names. */
  readonly namePrefix: string
}

const EXAMPLE = { hint: 'for example 172.16.0.0/16/24' }

/**
 * @param variable that holds it, for messages
 * @throws Failure BAD_TEMPLATE (exit 2) when the text is not a template
 */
export function parseTemplate(text: string, variable = 'xcluster_ADRTEMPLATE'): AddressTemplate {
  const wrong = (why: string) => usageFailure('BAD_TEMPLATE', `${variable}=${text}: ${why}`, EXAMPLE)
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})\/(\d{1,2})$/.exec(text)
  if (!match) throw wrong('must be <IPv4 address>/<length>/<length>')
  const parts = match.slice(1)
  // Read as octal by some programs, and refused by others.
  if (parts.some(part => /^0\d/.test(part))) throw wrong('has a number with a leading zero')
  const [outer = 0, inner = 0] = parts.slice(4).map(Number)
  const bytes = parts.slice(0, 4).map(Number)
  if (bytes.some(byte => byte > 255)) throw wrong('has a number over 255')
  if (outer < 1) throw wrong('the first length must be at least 1')
  if (outer > inner || inner > 32) throw wrong('the second length must be at least the first, and at most 32')
  const network = { address: bytes.reduce((number, byte) => number * 256 + byte, 0), length: outer }
  return { text, network, inner }
}

/** The network of a node's PODs; that of number 0 is for random addresses. */
export function nodeNetwork({ network, inner }: AddressTemplate, node: number): Network {
  const first = network.address - (network.address % 2 ** (32 - network.length))
  return { address: first + node * 2 ** (32 - inner), length: inner }
}

/** For the file names, hostnames and options that PODs' names become. */
const NAME_PREFIX = /^(?!.*vm-\d{3})\w[\w.-]*$/

/**
 * Reads how PODs are addressed. Whether a test's own PODs fit is for its needs to say.
 * @throws Failure BAD_VALUE or BAD_TEMPLATE (exit 2)
 */
export function readAddressing(sources: Sources): Addressing {
  const podsPerNode = sources.integer('xcluster_NPODS', POD_DEFAULTS.NPODS, 1, MOST_PODS)
  const template = parseTemplate(sources.text('xcluster_ADRTEMPLATE', POD_DEFAULTS.ADRTEMPLATE))
  const special = specialUse(template.network, 'whole')
  if (special)
    throw usageFailure(
      'BAD_TEMPLATE',
      `xcluster_ADRTEMPLATE=${template.text}: is ${special}, where no POD can be`,
      EXAMPLE,
    )
  if (sources.has('xcluster_BR')) sources.valid('xcluster_BR', '', wrongInterfaceName, 'for example br0')
  const podInterface = sources.valid(
    'xcluster_PODIF',
    POD_DEFAULTS.PODIF,
    wrongInterfaceName,
    "for example eth0, or 'hostname'",
  )
  const prefix = sources.valid('xcluster_PREFIX', POD_DEFAULTS.PREFIX, wrongPrefix, 'for example 1000::1 or fd00:')
  const namePrefix = sources.has('xcluster_NAME_PREFIX')
    ? sources.checked(
        'xcluster_NAME_PREFIX',
        '',
        "letters, digits, dots, dashes and underscores, without a VM's name, and no dot or dash first",
        value => NAME_PREFIX.test(value),
      )
    : ''
  return Object.freeze({ podsPerNode, template, podInterface, prefix, namePrefix })
}
