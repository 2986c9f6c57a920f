#!/usr/bin/env node
// The composition root: the one file that names concrete classes, each loaded only by the command that needs it.
// First: it sets up the engine that runs the rest.
import './engine.ts';
import cluster from 'node:cluster';
import { buildCli, runCli } from './cli/cli.ts';
import { readConfig } from './config/config.ts';

const program = buildCli({
  serve: async ({ dev }) => {
    const config = readConfig(process.env, { dev });
    if (config.workers > 1 && cluster.isPrimary) return (await import('./workers.ts')).serveByWorkers(config);
    return (await import('./serve.ts')).serve(config, cluster.worker);
  },
  migrate: async ({ dev }) =>
    (await import('./operate.ts')).migrateOnly(readConfig(process.env, { dev, masterKey: 'optional' })),
  planMigrations: async ({ dev }) =>
    (await import('./operate.ts')).planOnly(readConfig(process.env, { dev, masterKey: 'optional' })),
  copy: async (options) => (await import('./operate.ts')).copy(options),
  outbox: async ({ dev, ...options }) =>
    (await import('./operate.ts')).showOutbox(readConfig(process.env, { dev, masterKey: 'optional' }), options),
  previewMails: async ({ dev, ...asked }) =>
    (await import('./operate_mail.ts')).previewMails(readConfig(process.env, { dev, masterKey: 'optional' }), asked),
  doctor: async ({ dev }) =>
    (await import('./operate.ts')).doctor(readConfig(process.env, { dev, masterKey: 'optional' })),
  createServiceKey: async ({ dev, ...options }) =>
    (await import('./operate.ts')).createKey(readConfig(process.env, { dev }), options),
  rotateSigningKey: async ({ dev, ...options }) =>
    (await import('./operate.ts')).rotateKey(readConfig(process.env, { dev }), options),
  resetSigningKeys: async ({ dev, ...options }) =>
    (await import('./operate.ts')).resetKeys(readConfig(process.env, { dev }), options),
  tenants: {
    create: async ({ dev, ...options }) =>
      (await import('./operate_tenants.ts')).createTenant(readConfig(process.env, { dev }), options),
    list: async ({ dev }) =>
      (await import('./operate_tenants.ts')).listTenants(readConfig(process.env, { dev, masterKey: 'optional' })),
    suspend: async ({ dev, ...options }) =>
      (await import('./operate_tenants.ts')).suspendTenant(readConfig(process.env, { dev }), options),
    resume: async ({ dev, id }) =>
      (await import('./operate_tenants.ts')).resumeTenant(readConfig(process.env, { dev }), id),
  },
  audit: {
    verify: async (options) =>
      (await import('./operate_audit.ts')).verifyAudit(
        readConfig(process.env, { dev: options.dev, masterKey: 'optional' }),
        options,
      ),
    export: async ({ dev, tenantId }, write) =>
      (await import('./operate_audit.ts')).exportAudit(
        readConfig(process.env, { dev, masterKey: 'optional' }),
        tenantId,
        write,
      ),
    checkpoints: async ({ dev }) =>
      (await import('./operate_audit.ts')).newestCheckpoints(readConfig(process.env, { dev, masterKey: 'optional' })),
    keys: async ({ dev }) => (await import('./operate_audit.ts')).auditKeys(readConfig(process.env, { dev })),
  },
});

process.exitCode = await runCli(program, process.argv.slice(2));
// What ties a worker to the process that started it would keep one alive that failed to start.
cluster.worker?.disconnect();
