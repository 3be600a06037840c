import { usageFailure } from '../../errors/failure.ts'
import { nativeArchitecture } from '../../settings/guest.ts'
import { type Setting, spelling } from '../../settings/sources.ts'

/** Settings of machines: nodes share this host's kernel, CPUs and memory. */
const OF_MACHINES = /^__(mem|smp)\d*$|^__(accel|cold)$/
/** Also refused as variables: a test would prove something about another kernel. */
const OF_KERNELS = /^__(arch|kernel|module|modules)$/

/**
 * Refuses options that only VMs have. Such values from variables, a test or a topology have no effect.
 * @throws Failure BAD_VALUE (exit 2) naming the option
 */
export function refuseVmOptions(settings: readonly Setting[]): void {
  const refused = settings.find(
    ({ name, value, origin }) =>
      (origin === 'option' && OF_MACHINES.test(name)) ||
      (origin !== 'default' && OF_KERNELS.test(name) && !(name === '__arch' && value === nativeArchitecture())),
  )
  if (!refused) return
  const option = spelling(refused.name, refused.origin)
  throw usageFailure('BAD_VALUE', `${option}: nodes that are namespaces have this host's kernel, CPUs and memory`, {
    hint: 'omit it, or use --cluster embedded',
  })
}
