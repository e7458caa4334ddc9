import { fileURLToPath } from 'node:url';

import { defineConfig } from 'vite';

// The API embeds what is built and serves it under /dashboard. Whoever works on the page runs `npm run dev` beside
// ./scripts/run: calls go through to the API there.
export default defineConfig({
  base: '/dashboard/',
  esbuild: { jsx: 'automatic', jsxImportSource: 'preact', legalComments: 'none' },
  resolve: {
    alias: {
      'react/jsx-runtime': 'preact/jsx-runtime',
      'react-dom/client': 'preact/compat/client',
      'react-dom': 'preact/compat',
      react: fileURLToPath(new URL('src/ui/react.js', import.meta.url)),
    },
  },
  build: {
    target: 'es2022',
    // Nothing is inlined: the policy of the page lets it load files of its own origin, and nothing that stands in it.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rollupOptions: {
      input: ['index.html', 'embed.html'],
      // Ariakit marks its files for servers that render React, which concerns nobody here.
      onwarn: (warning, warn) => warning.code === 'MODULE_LEVEL_DIRECTIVE' || warn(warning),
    },
  },
  server: { proxy: { '/api': process.env.API_URL ?? 'http://127.0.0.1:3000' } },
});
