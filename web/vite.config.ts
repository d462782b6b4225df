import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import tailwindcss from '@tailwindcss/vite';
import { transformWithEsbuild, type Plugin } from 'vite';
import { defineConfig } from 'vitest/config';

/**
 * Emits src/theme_boot.ts as a small script of its own, loaded before the first paint: the page must not flash in
 * the wrong theme, and the hub's Content-Security-Policy allows no inline script.
 */
function themeBoot(): Plugin {
  const source = fileURLToPath(new URL('src/theme_boot.ts', import.meta.url));
  const devPath = '/theme_boot.js';
  const compile = async () =>
    (await transformWithEsbuild(readFileSync(source, 'utf8'), source, { minify: true, format: 'iife' })).code;
  return {
    name: 'concord-theme-boot',
    async buildStart() {
      if (this.environment.mode === 'build') this.emitFile({ type: 'asset', name: 'theme.js', source: await compile() });
    },
    configureServer(server) {
      server.middlewares.use(devPath, async (_request, response) => {
        response.setHeader('Content-Type', 'text/javascript');
        response.end(await compile());
      });
    },
    transformIndexHtml: {
      order: 'post',
      handler(html, { bundle }) {
        const built = Object.values(bundle ?? {}).find((file) => file.type === 'asset' && file.names.includes('theme.js'));
        const src = built ? `/${built.fileName}` : devPath;
        return { html, tags: [{ tag: 'script', attrs: { src }, injectTo: 'head' }] };
      },
    },
  };
}

const hub = process.env['CONCORD_URL'] ?? 'http://127.0.0.1:8080';

export default defineConfig({
  plugins: [tailwindcss(), themeBoot()],
  resolve: { dedupe: ['yjs', 'quill', 'quill-delta', 'parchment', 'lib0'] },
  build: {
    target: ['chrome111', 'firefox114', 'safari16.4'],
    // The hub's policy allows fonts and scripts from itself only, so nothing becomes a data: URL.
    assetsInlineLimit: 0,
    sourcemap: false,
    modulePreload: { polyfill: false },
  },
  server: {
    port: 5173,
    proxy: {
      '/auth': hub,
      '/documents': { target: hub, ws: true },
      '/health': hub,
    },
  },
  test: {
    environment: 'node',
    include: ['src/**/*.test.ts'],
    testTimeout: 15_000,
    silent: 'passed-only',
  },
});
