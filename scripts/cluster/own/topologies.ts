import type { Environment } from '../../host/environment.ts'

/** A topology of xcluster (docs/xcluster.md, Topologies). Routes follow from the nets, see routing.ts. */
interface Topology {
  /** Values of variables. */
  readonly values: Environment
  /** Nets whose interfaces stay down, without addresses, for tests. */
  readonly bareNets?: readonly number[]
  /** Numbers of nodes besides the routers that forward. */
  readonly forwarding?: readonly number[]
}

const LANS = { __nrouters: '2', __nets_vm: '0,1,3,4,5' } as const

const TOPOLOGIES: Readonly<Record<string, Topology>> = {
  xnet: { values: {} },
  bridge: { values: { __nrouters: '1' } },
  multilan: { values: LANS, bareNets: [3, 4, 5] },
  'multilan-router': { values: { ...LANS, __nets202: '0,1,2,3,4,5' }, bareNets: [3, 4, 5] },
  backend: { values: { __nrouters: '2', __nets_vm: '0,1,3', __nets_router: '0,3,2' } },
  multihop: { values: { __nrouters: '3', __nets201: '0,1,3', __nets202: '0,3,4', __nets203: '0,4,2' } },
  'dual-path': {
    values: {
      __nrouters: '4',
      __ntesters: '2',
      __nets_vm: '0,1,4',
      __nets201: '0,1,3',
      __nets202: '0,4,5',
      __nets203: '0,3,2',
      __nets204: '0,5,6',
      __nets_tester: '0,2,6',
    },
  },
  zones: {
    values: {
      __nrouters: '1',
      __nets_router: '0,1,2,3,4',
      ...Object.fromEntries([10, 11, 12, 13].map(node => [`__nets${node}`, '0,3'])),
      ...Object.fromEntries([20, 21, 22, 23].map(node => [`__nets${node}`, '0,4'])),
    },
  },
  evil_tester: {
    values: { __nrouters: '2', __ntesters: '2', __nets_router: '0,1,3', __nets221: '0,2', __nets222: '0,3,2' },
    forwarding: [222],
  },
  diamond: {
    values: {
      __nrouters: '4',
      __ntesters: '1',
      __nets201: '0,1,3,4',
      __nets202: '0,2,5,6',
      __nets203: '0,3,5',
      __nets204: '0,4,6',
    },
  },
  'x-diamond': {
    values: {
      __nrouters: '6',
      __ntesters: '1',
      __nets201: '0,1,3,4',
      __nets202: '0,2,7,8',
      __nets203: '0,3,5,9,11',
      __nets204: '0,4,6,9,12',
      __nets205: '0,5,7,10,12',
      __nets206: '0,6,8,10,11',
    },
  },
}

/** The variables of a topology; undefined for an unknown one. */
export const topologyValues = (name: string): Environment | undefined => topologyOf(name)?.values

export const topologyNames = (): readonly string[] => Object.keys(TOPOLOGIES)

export const bareNetsOf = (name: string): readonly number[] => topologyOf(name)?.bareNets ?? []

export const forwardingOf = (name: string): readonly number[] => topologyOf(name)?.forwarding ?? []

const topologyOf = (name: string): Topology | undefined =>
  Object.hasOwn(TOPOLOGIES, name) ? TOPOLOGIES[name] : undefined
