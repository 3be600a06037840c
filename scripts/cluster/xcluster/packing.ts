import fs from 'node:fs'
import path from 'node:path'
import { usageFailure } from '../../errors/failure.ts'
import type { Settings } from '../../settings/settings.ts'
import type { OvlDirectory, StartRequest } from '../cluster.ts'
import { callXcluster, type XclusterCall } from './command.ts'
import type { XclusterSettings } from './settings.ts'
import { withWorkDirectory } from './work-directory.ts'

/** The ovl of this repository, whose directory may have any name. */
const NETNS_DIRECTORY = path.resolve(import.meta.dirname, '../../..')
const NETNS_OVL = 'netns'

/** Long enough for large ovls, such as archives of Kubernetes. */
const PACK_TIMEOUT_SECONDS = 900
const QUERY_TIMEOUT_SECONDS = 15

/**
 * Packs the ovls with `mkcdrom`.
 * @throws Failure OVL_NOT_FOUND (exit 2), XCLUSTER_FAILED (exit 4) with the last lines of its output
 */
export async function pack(settings: Settings, xcluster: XclusterSettings, request: StartRequest): Promise<void> {
  const { emit, signal, extraOvls } = request
  const detail = (text: string) => emit({ type: 'detail', text })
  await withWorkDirectory(settings.directories.state, async links => {
    fs.symlinkSync(NETNS_DIRECTORY, path.join(links, NETNS_OVL))
    for (const ovl of extraOvls) fs.symlinkSync(ovl.directory, path.join(links, nameOf(ovl, extraOvls)))
    const exports = { ...xcluster.exports, XCLUSTER_OVLPATH: [links, ...settings.ovlPath].join(':') }
    const call = { command: xcluster.command, exports, onLine: detail, signal }
    const extra = extraOvls.map(({ name }) => name)
    const { base, more } = settings.ovlNames
    const ovls = ['env', ...base, 'network-topology', 'iptools', NETNS_OVL, ...extra, ...more, 'test']
    await checkOvls([...new Set(ovls)], settings.ovlPath, call)
    fs.rmSync(path.join(xcluster.tmp, 'cdrom.iso'), { force: true })
    const words = ['mkcdrom', ...ovls]
    await callXcluster({ ...call, words, timeoutSeconds: PACK_TIMEOUT_SECONDS, exitCode: 4, reapOrphans: true })
  })
}

/** The name of an ovl for xcluster, which does not accept paths. */
function nameOf(ovl: OvlDirectory, all: readonly OvlDirectory[]): string {
  const same = all.find(({ name, directory }) => name === ovl.name && directory !== ovl.directory)
  if (!same && ovl.name !== NETNS_OVL) return ovl.name
  throw usageFailure(
    'OVL_NAMES',
    `two ovls have the name '${ovl.name}': ${ovl.directory} and ${same?.directory ?? NETNS_DIRECTORY}`,
  )
}

/** @throws Failure OVL_NOT_FOUND (exit 2) naming all ovls that xcluster does not find */
async function checkOvls(
  ovls: readonly string[],
  ovlPath: readonly string[],
  { command, exports, signal }: Pick<XclusterCall, 'command' | 'exports' | 'signal'>,
): Promise<void> {
  const look = async (ovl: string): Promise<unknown> => {
    const words = ['ovld', ovl]
    return await callXcluster({ command, exports, signal, words, timeoutSeconds: QUERY_TIMEOUT_SECONDS, exitCode: 2 })
  }
  const found = await Promise.allSettled(ovls.map(look))
  const reasons = found.map(result => (result.status === 'rejected' ? result.reason : undefined))
  for (const reason of reasons) if (reason && reason.code !== 'XCLUSTER_FAILED') throw reason
  const missing = ovls.filter((_, index) => reasons[index])
  if (missing.length === 0) return
  const names = missing.map(ovl => `'${ovl}'`).join(', ')
  const places = ovlPath.length > 0 ? ` in ${ovlPath.join(', ')}` : ': XCLUSTER_OVLPATH is not set'
  throw usageFailure('OVL_NOT_FOUND', `xcluster does not find the ovl ${names}${places}`, {
    hint: 'add its parent directory to $XCLUSTER_OVLPATH',
    cause: reasons.find(Boolean),
  })
}
