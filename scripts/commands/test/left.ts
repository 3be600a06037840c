import { programAsTyped } from '../../command-line/edge.ts'
import type { LeftCluster } from '../../runner/held.ts'
import { DEFAULT_CLUSTER_NAME } from '../../settings/settings.ts'

/** @param several the run has several tests: name the cluster's */
export function howToEnter({ name, test }: LeftCluster, kind: string | undefined, several: boolean) {
  const which = `${name === DEFAULT_CLUSTER_NAME ? '' : ` --name ${name}`}${kind ? ` --cluster ${kind}` : ''}`
  const program = programAsTyped()
  const [enter, stop] = [`${program} shell${which} vm-001`, `${program} stop${which}`]
  return {
    left: `The cluster${several ? ` of ${test}` : ''} is left running: ${enter} enters it, ${stop} ends it`,
    leftCommands: [
      { what: 'enter the cluster', text: enter },
      { what: 'stop the cluster', text: stop },
    ],
  }
}
