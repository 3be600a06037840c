import test from 'ava'
import { imageComponent } from '../../../scripts/cluster/own/starting.ts'
import { DEFAULT_GUEST } from '../../../scripts/settings/guest.ts'

test('reports name the release, snapshot and architecture of the nodes, and the version of each package', t => {
  const image = { packages: { jq: '1.7-1' }, digest: 'abc', directory: '/cache/image-1' }
  const guest = { ...DEFAULT_GUEST, release: 'trixie', architecture: 'arm64' as const, snapshot: '20261101T000000Z' }
  t.deepEqual(imageComponent({ ...image, guest }), {
    version: '1 packages of Debian trixie',
    digest: 'abc',
    place: '/cache/image-1',
    packages: { jq: '1.7-1' },
    release: 'trixie',
    architecture: 'arm64',
    snapshot: '20261101T000000Z',
  })
  t.false('snapshot' in imageComponent({ ...image, guest: DEFAULT_GUEST }))
})
