import os from 'node:os'
import path from 'node:path'
import test from 'ava'
import { readReporting } from '../../scripts/reporters/reporting.ts'
import { expandHome, findHome } from '../../scripts/settings/home.ts'
import { readPacking } from '../../scripts/settings/packing.ts'
import { readDirectories, readSettings } from '../../scripts/settings/settings.ts'

const HOME = '/home/somebody'

test('~ is the home where a shell leaves it, and nothing else is changed', t => {
  for (const [file, is] of [
    ['~', HOME],
    ['~/x/y', `${HOME}/x/y`],
    ['./~', './~'],
    ['a~/b', 'a~/b'],
    ['/~/x', '/~/x'],
  ] as const)
    t.is(expandHome('--results', file, { HOME }), is)
  t.throws(() => expandHome('--results', '~other/x', { HOME }), {
    code: 'BAD_VALUE',
    message: "--results=~other/x: only one's own home can be written as ~",
  })
})

test('~ is understood wherever a file is named behind =', t => {
  const options = { __results: '~/r', __cni: '~/cni' }
  const settings = readSettings(options, { HOME, XCLUSTER_OVLPATH: '/a:~/ovl', ARCHIVE: '~/archive' })
  t.is(settings.resultsDirectory, `${HOME}/r`)
  t.is(settings.packing.cni, `${HOME}/cni`)
  t.deepEqual(settings.ovlPath, ['/a', `${HOME}/ovl`])
  t.is(settings.packing.archiveDirectories[0], `${HOME}/archive`)
  t.is(readSettings({}, { HOME, XCLUSTER_NETNS_RESULTS: '~/v' }).resultsDirectory, `${HOME}/v`)
  const { specs } = readReporting(['junit=~/j.xml,tap=-'], { HOME }, undefined, {})
  t.deepEqual(
    specs.map(({ target }) => target),
    [`${HOME}/j.xml`, '-'],
  )
})

test('an empty HOME counts as not set', t => {
  t.is(findHome({ HOME: '' }), os.userInfo().homedir)
  t.true(path.isAbsolute(readDirectories({ HOME: '' }).state))
  t.true(readPacking({}, { HOME: '' }).ipuPlaces.every(place => path.isAbsolute(place)))
})
