import fs from 'node:fs'
import path from 'node:path'
import type { CompletionRequest } from '../../cases/test-case.ts'
import { usageFailure } from '../../errors/failure.ts'
import { didYouMean } from '../../errors/suggest.ts'
import type { Conformance } from '../../events/conformance.ts'
import { reasonOf } from '../../host/files.ts'
import { listPlugins } from '../../ovl/cni.ts'
import type { Settings } from '../../settings/settings.ts'
import type { Check } from '../checks/check.ts'
import { checks, matching } from '../checks/checks.ts'
import { type ChurnLimit, readChurnLimit } from '../churn/limit.ts'
import { fill, valuesOf } from '../configuration/fill.ts'
import { readNetwork } from '../configuration/read.ts'
import type { Network } from '../network.ts'
import { readDocument } from '../report/document.ts'
import { requirePlugins } from '../runtime/programs.ts'

/** The options of a run of the bench. */
export interface BenchPlan {
  readonly file: string
  /** The network as filled for a node. */
  networkOf(node: string): Network
  readonly checks: readonly Check[]
  /** Attach PODs; not with `--only` or `--churn`. */
  readonly attaches: boolean
  /** With `--churn`: its limit, and the network of `--baseline`. */
  readonly churn: { readonly limit: ChurnLimit; baselineOf?(node: string): Network } | undefined
  /** A shell script that runs on each node, and in each sandbox, before plugins are called. */
  readonly prepare: string | undefined
  /** Results to compare with. */
  readonly earlier: Pick<Conformance, 'checks'> | undefined
}

/**
 * Reads the configuration, and checks it for the first node, before anything starts.
 * @throws Failure CNI_CONFIG, NO_CNI_PLUGIN, NO_SUCH_CHECK (exit 2); of the plugins' archive
 */
export async function planBench({ settings, options, hasOvls }: CompletionRequest): Promise<BenchPlan> {
  const { __conf: conf, __only: only, __compare: compare, __prepare: prepare } = options
  const { __churn: churn, __baseline: baseline } = options
  if (!conf)
    throw usageFailure('CNI_CONFIG', 'the test cni needs the configuration of a network', {
      hint: 'add --conf <file>; docs/cni.md describes it',
    })
  const file = path.basename(conf)
  const text = readText(conf)
  const workers = settings.cluster.nodes.filter(({ role }) => role === 'worker')
  const filled = (source: string, name: string, origin: string) => {
    const node = workers.find(each => each.name === name)
    if (!node) throw new Error(`${name} is not a worker`)
    return readNetwork(fill(source, valuesOf(node, settings.addressing), origin), origin)
  }
  const networkOf = (name: string) => filled(text, name, file)
  const limit = churn === undefined ? undefined : readChurnLimit(churn)
  const other = baseline === undefined ? undefined : readText(baseline)
  const baselineOf =
    other === undefined ? undefined : (name: string) => filled(other, name, path.basename(baseline ?? ''))
  const [first] = workers
  if (first && settings.cluster.start && !hasOvls) await requireInPacking(networkOf(first.name), settings)
  else if (first) networkOf(first.name)
  if (first) baselineOf?.(first.name)
  const earlier = compare === undefined ? undefined : readEarlier(compare)
  const script = prepare === undefined ? undefined : readText(prepare)
  const measured = limit && { limit, ...(baselineOf && { baselineOf }) }
  const selected = only ? chosen(only) : limit ? [] : checks
  return { file, earlier, prepare: script, networkOf, checks: selected, attaches: !only && !limit, churn: measured }
}

function readText(conf: string): string {
  try {
    return fs.readFileSync(conf, 'utf8')
  } catch (error) {
    throw usageFailure('CNI_CONFIG', `cannot read ${conf}: ${reasonOf(error)}`, { cause: error })
  }
}

function readEarlier(file: string): Pick<Conformance, 'checks'> {
  const networks = readDocument(readText(file), file)
  return { checks: networks.flatMap(({ checks }) => checks) }
}

async function requireInPacking(network: Network, { packing }: Settings): Promise<void> {
  const found = await listPlugins(packing)
  if (found) requirePlugins(network, found.names, found.place)
}

function chosen(only: string): readonly Check[] {
  const found = only.split(',').flatMap(pattern => {
    const some = matching(pattern.trim())
    if (some.length > 0) return some
    const names = checks.map(({ name }) => name)
    throw usageFailure('NO_SUCH_CHECK', `--only '${pattern}': no check has this name`, {
      hint:
        didYouMean(pattern, names) ?? `names begin with VERSION, COMMAND, ADD, CHECK, DEL, GC or STATUS: --only 'DEL*'`,
    })
  })
  return [...new Set(found)]
}
