import { usageFailure } from '../../errors/failure.ts'
import type { Environment } from '../../settings/sources.ts'

/**
 * xcluster's topologies, as far as they are a matter of numbers and networks (contract, "Networks and login"). What else they
 * are, addresses and routes, is the guest's: see guest/root/etc/netns/become.pl.
 */
const TOPOLOGIES: Readonly<Record<string, Environment>> = {
  xnet: {},
  'multilan-router': { __nrouters: '2', __nets_vm: '0,1,3,4,5', __nets202: '0,1,2,3,4,5' },
}

/**
 * @returns what a topology changes, under the names of the variables
 * @throws Failure NO_SUCH_TOPOLOGY (exit 2)
 */
export function topologyValues(name: string): Environment {
  const values = Object.hasOwn(TOPOLOGIES, name) ? TOPOLOGIES[name] : undefined
  if (values) return values
  throw usageFailure('NO_SUCH_TOPOLOGY', `TOPOLOGY=${name}: the embedded cluster does not know it`, {
    hint: `it knows ${Object.keys(TOPOLOGIES).join(', ')}`,
  })
}
