import test from 'ava'
import { newestKernel } from '../../../../scripts/cluster/vm/image/debian-kernels.ts'

const NAMES = [
  'linux-image-6.1.0-9-cloud-amd64',
  'linux-image-6.1.0-50-cloud-amd64',
  'linux-image-6.1.0-50-rt-amd64',
  'linux-image-6.1.0-50-cloud-amd64-unsigned',
  'linux-image-6.1.0-51-amd64',
  'linux-image-6.12.9+deb13-cloud-amd64',
  'linux-image-6.12.57+deb13-cloud-amd64',
  'linux-image-6.12.57+deb13-rt-arm64',
  'linux-image-cloud-amd64',
]

test('selects the newest kernel of a series, for clouds unless a real-time one is requested', t => {
  t.is(newestKernel(NAMES, '6.1', 'amd64'), 'linux-image-6.1.0-50-cloud-amd64')
  t.is(newestKernel(NAMES, '6.12', 'amd64'), 'linux-image-6.12.57+deb13-cloud-amd64')
  t.is(newestKernel(NAMES, '6.12.9', 'amd64'), 'linux-image-6.12.9+deb13-cloud-amd64')
  t.is(newestKernel(NAMES, '6.1-rt', 'amd64'), 'linux-image-6.1.0-50-rt-amd64')
  t.is(newestKernel(NAMES, '6.12-rt', 'arm64'), 'linux-image-6.12.57+deb13-rt-arm64')
  t.is(newestKernel(NAMES, '6.2', 'amd64'), undefined)
})
