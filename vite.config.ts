import preact from '@preact/preset-vite';
import { defineConfig } from 'vite';

// The viewer's page only. The server side is compiled by tsc and is not bundled.
export default defineConfig({
  root: 'src/viewer/ui',
  plugins: [preact()],
  build: { outDir: '../../../dist/ui', emptyOutDir: true, assetsInlineLimit: 0 },
});
