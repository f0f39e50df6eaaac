import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { extname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { FastifyInstance } from 'fastify';

/** Made by scripts/build.js. The same place from src/http and from dist/program. */
const FOLDER = fileURLToPath(new URL('../../dist/web/', import.meta.url));

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** The addresses that people type. */
const PAGES: Readonly<Record<string, string>> = {
  '/': 'index.html',
  '/tasks': 'tasks.html',
  '/reports': 'reports.html',
};

type WebFile = { readonly body: Buffer; readonly type: string; readonly etag: string };

/** The pages and what they load: a few files, read once, so that no path from outside ever reaches the file system. */
export function serveWebFiles(app: FastifyInstance): void {
  const files = readFolder();
  for (const [path, file] of files) if (!path.endsWith('.html')) serveFile(app, `/web/${path}`, file);
  for (const [path, name] of Object.entries(PAGES)) {
    const file = files.get(name);
    if (file === undefined) throw new Error(`${join(FOLDER, name)} is missing: run \`npm run build\`.`);
    serveFile(app, path, file);
  }
}

function serveFile(app: FastifyInstance, path: string, { body, type, etag }: WebFile): void {
  app.get(path, async (request, reply) => {
    void reply.header('cache-control', 'no-cache').header('etag', etag).type(type);
    if (request.headers['if-none-match'] === etag) return await reply.code(304).send();
    return await reply.send(body);
  });
}

function readFolder(): Map<string, WebFile> {
  const entries = readdirSync(FOLDER, { withFileTypes: true, recursive: true });
  return new Map(
    entries.flatMap((entry) => {
      const type = TYPES[extname(entry.name)];
      if (!entry.isFile() || type === undefined) return [];
      const path = join(entry.parentPath, entry.name);
      const body = readFileSync(path);
      const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`;
      return [[relative(FOLDER, path).split(sep).join('/'), { body, type, etag }] as const];
    }),
  );
}
