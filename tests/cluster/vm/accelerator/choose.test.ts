import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import test, { type ExecutionContext } from 'ava'
import {
  chooseAccelerator,
  describeAccelerator,
  describeKvm,
  emulationNotice,
} from '../../../../scripts/cluster/vm/accelerator/choose.ts'
import { readProbeResult, storeProbeResult } from '../../../../scripts/cluster/vm/accelerator/probe-result.ts'
import { DEFAULT_GUEST, nativeArchitecture } from '../../../../scripts/settings/guest.ts'

const image = {
  digest: '',
  directory: '',
  architecture: nativeArchitecture(),
  kernelVersion: '',
  packages: {},
  guest: DEFAULT_GUEST,
  programs: [],
  modules: [],
  kernel: '',
  initrd: '',
  root: '',
}

function scene(t: ExecutionContext) {
  const cacheDirectory = fs.mkdtempSync(path.join(os.tmpdir(), 'netns-kvm-'))
  t.teardown(() => fs.rmSync(cacheDirectory, { recursive: true }))
  const device = path.join(cacheDirectory, 'device')
  fs.writeFileSync(device, '')
  const notices: string[] = []
  return { cacheDirectory, device, notices, image, onNotice: (line: string) => notices.push(line) }
}

test('prints no notice for requested emulation', async t => {
  const { notices, ...rest } = scene(t)
  t.is((await chooseAccelerator({ ...rest, requested: 'tcg' })).kind, 'tcg')
  t.deepEqual(notices, [])
})

test('without the device falls back to emulation, with the reason, or fails when KVM is requested', async t => {
  const { notices, ...rest } = scene(t)
  const device = `${rest.device}-not`
  const accelerator = await chooseAccelerator({ ...rest, device, requested: 'auto' })
  t.deepEqual(notices, [])
  t.is(describeAccelerator(accelerator), 'emulated')
  t.regex(
    emulationNotice(accelerator, 'auto') ?? '',
    /^emulated: KVM does not work here \(setup --check says why\); --cluster namespaces does not need it$/,
  )
  t.regex(describeKvm(rest.cacheDirectory, device), /^KVM: does not work, .*: no \S+device-not /)
  const error = await t.throwsAsync(chooseAccelerator({ ...rest, device, requested: 'kvm' }), { code: 'NO_KVM' })
  t.like(error, { exitCode: 3 })
})

test('uses the stored result without starting a guest', async t => {
  const { notices, ...rest } = scene(t)
  storeProbeResult(rest.cacheDirectory, true)
  t.is((await chooseAccelerator({ ...rest, requested: 'auto' })).kind, 'kvm')
  t.deepEqual(notices, [])
  storeProbeResult(rest.cacheDirectory, 'it hung')
  await t.throwsAsync(chooseAccelerator({ ...rest, requested: 'kvm' }), { code: 'NO_KVM', message: /it hung/ })
})

test('setup --check reports what is known about KVM without starting a guest', t => {
  const { cacheDirectory, device } = scene(t)
  t.regex(describeKvm(cacheDirectory, device), /^KVM: not tested yet/)
  storeProbeResult(cacheDirectory, 'QEMU ended: failed to set MSR 0x38d')
  t.regex(describeKvm(cacheDirectory, device), /^KVM: does not work, .*: QEMU ended: failed to set MSR 0x38d \(/)
  storeProbeResult(cacheDirectory, true)
  t.regex(describeKvm(cacheDirectory, device), /^KVM: works/)
})

test('ignores stored results that are damaged or of another host', t => {
  const { cacheDirectory } = scene(t)
  const file = path.join(cacheDirectory, 'kvm.json')
  for (const text of ['{"another host": true}', '{"', '[]', 'null', '']) {
    fs.writeFileSync(file, text)
    t.is(readProbeResult(cacheDirectory), undefined, text)
  }
  storeProbeResult(cacheDirectory, true)
  t.true(readProbeResult(cacheDirectory))
  t.deepEqual(fs.readdirSync(cacheDirectory).sort(), ['device', 'kvm.json'])
  t.notThrows(() => storeProbeResult(path.join(cacheDirectory, 'not-there'), true))
})

test('never uses KVM for guests of another architecture, and says why when it is requested', async t => {
  const { notices, ...rest } = scene(t)
  const other = nativeArchitecture() === 'amd64' ? 'arm64' : 'amd64'
  const foreign = { ...rest, image: { ...image, architecture: other } as const }
  t.is((await chooseAccelerator({ ...foreign, requested: 'auto' })).kind, 'tcg')
  t.deepEqual(notices, [], 'no guest was started to try it')
  await t.throwsAsync(chooseAccelerator({ ...foreign, requested: 'kvm' }), {
    code: 'NO_KVM',
    message: `KVM does not work: this host is ${nativeArchitecture()}, and the guests are ${other}`,
  })
})
