import { usageFailure } from '../errors/failure.ts'
import type { Sources } from './sources.ts'

/** Most PODs that a node can hold: host numbers of the default template, less the network's and the broadcast's. */
const MOST_PODS = 254

/** An ADRTEMPLATE `a.b.c.d/outer/inner`: the bits between the lengths number the nodes, those behind the PODs. */
export interface AddressTemplate {
  readonly text: string
  /** Prefix length of all nodes' networks together. */
  readonly outer: number
  /** Prefix length of one node's network. */
  readonly inner: number
}

/** How PODs are counted, named and addressed; the VMs get it as NPODS, ADRTEMPLATE, PODIF, PREFIX. */
export interface Addressing {
  readonly podsPerNode: number
  readonly template: AddressTemplate
  readonly podInterface: string
  readonly prefix: string
}

/**
 * @param variable that holds it, for messages
 * @throws Failure BAD_TEMPLATE (exit 2) when the text is no template
 */
export function parseTemplate(text: string, variable = 'xcluster_ADRTEMPLATE'): AddressTemplate {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})\/(\d{1,2})$/.exec(text)
  const [a, b, c, d, outer, inner] = (match ?? []).slice(1).map(Number)
  const bytes = [a, b, c, d]
  if (outer === undefined || inner === undefined || bytes.some(byte => byte === undefined || byte > 255)) {
    throw usageFailure('BAD_TEMPLATE', `${variable}=${text}: must be <IPv4 address>/<length>/<length>`, {
      hint: 'for example 172.16.0.0/16/24',
    })
  }
  if (outer < 1 || outer > inner || inner > 32) {
    throw usageFailure(
      'BAD_TEMPLATE',
      `${variable}=${text}: the first length must be at least 1, the second at least the first, and at most 32`,
    )
  }
  return { text, outer, inner }
}

/**
 * Reads how PODs are addressed, and checks that the addresses suffice.
 * @param highestWorker the largest node number that has PODs
 * @throws Failure BAD_VALUE, BAD_TEMPLATE or TEMPLATE_TOO_SMALL (exit 2)
 */
export function readAddressing(sources: Sources, highestWorker: number): Addressing {
  const podsPerNode = sources.integer('xcluster_NPODS', 4, 1, MOST_PODS)
  const template = parseTemplate(sources.text('xcluster_ADRTEMPLATE', '172.16.0.0/16/24'))
  const podInterface = sources.checked(
    'xcluster_PODIF',
    'eth0',
    "an interface name of at most 15 characters, or 'hostname'",
    value => /^[A-Za-z0-9][\w.-]{0,14}$/.test(value) && value !== 'lo',
  )
  // What stands in front of an IPv4 address in `<PREFIX>:<IPv4>`: some groups, the last colon left out.
  const prefix = sources.checked(
    'xcluster_PREFIX',
    '1000::1',
    'the beginning of an IPv6 address, as in 1000::1 or fd00:',
    value => URL.canParse(`http://[${value}:1.2.3.4]/`),
  )
  const nodeNumbers = 2 ** (template.inner - template.outer)
  if (highestWorker >= nodeNumbers) {
    throw usageFailure(
      'TEMPLATE_TOO_SMALL',
      `xcluster_ADRTEMPLATE=${template.text}: has networks for nodes up to ${nodeNumbers - 1}, and there are ${highestWorker}`,
      { hint: 'lower the first length or --nvm' },
    )
  }
  const podNumbers = 2 ** (32 - template.inner) - 2
  if (podsPerNode > podNumbers) {
    throw usageFailure(
      'TEMPLATE_TOO_SMALL',
      `xcluster_ADRTEMPLATE=${template.text}: has ${Math.max(podNumbers, 0)} addresses for PODs in a node, and NPODS is ${podsPerNode}`,
      { hint: 'lower the second length or xcluster_NPODS' },
    )
  }
  return Object.freeze({ podsPerNode, template, podInterface, prefix })
}
