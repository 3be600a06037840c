import { usageFailure } from '../errors/failure.ts'
import { interfaceNameProblem } from './interface-name.ts'
import { type Network, prefixProblem, specialUse } from './networks.ts'
import { MOST_PODS, POD_DEFAULTS } from './pod-facts.ts'
import type { Sources } from './sources.ts'

/** An ADRTEMPLATE `a.b.c.d/outer/inner`: the bits between the lengths number the nodes, the rest the PODs. */
export interface AddressTemplate {
  readonly text: string
  readonly network: Network
  readonly inner: number
}

/** Number, names and addresses of PODs; NPODS, ADRTEMPLATE, PODIF, PREFIX and NAME_PREFIX on the nodes. */
export interface Addressing {
  readonly podsPerNode: number
  readonly template: AddressTemplate
  readonly podInterface: string
  readonly prefix: string
  readonly namePrefix: string
}

const EXAMPLE = { hint: 'for example 172.16.0.0/16/24' }

/**
 * @param variable name for messages
 * @throws Failure BAD_TEMPLATE (exit 2) when the text is not a template
 */
export function parseTemplate(text: string, variable = 'xcluster_ADRTEMPLATE'): AddressTemplate {
  const invalid = (why: string) => usageFailure('BAD_TEMPLATE', `${variable}=${text}: ${why}`, EXAMPLE)
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})\/(\d{1,2})$/.exec(text)
  if (!match) throw invalid('must be <IPv4 address>/<length>/<length>')
  const parts = match.slice(1)
  // Some programs read a leading zero as octal, others refuse it.
  if (parts.some(part => /^0\d/.test(part))) throw invalid('has a number with a leading zero')
  const [outer = 0, inner = 0] = parts.slice(4).map(Number)
  const bytes = parts.slice(0, 4).map(Number)
  if (bytes.some(byte => byte > 255)) throw invalid('has a number over 255')
  if (outer < 1) throw invalid('the first length must be at least 1')
  if (outer > inner || inner > 32) throw invalid('the second length must be from the first length to 32')
  const network = { address: bytes.reduce((number, byte) => number * 256 + byte, 0), length: outer }
  return { text, network, inner }
}

/** The network of a node's PODs; number 0 is the network of random addresses. */
export function nodeNetwork({ network, inner }: AddressTemplate, node: number): Network {
  const first = network.address - (network.address % 2 ** (32 - network.length))
  return { address: first + node * 2 ** (32 - inner), length: inner }
}

/** Valid in the file names, hostnames and command lines in which names of PODs appear. */
const NAME_PREFIX = /^(?!.*vm-\d{3})\w[\w.-]*$/

/**
 * Reads the addressing. Whether the PODs of a test fit the template is checked with the test's requirements.
 * @throws Failure BAD_VALUE or BAD_TEMPLATE (exit 2)
 */
export function readAddressing(sources: Sources): Addressing {
  const podsPerNode = sources.integer('xcluster_NPODS', POD_DEFAULTS.NPODS, 1, MOST_PODS)
  const template = parseTemplate(sources.text('xcluster_ADRTEMPLATE', POD_DEFAULTS.ADRTEMPLATE))
  const special = specialUse(template.network, 'whole')
  if (special)
    throw usageFailure(
      'BAD_TEMPLATE',
      `xcluster_ADRTEMPLATE=${template.text}: is ${special}, which PODs cannot use`,
      EXAMPLE,
    )
  if (sources.has('xcluster_BR')) sources.valid('xcluster_BR', '', interfaceNameProblem, 'for example br0')
  const podInterface = sources.valid(
    'xcluster_PODIF',
    POD_DEFAULTS.PODIF,
    interfaceNameProblem,
    "for example eth0, or 'hostname'",
  )
  const prefix = sources.valid('xcluster_PREFIX', POD_DEFAULTS.PREFIX, prefixProblem, 'for example 1000::1 or fd00:')
  const namePrefix = sources.has('xcluster_NAME_PREFIX')
    ? sources.checked(
        'xcluster_NAME_PREFIX',
        '',
        "letters, digits, dots, dashes and underscores, without a node's name or a leading dot or dash",
        value => NAME_PREFIX.test(value),
      )
    : ''
  return Object.freeze({ podsPerNode, template, podInterface, prefix, namePrefix })
}
