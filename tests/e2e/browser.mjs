// The browser that the pages' tests drive.
import { mkdir } from 'node:fs/promises'
import { chromium } from 'playwright-core'

export const shots = process.env.CONCORD_SCREENSHOTS  // a folder: where set, each page is photographed

export async function launchBrowser() {
  if (shots) await mkdir(shots, { recursive: true })
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync'],
  })
}

/** The selector of what the app has marked for tests. */
export const id = (name) => `[data-testid="${name}"]`
